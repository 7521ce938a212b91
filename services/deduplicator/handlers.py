"""What the deduplicator listens to."""

from libs.contracts.events import ArticleNormalized, Event
from libs.contracts.pipeline import ARTICLES_NORMALIZED, DEDUPLICATOR, StreamSpec
from libs.runtime.service import Service
from libs.runtime.settle import Handler, QuarantineStore
from services.deduplicator.stage import Deduplicate


def register(service: Service, deduplicate: Deduplicate, quarantine: QuarantineStore) -> None:
    """Subscribe the stage to its stream, on every lane. Two batches in hand: one is prepared while one holds the lock."""
    handlers: dict[StreamSpec, tuple[type[Event], Handler]] = {ARTICLES_NORMALIZED: (ArticleNormalized, deduplicate)}
    service.consume(DEDUPLICATOR, handlers, quarantine=quarantine, slots=2)
