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
        self.fetches_due = gauge("fetches_due", "Fetches whose time has come.", "lane")

        # Reading pages
        self.parse_seconds = histogram("parse_seconds", "Time to read one page in the child process.", HANDLE_SECONDS)
        self.parser_killed = counter("parser_killed_total", "Child processes ended at a limit.", "limit")

        # Stories
        self.pairs_compared = counter("pairs_compared_total", "Pairs of new texts with others, compared word by word.")
        self.links = counter("links_total", "Links that got this type.", "type")
        self.stories_changed = counter(
            "stories_changed_total", "Stories that a batch changed: created, changed, redirected.", "change"
        )

        # Index
        self.bulk_items = counter("bulk_items_total", "Items of bulk requests, by what the index answered.", "result")
        self.bulk_seconds = histogram("bulk_seconds", "Time of one bulk request.", HANDLE_SECONDS)
