"""What the normalizer listens to."""

from collections.abc import Sequence

from libs.contracts.events import Event, PageFetched
from libs.contracts.pipeline import NORMALIZER, PAGES_FETCHED
from libs.runtime.service import Service
from libs.runtime.settle import QuarantineStore, Result, each
from services.normalizer.stage import Normalize


def register(service: Service, normalize: Normalize, quarantine: QuarantineStore) -> None:
    """Subscribe the stage to its stream, on every lane."""

    async def on_pages_fetched(events: Sequence[Event]) -> Sequence[Result]:
        return await each(normalize, events)

    service.consume(NORMALIZER, {PAGES_FETCHED: (PageFetched, on_pages_fetched)}, quarantine=quarantine)
