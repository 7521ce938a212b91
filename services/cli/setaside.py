"""Shows and replays what is in quarantine."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.quarantine import QuarantineDesk
from libs.contracts.quarantine import QuarantineEntry
from services.cli.failures import CommandFailed
from services.cli.publishing import Publish


async def shown(engine: AsyncEngine, name: str) -> QuarantineEntry:
    """The entry whose id is, or alone begins with, `name`. Raises CommandFailed."""
    found = await QuarantineDesk(engine).shown(name)
    if found is None:
        raise CommandFailed(f"no entry, or more than one, begins with {name}: `newsfold quarantine list --all`")
    return QuarantineEntry.of(found)


async def replay(
    engine: AsyncEngine, publish: Publish, names: Sequence[str], *, everything: bool, reason: str | None
) -> dict[str, list[str]]:
    """`{"replayed": [id], "impossible": [id]}`. Each is published before the next one is opened."""
    desk = QuarantineDesk(engine)
    result: dict[str, list[str]] = {"replayed": [], "impossible": []}
    chosen = [(await shown(engine, name)).quarantine_id for name in names]
    if everything or reason is not None:
        chosen += [str(e["quarantine_id"]) for e in await desk.listed() if reason in (None, e["reason"])]
    for identifier in dict.fromkeys(chosen):
        event = await desk.replayed(identifier)
        if event is not None:
            await publish([event])
        result["replayed" if event is not None else "impossible"].append(identifier)
    return result
