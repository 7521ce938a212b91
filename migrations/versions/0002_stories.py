"""The deduplicator's tables: texts, carriers, links, fingerprints, boilerplate."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = postgresql.JSONB(astext_type=sa.Text())
LINK_TYPES = "'copy', 'rewrite', 'identity', 'quotes', 'possible'"


def upgrade() -> None:
    op.create_table(
        "texts",
        sa.Column("text_id", sa.Text(), nullable=False),
        sa.Column("text_no", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("codes", sa.LargeBinary(), nullable=False),
        sa.Column("spoken", sa.LargeBinary(), nullable=False),
        sa.Column("dull_words", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("person_keys", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("first_published", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_texts")),
        sa.UniqueConstraint("text_no", name=op.f("uq_texts_text_no")),
    )
    # Numbers without order do not compress; trying would cost time.
    op.execute("ALTER TABLE texts ALTER codes SET STORAGE external, ALTER spoken SET STORAGE external")
    op.create_index(
        "ix_texts_person_keys", "texts", ["person_keys"], postgresql_using="gin", postgresql_where=sa.text("live")
    )
    op.create_table(
        "carriers",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("text_id", sa.Text(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("founding_id", sa.Text(), nullable=False),
        sa.Column("in_focus", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.article_id"], name=op.f("fk_carriers_article_id_articles")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.revision_id"], name=op.f("fk_carriers_revision_id_revisions")
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_carriers")),
    )
    op.create_index("ix_carriers_text", "carriers", ["text_id"])
    op.create_index("ix_carriers_founding", "carriers", ["founding_id"])
    op.drop_table("links")
    op.create_table(
        "links",
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("words_type", sa.Text(), nullable=True),
        sa.Column("candidate", sa.Boolean(), nullable=False),
        sa.Column("longest_run", sa.Integer(), nullable=False),
        sa.Column("weight_words", sa.Integer(), nullable=False),
        sa.Column("coverage_a", sa.Integer(), nullable=False),
        sa.Column("coverage_b", sa.Integer(), nullable=False),
        sa.Column("words_a", sa.Integer(), nullable=False),
        sa.Column("words_b", sa.Integer(), nullable=False),
        sa.Column("kinship", sa.Integer(), nullable=False),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("passages", JSON, nullable=False),
        sa.Column("prints", JSON, nullable=False),
        sa.Column("spoken", JSON, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.CheckConstraint(f"type IS NULL OR type IN ({LINK_TYPES})", name=op.f("ck_links_type_known")),
        sa.CheckConstraint(
            "words_type IS NULL OR words_type IN ('copy', 'rewrite', 'quotes')", name=op.f("ck_links_words_type_known")
        ),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_links")),
    )
    op.create_index("ix_links_a", "links", ["a"], postgresql_where=sa.text("live"))
    op.create_index("ix_links_b", "links", ["b"], postgresql_where=sa.text("live"))
    op.create_table(
        "fingerprints",
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("text_no", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hash", "text_no", name=op.f("pk_fingerprints")),
    )
    op.create_table(
        "fingerprint_chunks",
        sa.Column("first_hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("text_nos", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("first_hash", name=op.f("pk_fingerprint_chunks")),
    )
    # Sealing deletes and rewrites all the time: without an eager vacuum the two tables would grow instead.
    for table in ("fingerprints", "fingerprint_chunks"):
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000,"
            " autovacuum_vacuum_cost_delay = 0)"
        )
    op.execute("ALTER TABLE fingerprint_chunks ALTER hashes SET STORAGE external, ALTER text_nos SET STORAGE external")
    op.create_table(
        "boilerplate",
        sa.Column("hash", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("witnesses", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_boilerplate")),
    )


def downgrade() -> None:
    for table in ("boilerplate", "fingerprint_chunks", "fingerprints", "links", "carriers", "texts"):
        op.drop_table(table)
    op.create_table(
        "links",
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("longest_run", sa.Integer(), nullable=False),
        sa.Column("weight_words", sa.Integer(), nullable=False),
        sa.Column("coverage_a", sa.Integer(), nullable=False),
        sa.Column("coverage_b", sa.Integer(), nullable=False),
        sa.Column("passages", JSON, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.CheckConstraint(f"type IS NULL OR type IN ({LINK_TYPES})", name=op.f("ck_links_type_known")),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_links")),
    )
    op.create_index("ix_links_b", "links", ["b"], unique=False)
