"""Captures that are read again by newer rules: which reading of its capture a revision comes from.

Which releases the schema serves stands beside its revision from here on; backups are noted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ORDER = "uq_revisions_article_id_captured_at_sha256"


def upgrade() -> None:
    op.add_column("revisions", sa.Column("reading", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_unique_constraint(
        op.f(f"{ORDER}_reading"), "revisions", ["article_id", "captured_at", "sha256", "reading"]
    )
    op.drop_constraint(ORDER, "revisions")
    op.create_table(
        "backups",
        sa.Column("backup", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missing_blobs", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("backup", name=op.f("pk_backups")),
    )
    op.execute("COMMENT ON TABLE alembic_version IS '0004'")


def downgrade() -> None:
    op.execute("COMMENT ON TABLE alembic_version IS NULL")
    op.drop_table("backups")
    # what earlier readings of a capture found is history that the older schema has no place for
    op.execute("""
DELETE FROM revisions old USING revisions newer
WHERE old.article_id = newer.article_id AND old.captured_at = newer.captured_at AND old.sha256 = newer.sha256
    AND old.reading < newer.reading""")
    op.create_unique_constraint(op.f(ORDER), "revisions", ["article_id", "captured_at", "sha256"])
    op.drop_constraint(f"{ORDER}_reading", "revisions")
    op.drop_column("revisions", "reading")
