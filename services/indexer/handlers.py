"""What the indexer listens to."""

from libs.contracts.events import Event, StoryAssigned, StoryChanged
from libs.contracts.pipeline import INDEXER, STORIES_ASSIGNED, STORIES_CHANGED, StreamSpec
from libs.runtime.service import Service
from libs.runtime.settle import Handler, QuarantineStore
from services.indexer.stage import Index


def register(service: Service, index: Index, quarantine: QuarantineStore, *, slots: int) -> None:
    """Subscribe the stage to both of its streams, on every lane."""
    handlers: dict[StreamSpec, tuple[type[Event], Handler]] = {
        STORIES_ASSIGNED: (StoryAssigned, index),
        STORIES_CHANGED: (StoryChanged, index),
    }
    service.consume(INDEXER, handlers, quarantine=quarantine, slots=slots)
