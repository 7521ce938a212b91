"""A fetcher without a bus, on real PostgreSQL, a real folder and a real web server."""

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.blobs import FolderBlobs
from libs.adapters.files import LocalFiles
from libs.adapters.http import HttpClient, Pace, PoliteHttp
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.sources import PostgresSources
from libs.adapters.postgres.tables import captures
from libs.contracts.events import Event, PageFetched
from libs.contracts.fetching import FetchKind, NewFetch
from libs.contracts.pipeline import Lane
from libs.runtime.failures import DependencyDown, classify
from libs.runtime.sandbox import Sandbox
from services.fetcher.stage import Fetch
from services.fetcher.worker import Worker

NUMBERS = itertools.count()


@dataclass
class Published:
    """Takes the bus's place: keeps what was published, and can be down."""

    events: list[PageFetched] = field(default_factory=list)
    down: bool = False

    async def __call__(self, events: Iterable[Event]) -> None:
        for event in events:
            if self.down:
                raise DependencyDown("nats", "not there")
            assert isinstance(event, PageFetched)
            self.events.append(event)

    @property
    def ids(self) -> set[str]:
        return {event.capture_id for event in self.events}


class Rig:
    """A fetcher without a bus."""

    def __init__(self, engine: AsyncEngine, client: HttpClient, root: Path, feed_reader: Sandbox[Any]) -> None:
        self.engine, self.published = engine, Published()
        self.jobs, self.sources = PostgresFetches(engine), PostgresSources(engine)
        self.blobs = FolderBlobs(root / "blobs")
        self.observed: list[tuple[str, str]] = []
        self.fetch = Fetch(
            web=PoliteHttp(client, Pace(least_seconds=0.0, times_its_own=0.0)),
            files=LocalFiles(max_bytes=1024 * 1024),
            blobs=self.blobs,
            jobs=self.jobs,
            sources=self.sources,
            read_feed=feed_reader.run,
            publish=self.published,
            observe=lambda job, outcome, *_: self.observed.append((job.url, outcome)),
        )

    def worker(self, stage: Any = None, **settings: Any) -> Worker:
        return Worker(
            jobs=self.jobs,
            stage=stage or self.fetch,
            enqueue_due_sources=self.sources.enqueue_due,
            failure_of=lambda error: classify(error, [postgres_failure]),
            stopping=asyncio.Event(),
            waiting_for=set(),
            grace_seconds=5,
            me=f"worker-{next(NUMBERS)}",
            **settings,
        )

    async def run(self, *, workers: int = 1, until: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Work until nothing is unfinished."""
        running = [self.worker() for _ in range(workers)]
        tasks = [asyncio.create_task(worker.run()) for worker in running]

        async def finished() -> bool:
            return (await self.jobs.unfinished())[0] == 0

        async with asyncio.timeout(120):
            while not await (until or finished)():
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.05)
        for worker in running:
            worker.stopping.set()
        await asyncio.gather(*tasks)

    async def ends(self) -> dict[str, str | None]:
        """Asked URL -> end and reason of its newest capture."""
        async with self.engine.connect() as connection:
            rows = (await connection.execute(select(captures).order_by(captures.c.captured_at))).all()
        return {row.asked_url: f"{row.end}({row.reason})" if row.end else None for row in rows}

    async def count(self) -> int:
        async with self.engine.connect() as connection:
            return len((await connection.execute(select(captures.c.capture_id))).all())


def page(url: str, lane: Lane = Lane.LIVE) -> NewFetch:
    return NewFetch(FetchKind.PAGE, url, lane)


def file(path: Path, lane: Lane = Lane.BACKFILL) -> NewFetch:
    return NewFetch(FetchKind.FILE, f"https://a.example/{path.name}", lane, path=str(path))


def write(folder: Path, name: str, content: bytes, at: float = 1_700_000_000.25) -> Path:
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (at, at))
    return path
