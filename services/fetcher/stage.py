"""The use case: receive what a job names, archive its bytes, record a capture, publish `PageFetched`.

In: claimed jobs of the due-time table. Out: captures and events; a feed becomes jobs for its pages. What fails for
good becomes a capture that ends `rejected` with its reason; what may pass by itself is tried again later. Nothing that
was received is parsed here, except feeds, in a child process. The order is fixed: bytes on disk, capture committed,
event published, job done; a crash between two of them repeats nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from libs.contracts.events import Event, PageFetched
from libs.contracts.fetching import Answer, FetchJob, FetchKind, KnownUrl, NothingReceived, Receipt, Settled
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import CaptureEnd, Reason
from libs.domain.feeds import Feed, FeedInvalid, FeedItem
from libs.domain.polling import retry_delay
from libs.domain.sources import capture_id, source_id
from libs.runtime import failpoints
from libs.runtime.logging import get_logger
from libs.runtime.sandbox import SandboxError

STAGE = "fetcher"
RETRY_DELAYS_SECONDS = (2.0, 10.0, 60.0)  # of work that does not come again by itself; then it has failed
RETRY_AFTER_CAP_SECONDS = 3600.0  # a server may ask for more; a job waits at most this long
OK, NOT_MODIFIED = "ok", "not_modified"

log = get_logger(STAGE)

ReadFeed = Callable[[bytes, str], Awaitable[Feed]]  # raises FeedInvalid or SandboxError
Publish = Callable[[Iterable[Event]], Awaitable[None]]
Traced = Callable[[Sequence[FetchJob]], AbstractContextManager[None]]  # what is published within follows from these
Observe = Callable[[FetchJob, str, float, int], None]  # job, outcome (ok, not_modified or a reason), seconds, bytes


class Web(Protocol):
    """Asks by HTTP."""

    async def ask(self, url: str, *, kind: FetchKind, known: KnownUrl | None) -> Answer:
        """Raises NothingReceived."""
        ...

    def pause_seconds(self, url: str, took_seconds: float) -> float: ...


class Files(Protocol):
    """Reads local files."""

    async def read(self, path: str, *, url: str) -> Answer:
        """Raises NothingReceived."""
        ...


class Blobs(Protocol):
    async def put(self, data: bytes) -> str:
        """Returns when the bytes are on disk."""
        ...

    async def exists(self, key: str) -> bool: ...


class Jobs(Protocol):
    """The due-time table and the captures."""

    async def record(self, received: Sequence[tuple[FetchJob, Receipt]]) -> set[str]: ...

    async def settle(self, settled: Sequence[Settled]) -> None: ...


class Sources(Protocol):
    """Standing sources, and what is known of URLs asked before."""

    async def known(self, url: str) -> KnownUrl | None: ...

    async def refused(self, urls: Collection[str]) -> set[str]:
        """Those of pages that were erased."""
        ...

    async def validators(self, key: str) -> KnownUrl | None: ...

    async def enqueue_items(self, items: Iterable[FeedItem], *, lane: Lane, key: str | None) -> int: ...

    async def polled(
        self, key: str, *, items: int, new_items: int, etag: str | None = None, last_modified: str | None = None
    ) -> None: ...

    async def poll_failed(self, key: str, reason: Reason, *, asked_seconds: float | None = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Fetch:
    """Jobs to captures."""

    web: Web
    files: Files
    blobs: Blobs
    jobs: Jobs
    sources: Sources
    read_feed: ReadFeed
    publish: Publish
    observe: Observe = lambda *_: None
    traced: Traced = lambda _: nullcontext()

    async def __call__(self, job: FetchJob) -> None:
        """Take one page or feed to its end, or put it off."""
        with self.traced([job]):
            await self._one(job)

    async def batch(self, jobs: Sequence[FetchJob]) -> None:
        """Take files to their end, in one commit for all."""
        with self.traced(jobs):
            await self._files(jobs)

    async def failed(self, job: FetchJob, failed: NothingReceived) -> None:
        """Put a job off that had no answer, or end it."""
        await self.jobs.settle([await self._failed(job, failed)])

    async def _one(self, job: FetchJob) -> None:
        failpoints.hit(STAGE, "received")
        if job.capture_id is not None:
            await self._tell([job], [Settled(job)])
            return
        started = time.monotonic()
        try:
            settled, outcome, size = await (self._feed(job) if job.kind is FetchKind.FEED else self._page(job))
        except NothingReceived as failed:
            settled, outcome, size = await self._failed(job, failed), str(failed.reason), 0
        took = time.monotonic() - started
        self.observe(job, outcome, took, size)
        pause = max(self.web.pause_seconds(job.url, took), settled.pause_seconds)
        failpoints.hit(STAGE, "before_ack")
        await self.jobs.settle([Settled(job, settled.retry_seconds, settled.reason, pause)])

    async def _files(self, jobs: Sequence[FetchJob]) -> None:
        failpoints.hit(STAGE, "received")
        committed = [job for job in jobs if job.capture_id is not None]
        refused = await self.sources.refused([job.url for job in jobs])
        taken = await asyncio.gather(*(self._file(job, job.url in refused) for job in jobs if job.capture_id is None))
        failpoints.hit(STAGE, "result_ready")
        received = [(settled.job, receipt) for settled, receipt in taken if receipt is not None]
        new = await self.jobs.record(received)
        failpoints.hit(STAGE, "committed")
        _log_captures((receipt for _, receipt in received), new)
        fresh = [_committed(job, receipt) for job, receipt in received if receipt.capture_id in new]
        done = [*(settled for settled, _ in taken), *(Settled(job) for job in committed)]
        await self._tell([*committed, *fresh], done)

    async def _tell(self, jobs: Sequence[FetchJob], settled: Sequence[Settled]) -> None:
        """Publish what is committed, then close the jobs."""
        await self._publish(jobs)
        failpoints.hit(STAGE, "before_ack")
        await self.jobs.settle(settled)

    async def _publish(self, jobs: Sequence[FetchJob]) -> None:
        await self.publish(
            PageFetched(lane=job.lane, trace_id=job.capture_id, capture_id=job.capture_id)
            for job in jobs
            if job.capture_id is not None
        )
        failpoints.hit(STAGE, "published")

    # --- pages and files

    async def _file(self, job: FetchJob, refused: bool) -> tuple[Settled, Receipt | None]:
        """Archive a file; without a receipt when there was nothing to archive."""
        started = time.monotonic()
        try:
            if refused:
                raise _refusal()
            answer = await self.files.read(job.path or "", url=job.url)
        except NothingReceived as failed:
            self.observe(job, str(failed.reason), time.monotonic() - started, 0)
            return await self._failed(job, failed), None
        receipt = _received(job, answer, await self.blobs.put(answer.body))
        self.observe(job, OK, time.monotonic() - started, len(answer.body))
        return Settled(job), receipt

    async def _page(self, job: FetchJob) -> tuple[Settled, str, int]:
        known = await self.sources.known(job.url)
        if known is not None and known.refused:
            raise _refusal()
        if known is None or known.sha256 is None or not await self.blobs.exists(known.sha256):
            known = None  # a 304 would leave us without the bytes
        answer = await self.web.ask(job.url, kind=FetchKind.PAGE, known=known)
        if answer.not_modified and known is not None:
            await self._record(job, _unchanged(job, answer, known))
        else:
            await self._record(job, _received(job, answer, await self.blobs.put(answer.body)))
        if job.source_id is not None and _is_standing(job):
            await self.sources.polled(job.source_id, items=1, new_items=0 if answer.not_modified else 1)
        return Settled(job), NOT_MODIFIED if answer.not_modified else OK, answer.wire_bytes

    async def _record(self, job: FetchJob, receipt: Receipt) -> None:
        """Commit one capture and publish it if it is new and has no end."""
        failpoints.hit(STAGE, "result_ready")
        new = await self.jobs.record([(job, receipt)])
        failpoints.hit(STAGE, "committed")
        _log_captures([receipt], new)
        if receipt.capture_id in new and receipt.end is None:
            await self._publish([_committed(job, receipt)])

    # --- feeds

    async def _feed(self, job: FetchJob) -> tuple[Settled, str, int]:
        key = job.source_id
        known = await self.sources.validators(key) if key is not None else None
        answer = await self.web.ask(job.url, kind=FetchKind.FEED, known=known)
        if answer.not_modified:
            if key is not None:
                await self.sources.polled(key, items=0, new_items=0)
            return Settled(job), NOT_MODIFIED, 0
        try:
            feed = await self.read_feed(answer.body, answer.final_url)
        except (FeedInvalid, SandboxError) as error:
            return await self._bad_feed(job, answer, str(error)), str(Reason.FEED_INVALID), answer.wire_bytes
        failpoints.hit(STAGE, "result_ready")
        new = await self.sources.enqueue_items(feed.items, lane=job.lane, key=key)
        if key is not None:
            await self.sources.polled(
                key, items=len(feed.items), new_items=new, etag=answer.etag, last_modified=answer.last_modified
            )
        failpoints.hit(STAGE, "committed")
        return Settled(job), OK, answer.wire_bytes

    async def _bad_feed(self, job: FetchJob, answer: Answer, why: str) -> Settled:
        """Keep the bytes of what should have been a feed, as a capture that ends rejected."""
        if await self._is_news(job, Reason.FEED_INVALID, None):
            receipt = _received(job, answer, await self.blobs.put(answer.body))
            ended = replace(receipt, end=CaptureEnd.REJECTED, reason=Reason.FEED_INVALID, detail=why)
            await self._record(job, ended)
        return Settled(job, reason=Reason.FEED_INVALID)

    # --- failures

    async def _failed(self, job: FetchJob, failed: NothingReceived) -> Settled:
        """Put the job off, or record that it failed for good. A standing source comes again by itself."""
        asked = None if failed.retry_after_seconds is None else min(failed.retry_after_seconds, RETRY_AFTER_CAP_SECONDS)
        again = None
        if failed.transient and not _is_standing(job):
            again = retry_delay(RETRY_DELAYS_SECONDS, job.attempts + 1, asked_seconds=asked)
        if again is None and await self._is_news(job, failed.reason, asked):
            await self._record(job, await self._rejection(job, failed))
        return Settled(job, again, failed.reason, pause_seconds=asked or 0.0)

    async def _rejection(self, job: FetchJob, failed: NothingReceived) -> Receipt:
        """A capture that ends rejected; where a page which is held is gone, without its end until its articles know."""
        receipt = _rejected(job, failed)
        if failed.reason is Reason.FETCH_GONE and job.kind is FetchKind.PAGE:
            known = await self.sources.known(job.url)
            if known is not None and known.sha256 is not None:
                return replace(receipt, end=None, reason=None)
        return receipt

    async def _is_news(self, job: FetchJob, reason: Reason, asked_seconds: float | None) -> bool:
        """Whether a failure deserves a capture: a standing source's only when it did not fail like this before."""
        if job.source_id is None or not _is_standing(job):
            return True
        return await self.sources.poll_failed(job.source_id, reason, asked_seconds=asked_seconds)


