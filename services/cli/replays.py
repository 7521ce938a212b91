"""Sends what has its end through a stage again, no faster than asked."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.replaying import Again, Selection, opened
from libs.adapters.postgres.sources import PostgresSources
from services.cli.failures import WrongUsage
from services.cli.publishing import Publish

AT_ONCE = 100


async def source_named(engine: AsyncEngine, name: str) -> str:
    """The id of a standing source by URL or id. Raises WrongUsage."""
    found = await PostgresSources(engine).find(name)
    if found is None:
        raise WrongUsage(f"no source {name}: `newsfold source list` shows them")
    return found.source_id


async def send_again(
    engine: AsyncEngine,
    publish: Publish,
    stage: Again,
    selection: Selection,
    *,
    per_second: float,
    progress: Callable[[int], None] = lambda n: None,
) -> dict[str, int]:
    """How many of each event were sent; on average at most `per_second` of them all, 0 for no limit.

    Cut short, nothing is lost and nothing is done by halves: what was opened goes on its way.
    """
    sent: Counter[str] = Counter()
    at_once = max(1, min(AT_ONCE, int(per_second))) if per_second else AT_ONCE
    started = time.monotonic()
    async for events in opened(engine, stage, selection, at_once):
        await publish(events)
        sent.update(event.stream.event for event in events)
        progress(sent.total())
        if per_second:
            await asyncio.sleep(max(0.0, started + sent.total() / per_second - time.monotonic()))
    return dict(sorted(sent.items()))
