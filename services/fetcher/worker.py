"""The loop: claims what is due and works on it, live first by a fixed share, until it is asked to stop.

A quarter of the slots belongs to live work alone and a quarter to bulk alone; the rest goes to live first. Files are
taken in batches, one batch of each lane at a time. Without room for more nothing is claimed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from libs.contracts.fetching import FetchJob, NothingReceived
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import Reason
from libs.runtime.failures import DependencyDown, Failure
from libs.runtime.logging import get_logger
from services.fetcher.claimant import claimant, is_dead

LIVE: Collection[Lane] = (Lane.LIVE,)
BULK: Collection[Lane] = (Lane.BACKFILL, Lane.REPLAY)
IDLE_SECONDS = 0.25
SOURCES_EVERY_SECONDS = 1.0
PAUSES_SECONDS = (0.2, 0.5, 1, 2, 5)  # while a dependency is down
WEB_LEASE_SECONDS = 120.0  # robots.txt, page, archive and commit take less, or have failed
FILE_LEASE_SECONDS = 60.0
TAKE_OVER_PAUSE_SECONDS = 1.0  # the dead one may have asked a moment ago

log = get_logger("fetcher")


async def _always() -> bool:
    return True


class Jobs(Protocol):
    """The due-time table as the loop needs it."""

    async def claim_files(
        self, lanes: Collection[Lane], limit: int, *, lease_seconds: float, me: str
    ) -> Sequence[FetchJob]: ...

    async def claim_hosts(
        self, lanes: Collection[Lane], limit: int, *, lease_seconds: float, me: str
    ) -> Sequence[FetchJob]: ...

    async def release(self, jobs: Sequence[FetchJob]) -> None: ...

    async def claimants(self) -> Sequence[str]: ...

    async def release_claims_of(self, claimants: Collection[str], *, pause_seconds: float) -> int: ...


class Stage(Protocol):
    """The use case."""

    async def __call__(self, job: FetchJob) -> None: ...

    async def batch(self, jobs: Sequence[FetchJob]) -> None: ...

    async def failed(self, job: FetchJob, failed: NothingReceived) -> None: ...


@dataclass(slots=True)
class Worker:
    """One process's share of the fetch work."""

    jobs: Jobs
    stage: Stage
    enqueue_due_sources: Callable[[], Awaitable[int]]
    failure_of: Callable[[BaseException], Failure | None]
    stopping: asyncio.Event
    waiting_for: set[str]
    slots: int = 16
    file_batch: int = 32
    grace_seconds: float = 20.0
    me: str = field(default_factory=claimant)
    has_room: Callable[[], Awaitable[bool]] = _always
    _running: dict[asyncio.Task[None], tuple[str, Sequence[FetchJob]]] = field(default_factory=dict)
    _down: DependencyDown | None = None
    _next_sources: float = 0.0
    _took_over: bool = False

    async def run(self) -> None:
        """Work until `stopping` is set, then finish or give back what is in hand."""
        failed = 0
        while not self.stopping.is_set():
            try:
                started = await self._start_what_is_due()
                down = self._down
            except Exception as error:
                down = self._dependency(error)
                started = 0
            if down is not None:
                await self._wait_for(down, failed)
                failed, self._down = failed + 1, None
                continue
            if failed and (started or not self._running):
                failed = 0
                self.waiting_for.clear()
            await self._rest(idle=started == 0)
        await self._end()

    async def _take_over(self) -> None:
        """Free the work of fetchers that were killed here, once."""
        dead = [name for name in await self.jobs.claimants() if is_dead(name)]
        if dead:
            freed = await self.jobs.release_claims_of(dead, pause_seconds=TAKE_OVER_PAUSE_SECONDS)
            log.warning("took_over", jobs=freed, claimants=dead)
        self._took_over = True

    async def _start_what_is_due(self) -> int:
        if not self._took_over:
            await self._take_over()
        if not await self.has_room():
            return 0
        if time.monotonic() >= self._next_sources:
            self._next_sources = time.monotonic() + SOURCES_EVERY_SECONDS
            await self.enqueue_due_sources()
        started = 0
        for name, lanes in (("live", LIVE), ("bulk", BULK)):
            started += await self._start_files(name, lanes)
            started += await self._start_hosts(name, lanes)
        return started

    async def _start_files(self, name: str, lanes: Collection[Lane]) -> int:
        if self._count(f"files {name}"):
            return 0
        jobs = await self.jobs.claim_files(lanes, self.file_batch, lease_seconds=FILE_LEASE_SECONDS, me=self.me)
        if jobs:
            self._start(f"files {name}", jobs, self.stage.batch(jobs))
        return len(jobs)

    async def _start_hosts(self, name: str, lanes: Collection[Lane]) -> int:
        jobs = await self.jobs.claim_hosts(lanes, self._room(name), lease_seconds=WEB_LEASE_SECONDS, me=self.me)
        for job in jobs:
            self._start(f"web {name}", [job], self.stage(job))
        return len(jobs)

    def _room(self, name: str) -> int:
        """How many slots this lane may take now; a quarter of all is kept for the other."""
        other = "web bulk" if name == "live" else "web live"
        mine, others = self._count(f"web {name}"), self._count(other)
        most = self.slots - max(self.slots // 4, others)
        return max(most - mine, 0)

    def _count(self, name: str) -> int:
        return sum(name == running for running, _ in self._running.values())

    def _start(self, name: str, jobs: Sequence[FetchJob], work: Awaitable[None]) -> None:
        task = asyncio.create_task(self._guarded(jobs, work))
        self._running[task] = (name, jobs)
        task.add_done_callback(lambda done: self._running.pop(done, None))

    async def _guarded(self, jobs: Sequence[FetchJob], work: Awaitable[None]) -> None:
        """What goes wrong with some work stays with that work, unless a dependency is down."""
        try:
            await work
        except Exception as error:
            try:
                await self._went_wrong(jobs, error)
            except Exception as second:  # the lease will end
                self._down = self._dependency(second)

    async def _went_wrong(self, jobs: Sequence[FetchJob], error: Exception) -> None:
        failure = self.failure_of(error)
        if isinstance(failure, DependencyDown):
            self._down = failure
        if failure is not None:
            await self.jobs.release(jobs)
        elif len(jobs) > 1:  # so that the one that goes wrong does not take its neighbours along
            for job in jobs:
                await self._guarded([job], self.stage.batch([job]))
        else:
            log.error("fetch_failed_unexpectedly", url=jobs[0].url, exc_info=error)
            await self.stage.failed(jobs[0], NothingReceived(Reason.UNEXPECTED_ERROR, repr(error), transient=True))

    def _dependency(self, error: BaseException) -> DependencyDown:
        """What is down according to `error`; an error of ours is raised again."""
        failure = self.failure_of(error)
        if isinstance(failure, DependencyDown):
            return failure
        if failure is not None:
            return DependencyDown("postgres", str(failure))
        raise error

    async def _wait_for(self, down: DependencyDown, failed: int) -> None:
        self.waiting_for.add(down.dependency)
        if failed == 0:
            log.warning("dependency_down", dependency=down.dependency, detail=down.detail)
        with suppress(TimeoutError):
            pause = PAUSES_SECONDS[min(failed, len(PAUSES_SECONDS) - 1)]
            await asyncio.wait_for(self.stopping.wait(), timeout=pause)

    async def _rest(self, *, idle: bool) -> None:
        """Until something may be due: work in hand ended, or a moment passed."""
        if not idle and not self._running:
            return
        stop = asyncio.create_task(self.stopping.wait())
        await asyncio.wait({stop, *self._running}, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()

    async def _end(self) -> None:
        """Give what is in hand its time, then give it back."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=self.grace_seconds)
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        given = [job for _, jobs in left.values() for job in jobs]
        if given:
            with suppress(Exception):  # else the lease ends by itself
                await self.jobs.release(given)
