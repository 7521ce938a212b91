"""Sends a canary as the fetcher sends a page: bytes on disk, capture committed, event published, in this order."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.fetches import PostgresFetches
from libs.contracts.events import Event, PageFetched
from libs.contracts.fetching import FetchJob, FetchKind, Receipt
from libs.contracts.pipeline import Lane
from libs.domain.sources import capture_id
from services.monitor import canary

# The job that never stood in the due-time table: nothing is claimed, so nothing is settled.
_JOB = FetchJob(
    fetch_id="canary",
    kind=FetchKind.FILE,
    url=canary.URL,
    path=None,
    host="",
    trust_canonical=False,
    published_hint=None,
    lane=Lane.LIVE,
    source_id=None,
    attempts=0,
    claims=0,
    capture_id=None,
)


class Blobs(Protocol):
    async def put(self, data: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class CanarySender:
    """Sends. Raises what its parts raise; a canary that was recorded but not published is the reconciler's."""

    blobs: Blobs
    postgres: AsyncEngine
    publish: Callable[[Iterable[Event]], Awaitable[None]]

    async def __call__(self, sent_at: datetime) -> None:
        body = canary.page(sent_at)
        sha256 = await self.blobs.put(body)
        name = capture_id(canary.URL, sent_at, sha256)
        receipt = Receipt(
            capture_id=name,
            asked_url=canary.URL,
            final_url=canary.URL,
            captured_at=sent_at,
            sha256=sha256,
            bytes=len(body),
            status=200,
            content_type="text/html; charset=utf-8",
        )
        await PostgresFetches(self.postgres).record([(_JOB, receipt)])
        await self.publish([PageFetched(lane=Lane.LIVE, trace_id=name, capture_id=name)])
