"""Waits until nothing is unfinished, also after a refresh of the index."""

import time
from asyncio import sleep
from pathlib import Path
from typing import Any

from libs.adapters.opensearch.schema import ALIASES, IndexNames
from libs.adapters.postgres.quarantine import QuarantineDesk
from libs.adapters.postgres.queries.progress import Progress, progress
from services.cli import output
from services.cli.target import Target

FIRST_PAUSE_SECONDS = 0.1
LAST_PAUSE_SECONDS = 1.0


async def wait_until_done(data: Path, timeout_seconds: float) -> tuple[Progress, list[dict[str, Any]]]:
    """The last look, which is done unless time ran out, and the open entries of the quarantine."""
    target, line = Target(data), output.Progress()
    deadline, pause = time.monotonic() + timeout_seconds, FIRST_PAUSE_SECONDS
    async with target.open_postgres() as engine, target.open_opensearch() as client:
        while True:
            found = await progress(engine)
            if found.done:
                names = IndexNames()
                await client.indices.refresh(index=",".join(names.alias(kind) for kind in ALIASES))
                found = await progress(engine)
            if found.done or time.monotonic() >= deadline:
                break
            line.show(", ".join(f"{open_.count:,} {kind}" for kind, open_ in found.unfinished.items()))
            await sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(LAST_PAUSE_SECONDS, pause * 1.5)
        line.clear()
        return found, [dict(row) for row in await QuarantineDesk(engine).listed()]
