"""The first schema: fetching, pages, stories, indexing, operations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


AREAS = {
    "fetching": ("sources", "fetches", "fetch_hosts", "known_urls", "captures"),
    "stories": ("stories", "story_history", "links"),
    "pages": ("pages", "articles", "revisions", "turns", "quotes", "comments"),
    "operations": ("ledger", "quarantine", "reindex_runs"),
}


def upgrade() -> None:
    _fetching()
    _stories()
    _pages()
    _operations()


def downgrade() -> None:
    for table in reversed([table for tables in AREAS.values() for table in tables]):
        op.drop_table(table)  # its indices go with it


def _fetching() -> None:
    """What is fetched when, and what was received."""
    op.create_table(
        "sources",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_new_item_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_items", sa.Integer(), nullable=True),
        sa.Column("last_new_items", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('feed', 'page')", name=op.f("ck_sources_kind_known")),
        sa.CheckConstraint("lane IN ('live', 'backfill', 'replay')", name=op.f("ck_sources_lane_known")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_sources")),
        sa.UniqueConstraint("kind", "url", name=op.f("uq_sources_kind_url")),
    )
    op.create_index("ix_sources_due", "sources", ["next_poll_at"], unique=False, postgresql_where=sa.text("NOT paused"))
    op.create_table(
        "fetches",
        sa.Column("fetch_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("trust_canonical", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("published_hint", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("last_reason", sa.Text(), nullable=True),
        sa.Column("tries", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enqueued_seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('page', 'file', 'feed')", name=op.f("ck_fetches_kind_known")),
        sa.CheckConstraint("lane IN ('live', 'backfill', 'replay')", name=op.f("ck_fetches_lane_known")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_fetches_source_id_sources"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("fetch_id", name=op.f("pk_fetches")),
    )
    op.create_index(
        "ix_fetches_due",
        "fetches",
        ["host", "lane", "due_at", "enqueued_seq"],
        unique=False,
        postgresql_where=sa.text("NOT done"),
    )
    op.create_index(
        "ix_fetches_source",
        "fetches",
        ["source_id"],
        unique=False,
        postgresql_where=sa.text("NOT done AND source_id IS NOT NULL"),
    )
    op.create_table(
        "fetch_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("waiting", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_fetch_hosts")),
    )
    op.create_index(
        "ix_fetch_hosts_ready", "fetch_hosts", ["next_at"], unique=False, postgresql_where=sa.text("waiting")
    )
    op.create_table(
        "known_urls",
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("item_updated", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("final_url", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("checks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("url_key", name=op.f("pk_known_urls")),
    )
    op.create_table(
        "captures",
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("asked_url", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("trust_canonical", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("published_hint", sa.Text(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("articles", sa.Integer(), nullable=True),
        sa.Column("page_id", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("lane IN ('live', 'backfill', 'replay')", name=op.f("ck_captures_lane_known")),
        sa.CheckConstraint(
            "\"end\" IS NULL OR \"end\" IN ('unchanged', 'extracted', 'rejected', 'quarantined')",
            name=op.f("ck_captures_end_known"),
        ),
        sa.CheckConstraint('sha256 IS NOT NULL OR "end" IS NOT NULL', name=op.f("ck_captures_bytes_or_end")),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_captures")),
    )
    op.create_index("ix_captures_asked_url", "captures", ["asked_url"], unique=False)
    op.create_index("ix_captures_page", "captures", ["page_id", "captured_at"], unique=False)
    op.create_index(
        "ix_captures_unfinished", "captures", ["recorded_at"], unique=False, postgresql_where=sa.text('"end" IS NULL')
    )


def _stories() -> None:
    """Which articles are one story, and why."""
    op.create_table(
        "stories",
        sa.Column("story_id", sa.Text(), nullable=False),
        sa.Column("lead_article_id", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("redirect_to", sa.Text(), nullable=True),
        sa.Column("projection", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("projection_attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("indexed_projection", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_stories")),
    )
    op.create_index(
        "ix_stories_unindexed",
        "stories",
        ["story_id"],
        unique=False,
        postgresql_where=sa.text("projection > indexed_projection"),
    )
    op.create_table(
        "story_history",
        sa.Column("history_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("story_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("other_story_id", sa.Text(), nullable=True),
        sa.Column("article_ids", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("cause_revision_id", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "change IN ('created', 'joined', 'left', 'merged', 'split', 'renamed', 'emptied', 'lead')",
            name=op.f("ck_story_history_change_known"),
        ),
        sa.PrimaryKeyConstraint("history_id", name=op.f("pk_story_history")),
    )
    op.create_index("ix_story_history_story", "story_history", ["story_id"], unique=False)
    op.create_table(
        "links",
        sa.Column("a", sa.Text(), nullable=False),
        sa.Column("b", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("longest_run", sa.Integer(), nullable=False),
        sa.Column("weight_words", sa.Integer(), nullable=False),
        sa.Column("coverage_a", sa.Integer(), nullable=False),
        sa.Column("coverage_b", sa.Integer(), nullable=False),
        sa.Column("passages", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "type IS NULL OR type IN ('copy', 'rewrite', 'identity', 'quotes', 'possible')",
            name=op.f("ck_links_type_known"),
        ),
        sa.PrimaryKeyConstraint("a", "b", name=op.f("pk_links")),
    )
    op.create_index("ix_links_b", "links", ["b"], unique=False)


def _pages() -> None:
    """What pages say: articles, their states and what belongs to them."""
    op.create_table(
        "pages",
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("declared_original", sa.Text(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("page_id", name=op.f("pk_pages")),
        sa.UniqueConstraint("url", name=op.f("uq_pages_url")),
    )
    op.create_table(
        "articles",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("page_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Text(), nullable=True),
        sa.Column("story_id", sa.Text(), nullable=True),
        sa.Column("lead", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("quoted_stories", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("link_types", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("projection", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("projection_attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("indexed_projection", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.page_id"], name=op.f("fk_articles_page_id_pages")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_articles")),
    )
    op.create_index("ix_articles_page", "articles", ["page_id", "position"], unique=False)
    op.create_index("ix_articles_story", "articles", ["story_id"], unique=False)
    op.create_index(
        "ix_articles_unindexed",
        "articles",
        ["article_id"],
        unique=False,
        postgresql_where=sa.text("projection > indexed_projection"),
    )
    op.create_table(
        "revisions",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("bylines", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("credit", sa.Text(), nullable=True),
        sa.Column("outlet", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("published", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("modified", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("interviewee", sa.Text(), nullable=True),
        sa.Column("broadcasters", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("interviewers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("aired", sa.Text(), nullable=True),
        sa.Column("questions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_articles", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("touched_stories", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("end", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("lane IN ('live', 'backfill', 'replay')", name=op.f("ck_revisions_lane_known")),
        sa.CheckConstraint(
            "\"end\" IS NULL OR \"end\" IN ('indexed', 'superseded', 'withdrawn', 'quarantined')",
            name=op.f("ck_revisions_end_known"),
        ),
        sa.ForeignKeyConstraint(["article_id"], ["articles.article_id"], name=op.f("fk_revisions_article_id_articles")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.capture_id"], name=op.f("fk_revisions_capture_id_captures")),
        sa.PrimaryKeyConstraint("revision_id", name=op.f("pk_revisions")),
        sa.UniqueConstraint(
            "article_id", "captured_at", "sha256", name=op.f("uq_revisions_article_id_captured_at_sha256")
        ),
    )
    op.create_index("ix_revisions_capture", "revisions", ["capture_id"], unique=False)
    op.create_index(
        "ix_revisions_unfinished", "revisions", ["recorded_at"], unique=False, postgresql_where=sa.text('"end" IS NULL')
    )
    op.create_table(
        "turns",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('question', 'answer', 'other')", name=op.f("ck_turns_role_known")),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.revision_id"], name=op.f("fk_turns_revision_id_revisions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("revision_id", "n", name=op.f("pk_turns")),
    )
    op.create_table(
        "quotes",
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.revision_id"], name=op.f("fk_quotes_revision_id_revisions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("revision_id", "n", name=op.f("pk_quotes")),
    )
    op.create_table(
        "comments",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("published", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.article_id"], name=op.f("fk_comments_article_id_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "n", name=op.f("pk_comments")),
    )


def _operations() -> None:
    """What happened, what was set aside, what the index is doing."""
    op.create_table(
        "ledger",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("page_id", sa.Text(), nullable=True),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("revision_id", sa.Text(), nullable=True),
        sa.Column("story_id", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_ledger")),
    )
    op.create_index(
        "ix_ledger_article", "ledger", ["article_id"], unique=False, postgresql_where=sa.text("article_id IS NOT NULL")
    )
    op.create_index(
        "ix_ledger_capture", "ledger", ["capture_id"], unique=False, postgresql_where=sa.text("capture_id IS NOT NULL")
    )
    op.create_index(
        "ix_ledger_page", "ledger", ["page_id"], unique=False, postgresql_where=sa.text("page_id IS NOT NULL")
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("stream", sa.Text(), nullable=True),
        sa.Column("stream_sequence", sa.BigInteger(), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("capture_id", sa.Text(), nullable=True),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("revision_id", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("replays", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('open', 'replayed', 'resolved')", name=op.f("ck_quarantine_state_known")),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        "ix_quarantine_open", "quarantine", ["recorded_at"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_table(
        "reindex_runs",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("targets", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("last_article_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("last_story_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("swapped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_reindex_runs")),
    )
