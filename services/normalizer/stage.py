"""The use case: read captures' bytes, take the pages apart, record their articles.

In: `PageFetched`. Out: one `ArticleNormalized` for each article that has a new current revision. The capture ends
`extracted`, `unchanged`, `rejected` or `quarantined`. Of a page that is gone the articles are judged again. It never
judges who copied whom, and never fetches.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from libs.contracts.events import PageFetched
from libs.contracts.reasons import Reason
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import ExtractedPage
from libs.domain.hints import believable
from libs.runtime import failpoints
from libs.runtime.failures import Quarantine
from libs.runtime.lanes import LaneShares
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit
from libs.runtime.settle import Result
from libs.runtime.tracing import NoTracing, Tracing

STAGE = "normalizer"

log = get_logger(STAGE)


Reading = tuple[PageFetched, Capture, ExtractedPage]


class Blobs(Protocol):
    async def get(self, key: str) -> bytes | None: ...


class Pages(Protocol):
    """Where captures, pages, articles and revisions are recorded."""

    async def captures(self, capture_ids: Sequence[str]) -> dict[str, Capture]:
        """Those that exist, by id."""
        ...

    async def recorded(self, capture: Capture) -> Recorded:
        """What is recorded of a capture that has its end; asked when its message comes again."""
        ...

    async def record(self, readings: Sequence[Reading]) -> list[Recorded | BaseException]:
        """One answer for each reading; an error of one is its own. Raises where none was recorded."""
        ...

    async def gone(self, event: PageFetched, capture: Capture) -> Recorded:
        """Record that the page which a capture asked for is not there any more."""
        ...


# bytes, url, content type, and when it was published as far as a feed says
Extract = Callable[[bytes, str, str | None, str | None], Awaitable[ExtractedPage]]


@dataclass(frozen=True, slots=True)
class Normalize:
    """A batch of captures to their articles: read side by side, recorded together."""

    blobs: Blobs
    extract: Extract
    pages: Pages
    metrics: Metrics
    readers: LaneShares
    tracing: Tracing = field(default_factory=NoTracing)

    async def __call__(self, events: Sequence[PageFetched]) -> Sequence[Result]:
        captures = await self.pages.captures([event.capture_id for event in events])
        read = await asyncio.gather(
            *(self._read(event, captures.get(event.capture_id)) for event in events), return_exceptions=True
        )
        readings = {one[1].capture_id: one for one in read if isinstance(one, tuple)}
        recorded = await self._record(list(readings.values()))
        return [
            _outcome(recorded[event.capture_id] if isinstance(one, tuple) else one)
            for event, one in zip(events, read, strict=True)
        ]

    async def _read(self, event: PageFetched, capture: Capture | None) -> Reading | Recorded:
        """The page taken apart; what is recorded of it where that was done before."""
        if capture is None:
            raise Quarantine(Reason.RECORD_MISSING, f"no capture {event.capture_id}")
        if capture.end is not None:
            return await self.pages.recorded(capture)
        if capture.gone:
            recorded = await self.pages.gone(event, capture)
            self._count(event, capture, recorded)
            return recorded
        raw = await self.blobs.get(capture.sha256)
        if raw is None:
            raise Quarantine(Reason.BLOB_MISSING, f"no bytes {capture.sha256} in the blob store")
        hint = believable(capture.published_hint, capture.captured_at)
        async with self.readers.place(event.lane):  # a child takes up a live page before what waits of bulk batches
            return event, capture, await self.extract(raw, capture.url, capture.content_type, hint)

    async def _record(self, readings: Sequence[Reading]) -> dict[str, Recorded | BaseException]:
        """What became of each capture."""
        if not readings:
            return {}
        failpoints.hit(STAGE, "result_ready")
        recorded = await self.pages.record(readings)
        failpoints.hit(STAGE, "committed")
        for (event, capture, _), result in zip(readings, recorded, strict=True):
            if isinstance(result, Recorded):
                self._count(event, capture, result)
        return {capture.capture_id: result for (_, capture, _), result in zip(readings, recorded, strict=True)}

    def _count(self, event: PageFetched, capture: Capture, recorded: Recorded) -> None:
        self.metrics.captures_ended.labels(recorded.end, recorded.reason or "").inc()
        self.tracing.found(event.trace_id, page_id=recorded.page_id)
        log.info(
            "page_read",
            capture_id=event.capture_id,
            page_id=recorded.page_id,
            trace_id=event.trace_id,
            url=capture.url,
            end=recorded.end,
            reason=recorded.reason,
        )


def _outcome(result: Recorded | BaseException) -> Result:
    if isinstance(result, BaseException):
        return result
    if result.reason is not None and not result.events:
        return Drop(result.reason)
    return Emit(result.events)
