"""What the normalizer listens to."""

from libs.contracts.events import PageFetched
from libs.contracts.pipeline import NORMALIZER, PAGES_FETCHED
from libs.runtime.service import Service
from libs.runtime.settle import QuarantineStore
from services.normalizer.stage import Normalize


def register(service: Service, normalize: Normalize, quarantine: QuarantineStore) -> None:
    """Subscribe the stage to its stream, on every lane."""
    service.consume(NORMALIZER, {PAGES_FETCHED: (PageFetched, normalize)}, quarantine=quarantine)