def _refusal() -> NothingReceived:
    return NothingReceived(Reason.REFUSED, "this page was erased and is refused for good")


def _is_standing(job: FetchJob) -> bool:
    """Whether the job is the poll of a standing source, not work that a source's feed listed."""
    return job.source_id is not None and job.source_id == source_id(job.kind, job.url)


def _log_captures(receipts: Iterable[Receipt], new: Collection[str]) -> None:
    """Say which captures there are now; one that was recorded before has been told."""
    for receipt in receipts:
        if receipt.capture_id in new:
            log.info(
                "captured",
                capture_id=receipt.capture_id,
                trace_id=receipt.capture_id,
                url=receipt.asked_url,
                end=receipt.end,
                reason=receipt.reason,
            )


def _committed(job: FetchJob, receipt: Receipt) -> FetchJob:
    return replace(job, capture_id=receipt.capture_id)


def _received(job: FetchJob, answer: Answer, sha256: str) -> Receipt:
    return Receipt(
        capture_id=capture_id(job.url, answer.received_at, sha256),
        asked_url=job.url,
        final_url=answer.final_url,
        captured_at=answer.received_at,
        sha256=sha256,
        bytes=len(answer.body),
        status=answer.status,
        content_type=answer.content_type,
        etag=answer.etag,
        last_modified=answer.last_modified,
    )


def _unchanged(job: FetchJob, answer: Answer, known: KnownUrl) -> Receipt:
    """The server says that what is known still holds; its validators may have been left out of the answer."""
    return Receipt(
        capture_id=capture_id(job.url, answer.received_at, known.sha256),
        asked_url=job.url,
        final_url=answer.final_url,
        captured_at=answer.received_at,
        sha256=known.sha256,
        status=answer.status,
        etag=answer.etag or known.etag,
        last_modified=answer.last_modified or known.last_modified,
        end=CaptureEnd.UNCHANGED,
    )


def _rejected(job: FetchJob, failed: NothingReceived) -> Receipt:
    now = datetime.now(UTC)
    return Receipt(
        capture_id=capture_id(job.url, now, None),
        asked_url=job.url,
        final_url=job.url,
        captured_at=now,
        sha256=None,
        status=failed.status,
        end=CaptureEnd.REJECTED,
        reason=failed.reason,
        detail=failed.detail,
    )
