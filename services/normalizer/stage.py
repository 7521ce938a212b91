"""The use case: read a capture's bytes, take the page apart, record its articles.

In: `PageFetched`. Out: one `ArticleNormalized` for each article that has a new current revision. The capture ends
`extracted`, `unchanged`, `rejected` or `quarantined`. It never judges who copied whom, and never fetches.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.events import PageFetched
from libs.contracts.reasons import Reason
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import ExtractedPage
from libs.runtime import failpoints
from libs.runtime.failures import Quarantine
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit, Outcome

STAGE = "normalizer"

log = get_logger(STAGE)


class Blobs(Protocol):
    async def get(self, key: str) -> bytes | None: ...


class Pages(Protocol):
    """Where captures, pages, articles and revisions are recorded."""

    async def capture(self, capture_id: str) -> Capture | None: ...

    async def recorded(self, capture: Capture) -> Recorded:
        """What is recorded of a capture that has its end; asked when its message comes again."""
        ...

    async def record(self, event: PageFetched, capture: Capture, page: ExtractedPage) -> Recorded: ...


Extract = Callable[[bytes, str, str | None], Awaitable[ExtractedPage]]  # bytes, url, content type


@dataclass(frozen=True, slots=True)
class Normalize:
    """One capture to its articles."""

    blobs: Blobs
    extract: Extract
    pages: Pages
    metrics: Metrics

    async def __call__(self, event: PageFetched) -> Outcome:
        capture = await self.pages.capture(event.capture_id)
        if capture is None:
            raise Quarantine(Reason.RECORD_MISSING, f"no capture {event.capture_id}")
        if capture.end is None:
            recorded = await self._read(event, capture)
        else:
            recorded = await self.pages.recorded(capture)
        if recorded.reason is not None and not recorded.events:
            return Drop(recorded.reason)
        return Emit(recorded.events)

    async def _read(self, event: PageFetched, capture: Capture) -> Recorded:
        raw = await self.blobs.get(capture.sha256)
        if raw is None:
            raise Quarantine(Reason.BLOB_MISSING, f"no bytes {capture.sha256} in the blob store")
        page = await self.extract(raw, capture.url, capture.content_type)
        failpoints.hit(STAGE, "result_ready")
        recorded = await self.pages.record(event, capture, page)
        failpoints.hit(STAGE, "committed")
        self.metrics.captures_ended.labels(recorded.end, recorded.reason or "").inc()
        log.info(
            "page_read",
            capture_id=event.capture_id,
            page_id=recorded.page_id,
            trace_id=event.trace_id,
            url=capture.url,
            end=recorded.end,
            reason=recorded.reason,
        )
        return recorded
