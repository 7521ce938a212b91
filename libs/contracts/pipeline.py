"""The topology as data: streams, subjects, stages, lanes, durable consumers. `provision` makes the broker look like this.

Names follow from one rule: a subject is `<event>.<lane>`, a durable consumer is `<stage>-<lane>`.
"""

from dataclasses import dataclass
from enum import StrEnum

MINUTE_SECONDS = 60
DAY_SECONDS = 24 * 60 * MINUTE_SECONDS


class Lane(StrEnum):
    """Live news, first loads, and what is done again. Bulk lanes never delay `live`."""

    LIVE = "live"
    BACKFILL = "backfill"
    REPLAY = "replay"


LANES = tuple(Lane)


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """A JetStream stream. Limits retention, so that neither TERM nor a bug can destroy what is in it."""

    name: str
    event: str  # first tokens of its subjects, e.g. `page.fetched`
    max_age_seconds: int = 7 * DAY_SECONDS
    max_bytes: int = 8 * 1024**3
    max_message_bytes: int = 64 * 1024  # messages carry keys, never bodies
    duplicate_window_seconds: int = 10 * MINUTE_SECONDS

    @property
    def subjects(self) -> list[str]:
        return [f"{self.event}.{lane}" for lane in LANES]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage reads one or more streams with one durable pull consumer per stream and lane.

    `batch` is how many messages one pull takes and one handler call receives. The redelivery limit of the server is a
    backstop against crash loops only; `libs.runtime` quarantines before it is reached.
    """

    name: str
    consumes: tuple[StreamSpec, ...]
    produces: tuple[StreamSpec, ...]
    batch: int
    pull_wait_seconds: float = 0.2
    ack_wait_seconds: int = 30  # work in hand says every third of it that it lives, so only a crash waits this long

    def durable(self, stream: StreamSpec, lane: Lane) -> str:
        """`<stage>-<lane>`, with the event added where a stage reads several streams."""
        if len(self.consumes) == 1:
            return f"{self.name}-{lane}"
        return f"{self.name}-{stream.event.replace('.', '-')}-{lane}"

    @property
    def max_ack_pending(self) -> int:
        """Room for ten replicas to pull two batches each without starving one another."""
        return 20 * self.batch


PAGES_FETCHED = StreamSpec("PAGES_FETCHED", "page.fetched")
ARTICLES_NORMALIZED = StreamSpec("ARTICLES_NORMALIZED", "article.normalized")
STORIES_ASSIGNED = StreamSpec("STORIES_ASSIGNED", "story.assigned")
STORIES_CHANGED = StreamSpec("STORIES_CHANGED", "story.changed")
ARTICLES_INDEXED = StreamSpec("ARTICLES_INDEXED", "article.indexed")

STREAMS = (PAGES_FETCHED, ARTICLES_NORMALIZED, STORIES_ASSIGNED, STORIES_CHANGED, ARTICLES_INDEXED)

FETCHER = StageSpec("fetcher", consumes=(), produces=(PAGES_FETCHED,), batch=16)
# Besides: indexing where only comments changed; a later capture again where an earlier one came in late.
NORMALIZER = StageSpec(
    "normalizer", consumes=(PAGES_FETCHED,), produces=(ARTICLES_NORMALIZED, STORIES_ASSIGNED, PAGES_FETCHED), batch=16
)
DEDUPLICATOR = StageSpec(
    "deduplicator", consumes=(ARTICLES_NORMALIZED,), produces=(STORIES_ASSIGNED, STORIES_CHANGED), batch=25
)
INDEXER = StageSpec("indexer", consumes=(STORIES_ASSIGNED, STORIES_CHANGED), produces=(ARTICLES_INDEXED,), batch=50)

STAGES = (FETCHER, NORMALIZER, DEDUPLICATOR, INDEXER)
