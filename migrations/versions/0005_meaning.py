"""Sentence meaning: who is named and asked in a text, its sentences' vectors, verdicts on pairs of texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voices",
        sa.Column("text_id", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("heard", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("named", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sought", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("first_published", sa.Float(), nullable=True),
        sa.Column("spoken", sa.Text(), nullable=True),
        sa.Column("encoders", sa.Text(), nullable=True),
        sa.Column("background", sa.Text(), nullable=True),
        sa.Column("sentences", sa.Integer(), nullable=True),
        sa.Column("vectors", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_voices")),
    )
    op.create_index("ix_voices_named", "voices", ["named"], postgresql_using="gin")
    op.create_index("ix_voices_sought", "voices", ["sought"], postgresql_using="gin")
    op.create_index("ix_voices_unheard", "voices", ["text_id"], postgresql_where=sa.text("heard < wanted"))
    op.create_table(
        "verdicts",
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.Integer(), nullable=False),
        sa.Column("encoders", sa.Text(), nullable=False),
        sa.Column("background", sa.Text(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_verdicts_order")),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_verdicts")),
    )
    op.create_index("ix_verdicts_b", "verdicts", ["b"])
    op.add_column("links", sa.Column("meant_matched", sa.Integer(), nullable=True))
    op.add_column("links", sa.Column("meant_sentences", sa.Integer(), nullable=True))


def downgrade() -> None:
    # A link that has nothing but its verdict is none for the release before.
    op.execute("DELETE FROM links WHERE meant_matched IS NOT NULL AND NOT candidate AND passages = CAST('[]' AS jsonb)")
    op.drop_column("links", "meant_sentences")
    op.drop_column("links", "meant_matched")
    op.drop_table("verdicts")
    op.drop_table("voices")
