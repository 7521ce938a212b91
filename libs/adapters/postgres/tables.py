"""The tables of PostgreSQL, the system's truth. Migrations are checked against this module.

Ids are lower-case hex strings derived from content (so a repeated effect finds its own row), times are `timestamptz`,
closed word lists are checked by the database. Sections: fetching, pages, stories, indexing, operations.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from libs.contracts.pipeline import LANES
from libs.contracts.reasons import CaptureEnd, RevisionEnd

metadata: MetaData = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, words: object, *, null: bool = False) -> CheckConstraint:
    """A closed list of words as a check, so that no typo becomes a state."""
    listed = ", ".join(f"'{word}'" for word in words)  # type: ignore[attr-defined]
    condition = f"{column} IN ({listed})"
    name = column.strip('"') + "_known"
    return CheckConstraint(f"{column} IS NULL OR {condition}" if null else condition, name=name)


def _now() -> Column:  # type: ignore[type-arg]
    return Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now())


# --- fetching -------------------------------------------------------------------------------------------------------

# What is polled. `period_seconds` adapts to how often something new is there.
sources = Table(
    "sources",
    metadata,
    Column("source_id", Text, primary_key=True),  # first 32 hex digits of sha256(kind, url)
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("period_seconds", Integer, nullable=False),
    Column("next_poll_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("last_polled_at", DateTime(timezone=True)),
    Column("last_success_at", DateTime(timezone=True)),
    Column("last_new_item_at", DateTime(timezone=True)),
    Column("last_items", Integer),  # listed at the last successful poll
    Column("last_new_items", Integer),  # of these, not known before
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("last_reason", Text),
    _now(),
    UniqueConstraint("kind", "url"),
    one_of("kind", ("feed", "page")),
    one_of("lane", LANES),
    Index("ix_sources_due", "next_poll_at", postgresql_where=text("NOT paused")),
)

# The due-time table: one row per thing to fetch; served with SKIP LOCKED. A one-shot row ends `done`.
fetches = Table(
    "fetches",
    metadata,
    Column("fetch_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),  # asked URL; for a file, the URL of the page it holds
    Column("path", Text),  # for kind `file`: absolute path
    Column("host", Text, nullable=False, server_default=text("''")),  # who is paced; empty for files
    Column("trust_canonical", Boolean, nullable=False, server_default=text("false")),  # folder files: any canonical
    Column("published_hint", Text),  # when it was published, as the feed or sitemap that lists it says
    Column("lane", Text, nullable=False),
    Column("source_id", Text, ForeignKey("sources.source_id", ondelete="CASCADE")),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("done", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),  # tries that failed
    Column("claims", Integer, nullable=False, server_default=text("0")),  # tells a lost lease from a held one
    Column("claimed_until", DateTime(timezone=True)),
    Column("claimed_by", Text),
    Column("capture_id", Text),  # set when the capture is committed: all that is left is to publish it
    Column("last_reason", Text),  # why it waits or has failed for good; null once it was received
    Column("tries", JSONB, nullable=False, server_default=text("'[]'")),  # those that failed: [{"at", "reason"}]
    Column("finished_at", DateTime(timezone=True)),
    Column("enqueued_seq", BigInteger, Identity(), nullable=False),
    _now(),
    one_of("kind", ("page", "file", "feed")),
    one_of("lane", LANES),
    Index("ix_fetches_due", "host", "lane", "due_at", "enqueued_seq", postgresql_where=text("NOT done")),
    Index("ix_fetches_source", "source_id", postgresql_where=text("NOT done AND source_id IS NOT NULL")),
)

# One row per host that was ever asked: whoever holds it (`next_at` in the future) is alone with that host.
fetch_hosts = Table(
    "fetch_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("waiting", Boolean, nullable=False, server_default=text("true")),  # has rows in `fetches` that are not done
    Index("ix_fetch_hosts_ready", "next_at", postgresql_where=text("waiting")),
)

# What is known of a URL asked before: validators for conditional requests, and when a listed page is asked again.
known_urls = Table(
    "known_urls",
    metadata,
    Column("url_key", Text, primary_key=True),  # first 32 hex digits of sha256(url); URLs outgrow an index entry
    Column("url", Text, nullable=False),
    Column("item_updated", Text),  # as the feed last said
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),
    Column("final_url", Text),
    Column("checked_at", DateTime(timezone=True)),
    Column("next_check_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("checks", Integer, nullable=False, server_default=text("0")),
    Column("refused", Boolean, nullable=False, server_default=text("false")),  # erased: never asked again
    _now(),
)

# What was received, once per receipt. Ends exactly once, see `libs.contracts.reasons.CaptureEnd`.
captures = Table(
    "captures",
    metadata,
    Column("capture_id", Text, primary_key=True),
    Column("asked_url", Text, nullable=False),
    Column("final_url", Text, nullable=False),
    Column("trust_canonical", Boolean, nullable=False, server_default=text("false")),
    Column("published_hint", Text),
    Column("status", SmallInteger),
    Column("content_type", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("sha256", Text),  # of the decoded bytes; null when nothing was received
    Column("bytes", BigInteger),
    Column("captured_at", DateTime(timezone=True), nullable=False),
    Column("lane", Text, nullable=False),
    Column("source_id", Text),
    Column("trace_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("end", Text),
    Column("reason", Text),
    Column("articles", Integer),  # the n of extracted(n)
    Column("page_id", Text),
    Column("ended_at", DateTime(timezone=True)),
    _now(),
    one_of("lane", LANES),
    one_of('"end"', CaptureEnd, null=True),
    # What has no bytes has its end, unless it says that a page which is held is gone: then its articles wait for it.
    CheckConstraint('sha256 IS NOT NULL OR "end" IS NOT NULL OR status IN (404, 410)', name="bytes_or_end"),
    Index("ix_captures_unfinished", "recorded_at", postgresql_where=text('"end" IS NULL')),
    Index("ix_captures_asked_url", "asked_url"),
    Index("ix_captures_page", "page_id", "captured_at"),
)

# --- pages ----------------------------------------------------------------------------------------------------------

pages = Table(
    "pages",
    metadata,
    Column("page_id", Text, primary_key=True),  # first 32 hex digits of sha256(url)
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("declared_original", Text),
    Column("gone_at", DateTime(timezone=True)),  # when its server said so last, and has not shown it since
    Column("refused_at", DateTime(timezone=True)),  # erased: nothing of it is recorded ever again
    _now(),
)

# `position` is the present place in the page (null: not on the page any more), `segments` how many it holds now.
articles = Table(
    "articles",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("page_id", Text, ForeignKey("pages.page_id"), nullable=False),
    Column("position", Integer),
    Column("segments", Integer, nullable=False),
    Column("revision_id", Text),  # the current one
    Column("story_id", Text),
    Column("lead", Boolean, nullable=False, server_default=text("false")),
    Column("quoted_stories", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("link_types", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("withdrawn_reason", Text),
    # One number for a text or story change; the index holds `indexed_projection` of it.
    Column("projection", BigInteger, nullable=False, server_default=text("0")),
    Column("projection_attempt", Integer, nullable=False, server_default=text("0")),
    Column("indexed_projection", BigInteger, nullable=False, server_default=text("0")),
    Column("lane", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    _now(),
    Index("ix_articles_page", "page_id", "position"),
    Index("ix_articles_story", "story_id"),
    Index("ix_articles_unindexed", "article_id", postgresql_where=text("projection > indexed_projection")),
)

# A state of an article, ordered by (captured_at, sha256, reading), never by processing order.
revisions = Table(
    "revisions",
    metadata,
    Column("revision_id", Text, primary_key=True),
    Column("article_id", Text, ForeignKey("articles.article_id"), nullable=False),
    Column("capture_id", Text, ForeignKey("captures.capture_id"), nullable=False),
    Column("captured_at", DateTime(timezone=True), nullable=False),
    Column("sha256", Text, nullable=False),  # of the capture
    Column("reading", Integer, nullable=False, server_default=text("0")),  # the capture's attempt when it was read
    Column("content_hash", Text, nullable=False),  # of title, bylines, body, turns, time
    Column("title", Text, nullable=False),
    Column("bylines", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("credit", Text),
    Column("outlet", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("published", Text),  # as ISO 8601: an instant with zone, or a bare date
    Column("published_at", DateTime(timezone=True)),  # the same for sorting; a bare date at 00:00 UTC
    Column("modified", Text),
    Column("language", Text),
    Column("kind", Text, nullable=False),
    Column("interviewee", Text),
    Column("broadcasters", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("interviewers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("aired", Text),
    Column("questions", Integer, nullable=False, server_default=text("0")),
    Column("words", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("assigned_at", DateTime(timezone=True)),  # the deduplicator has recorded its result
    # What the deduplicator's result touched, so that a redelivery publishes the same events again.
    Column("touched_articles", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("touched_stories", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("end", Text),
    Column("reason", Text),
    Column("ended_at", DateTime(timezone=True)),
    _now(),
    UniqueConstraint("article_id", "captured_at", "sha256", "reading"),
    one_of('"end"', RevisionEnd, null=True),
    one_of("lane", LANES),
    Index("ix_revisions_unfinished", "recorded_at", postgresql_where=text('"end" IS NULL')),
    Index("ix_revisions_capture", "capture_id"),
)

turns = Table(
    "turns",
    metadata,
    Column("revision_id", Text, ForeignKey("revisions.revision_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("role", Text, nullable=False),
    Column("speaker", Text),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    one_of("role", ("question", "answer", "other")),
)

quotes = Table(
    "quotes",
    metadata,
    Column("revision_id", Text, ForeignKey("revisions.revision_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("speaker", Text),
    Column("text", Text, nullable=False),  # as quoted; offsets may span several paragraphs
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)

# Comments belong to the article, not to a revision: new comments alone make no revision.
comments = Table(
    "comments",
    metadata,
    Column("article_id", Text, ForeignKey("articles.article_id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("author", Text),
    Column("published", Text),
    Column("text", Text, nullable=False),
)

# --- stories --------------------------------------------------------------------------------------------------------

stories = Table(
    "stories",
    metadata,
    Column("story_id", Text, primary_key=True),
    Column("lead_article_id", Text),
    Column("size", Integer, nullable=False),
    Column("redirect_to", Text),  # for ever; a story with members has none
    Column("projection", BigInteger, nullable=False, server_default=text("1")),
    Column("projection_attempt", Integer, nullable=False, server_default=text("0")),
    Column("indexed_projection", BigInteger, nullable=False, server_default=text("0")),
    Column("lane", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    _now(),
    Index("ix_stories_unindexed", "story_id", postgresql_where=text("projection > indexed_projection")),
)

story_history = Table(
    "story_history",
    metadata,
    Column("history_id", BigInteger, Identity(), primary_key=True),
    Column("story_id", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("other_story_id", Text),
    Column("article_ids", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("cause_revision_id", Text),
    Column("correction_id", BigInteger),  # where an editor's decision was the cause
    _now(),
    one_of("change", ("created", "joined", "left", "merged", "split", "renamed", "emptied", "lead")),
    Index("ix_story_history_story", "story_id"),
)

# --- indexing -------------------------------------------------------------------------------------------------------

# While a row is here the indexer writes to these physical indices as well as behind the aliases.
reindex_runs = Table(
    "reindex_runs",
    metadata,
    Column("run_id", BigInteger, Identity(), primary_key=True),
    Column("targets", JSONB, nullable=False),  # alias -> {language group -> physical index}
    Column("last_article_id", Text, nullable=False, server_default=text("''")),
    Column("last_story_id", Text, nullable=False, server_default=text("''")),
    Column("swapped_at", DateTime(timezone=True)),
    _now(),
)

# --- operations -----------------------------------------------------------------------------------------------------

# What happened, in order; the ends themselves stand on captures and revisions.
ledger = Table(
    "ledger",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    _now(),
    Column("stage", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("capture_id", Text),
    Column("page_id", Text),
    Column("article_id", Text),
    Column("revision_id", Text),
    Column("story_id", Text),
    Column("trace_id", Text),
    Column("detail", Text),
    Index("ix_ledger_capture", "capture_id", postgresql_where=text("capture_id IS NOT NULL")),
    Index("ix_ledger_page", "page_id", postgresql_where=text("page_id IS NOT NULL")),
    Index("ix_ledger_article", "article_id", postgresql_where=text("article_id IS NOT NULL")),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", Text, primary_key=True),  # hash of stage and message (stream, sequence) or record
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("subject", Text),
    Column("stream", Text),
    Column("stream_sequence", BigInteger),
    Column("deliveries", Integer),
    Column("headers", JSONB, nullable=False, server_default=text("'{}'")),
    Column("payload", LargeBinary),  # the original bytes of the message
    Column("capture_id", Text),
    Column("article_id", Text),
    Column("revision_id", Text),
    Column("trace_id", Text),
    Column("worker", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("replays", Integer, nullable=False, server_default=text("0")),
    Column("replayed_at", DateTime(timezone=True)),
    _now(),
    one_of("state", ("open", "replayed", "resolved")),
    Index("ix_quarantine_open", "recorded_at", postgresql_where=text("state = 'open'")),
)

# Links and the deduplicator's other tables stand beside, in the same metadata.
from libs.adapters.postgres.tables_backups import backups as backups  # noqa: E402
from libs.adapters.postgres.tables_filings import filings as filings  # noqa: E402
from libs.adapters.postgres.tables_meaning import voices as voices  # noqa: E402
from libs.adapters.postgres.tables_stories import links as links  # noqa: E402
