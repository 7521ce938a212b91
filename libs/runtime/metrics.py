"""The one catalogue of metrics. A name, its labels and its meaning stand here before first use.

Base units in names; `_total` counts; no URL, title or source in a label. The reason in a label is the reason in the
ledger. docs/reference/metrics.md is made from this module.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

HANDLE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
DELAY_SECONDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 6 * 3600, 24 * 3600)
BYTES = (1e3, 1e4, 1e5, 1e6, 1e7)


class Metrics:
    """All metrics of Newsfold on one registry; each process serves them at `/metrics`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"newsfold_{name}", meaning, labels, registry=registry)

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"newsfold_{name}", meaning, labels, registry=registry)

        def histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"newsfold_{name}", meaning, labels, buckets=buckets, registry=registry)

        self.registry = registry
        self.build = gauge("build_info", "1, with the version as label.", "service", "version")

        # Messages
        self.messages = counter(
            "messages_total",
            "Messages settled, by outcome: emit, drop, retry, quarantine.",
            "stage",
            "lane",
            "outcome",
            "reason",
        )
        self.redeliveries = counter(
            "redeliveries_total", "Messages received again after a first delivery.", "stage", "lane"
        )
        self.handle_seconds = histogram(
            "handle_seconds", "Time a stage took for a batch.", HANDLE_SECONDS, "stage", "lane"
        )
        self.in_flight = gauge("messages_in_flight", "Messages received and not yet settled.", "stage", "lane")
        self.published = counter(
            "published_total", "Events stored by the broker, repeats included.", "stage", "event", "lane"
        )
        self.publish_retries = counter("publish_retries_total", "Publishes that had to be sent again.", "stage")
        self.quarantined = counter("quarantined_total", "Messages and records set aside.", "stage", "reason")
        self.dependency_up = gauge("dependency_up", "0 while a stage waits for this dependency.", "dependency")
        self.consumer_pending = gauge(
            "consumer_pending", "Messages a durable consumer has not yet received.", "consumer"
        )
        self.consumer_unacked = gauge(
            "consumer_unacked", "Messages received by a consumer and not acknowledged.", "consumer"
        )
        self.progress = gauge(
            "last_progress_timestamp_seconds", "When the service last proved to make progress.", "service"
        )
        self.started = gauge("started_timestamp_seconds", "When this process of the service started.", "service")

        # Ledger
        self.captures_ended = counter("captures_ended_total", "Captures that reached their end.", "end", "reason")
        self.revisions_ended = counter("revisions_ended_total", "Revisions that reached their end.", "end")
        self.searchable_seconds = histogram(
            "searchable_delay_seconds", "From a capture's record to its article being indexed.", DELAY_SECONDS, "lane"
        )
        self.republished = counter("republished_total", "Events sent again by the reconciler.", "event")

        # Fetching
        self.fetches = counter(
            "fetches_total", "Fetches by outcome: ok, not_modified, or the reason.", "kind", "outcome"
        )
        self.fetch_seconds = histogram("fetch_seconds", "Time of one fetch.", HANDLE_SECONDS, "kind")
        self.fetch_bytes = counter("fetch_bytes_total", "Bytes received, before decoding.", "kind")
        self.intake_paused = gauge(
            "intake_paused", "1 while nothing is fetched because the disk of this place is too full.", "place"
        )
        self.fetches_due = gauge("fetches_due", "Fetches whose time has come.", "lane")

        # Reading pages
        self.parse_seconds = histogram("parse_seconds", "Time to read one page in the child process.", HANDLE_SECONDS)
        self.parser_killed = counter("parser_killed_total", "Child processes ended at a limit.", "limit")

        # Stories
        self.pairs_compared = counter("pairs_compared_total", "Pairs of new texts with others, compared word by word.")
        self.texts_heard = counter("texts_heard_total", "Texts compared by sentence meaning with those that may match.")
        self.verdicts = counter("verdicts_total", "Pairs of texts compared by sentence meaning.")
        self.links = counter("links_total", "Links that got this type.", "type")
        self.stories_changed = counter(
            "stories_changed_total", "Stories that a batch changed: created, changed, redirected.", "change"
        )

        # Index
        self.bulk_items = counter("bulk_items_total", "Items of bulk requests, by what the index answered.", "result")
        self.bulk_seconds = histogram("bulk_seconds", "Time of one bulk request.", HANDLE_SECONDS)

        # What the monitor reads of the engines; a series is gone while its engine does not answer
        self.engine_up = gauge(
            "engine_up", "1 while the engine answers the monitor: nats, postgres, opensearch.", "engine"
        )
        self.consumer_exists = gauge(
            "consumer_exists", "0 when a durable consumer of the topology is missing.", "consumer"
        )
        self.consumer_last_ack = gauge(
            "consumer_last_ack_timestamp_seconds",
            "When a consumer last had an acknowledgement; its creation when it never had.",
            "consumer",
        )
        self.stream_messages = gauge("stream_messages", "Messages that a stream holds.", "stream")
        self.stream_bytes = gauge("stream_bytes", "Bytes that a stream holds.", "stream")
        self.stream_limit_bytes = gauge("stream_limit_bytes", "Bytes at which a stream forgets its oldest.", "stream")
        self.unfinished = gauge(
            "unfinished", "Records without an end: fetch (overdue), capture, revision, article, story.", "kind", "lane"
        )
        self.oldest_unfinished = gauge(
            "oldest_unfinished_seconds",
            "Age of the oldest record without an end: fetch, capture, revision.",
            "kind",
            "lane",
        )
        self.recorded = gauge("recorded", "Captures and revisions by end; under_way have none.", "kind", "end")
        self.ledger_broken = gauge(
            "ledger_broken", "Records that break a rule of the ledger; `any` is the sum of all rules.", "rule"
        )
        self.quarantine_open = gauge(
            "quarantine_open", "Entries of the quarantine that wait for a person.", "stage", "reason"
        )
        self.sources = gauge(
            "sources",
            "Standing sources: known, paused, failing, overdue, silent (twice as long as their own longest gaps).",
            "state",
        )
        self.backups = gauge(
            "backup_timestamp_seconds",
            "When the newest backup was taken, and when one was last brought back for trial (verified); 0: never.",
            "step",
        )
        self.postgres_connections = gauge("postgres_connections", "Connections in use.", "database")
        self.postgres_connections_limit = gauge("postgres_connections_limit", "Connections allowed.", "database")
        self.postgres_oldest_transaction = gauge(
            "postgres_oldest_transaction_seconds", "Age of the oldest open transaction.", "database"
        )
        self.postgres_bytes = gauge("postgres_bytes", "Size of the database.", "database")
        self.postgres_wal_bytes = gauge("postgres_wal_bytes", "Size of the write-ahead log.", "database")
        self.postgres_wal_limit_bytes = gauge(
            "postgres_wal_limit_bytes", "Size at which PostgreSQL shortens the write-ahead log.", "database"
        )
        self.postgres_deadlocks = gauge("postgres_deadlocks", "Deadlocks since the statistics began.", "database")
        self.postgres_cache_hits = gauge(
            "postgres_cache_hit_ratio",
            "Share of blocks found in memory since the statistics began, 0 to 1.",
            "database",
        )
        self.opensearch_status = gauge("opensearch_status", "0 green, 1 yellow, 2 red.", "cluster")
        self.opensearch_blocked = gauge("opensearch_blocked_indices", "Indices that refuse writes.", "cluster")
        self.opensearch_documents = gauge("opensearch_documents", "Documents behind an alias.", "index")
        self.opensearch_disk = gauge("opensearch_disk_bytes", "Disk of a node: total, free.", "node", "what")
        self.opensearch_heap = gauge("opensearch_heap_ratio", "Share of a node's heap in use, 0 to 1.", "node")
        self.disk = gauge(
            "disk_bytes",
            "The file system of the blobs, as df counts: total (used and free, without what is reserved), free.",
            "place",
            "what",
        )
        self.canary_seconds = gauge(
            "canary_searchable_seconds", "How long the newest canary that was found took to be searchable.", "lane"
        )
        self.canary_success = gauge(
            "canary_last_success_timestamp_seconds", "When a canary was last found by search.", "lane"
        )
