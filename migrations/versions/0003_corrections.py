"""Editors' corrections; pages that are gone, and pages that are refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BYTES_OR_END = "ck_captures_bytes_or_end"
WITHOUT_GONE = 'sha256 IS NOT NULL OR "end" IS NOT NULL'


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("correction_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("revoked_why", sa.Text(), nullable=True),
        sa.Column("erased", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("blobs", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("kind IN ('merge', 'split', 'pin', 'withdraw')", name=op.f("ck_corrections_kind_known")),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoked_why IS NULL)",
            name=op.f("ck_corrections_revoked_whole"),
        ),
        sa.CheckConstraint("revoked_at IS NULL OR NOT erased", name=op.f("ck_corrections_erased_for_ever")),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_corrections")),
    )
    op.create_table(
        "correction_articles",
        sa.Column("correction_id", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("apart", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"],
            ["corrections.correction_id"],
            name=op.f("fk_correction_articles_correction_id_corrections"),
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_correction_articles_article_id_articles")
        ),
        sa.PrimaryKeyConstraint("correction_id", "article_id", name=op.f("pk_correction_articles")),
    )
    op.create_index("ix_correction_articles_article", "correction_articles", ["article_id"])
    op.add_column("story_history", sa.Column("correction_id", sa.BigInteger(), nullable=True))
    op.add_column("pages", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("known_urls", sa.Column("refused", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.drop_constraint(BYTES_OR_END, "captures")
    op.create_check_constraint(op.f(BYTES_OR_END), "captures", f"{WITHOUT_GONE} OR status IN (404, 410)")


def downgrade() -> None:
    closing = "UPDATE captures SET \"end\" = 'rejected', reason = 'fetch_gone', ended_at = now() WHERE"
    op.execute(f'{closing} sha256 IS NULL AND "end" IS NULL')
    op.drop_constraint(BYTES_OR_END, "captures")
    op.create_check_constraint(op.f(BYTES_OR_END), "captures", WITHOUT_GONE)
    op.drop_column("known_urls", "refused")
    op.drop_column("pages", "refused_at")
    op.drop_column("story_history", "correction_id")
    op.drop_table("correction_articles")
    op.drop_table("corrections")
