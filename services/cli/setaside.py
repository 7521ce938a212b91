"""Shows and replays what is in quarantine."""

import base64
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.quarantine import QuarantineDesk
from services.cli.failures import CommandFailed
from services.cli.publishing import Publish


async def shown(engine: AsyncEngine, name: str) -> dict[str, Any]:
    """An entry for JSON. `payload` is the message as text where it is text; `payload_base64` its very bytes."""
    found = await QuarantineDesk(engine).shown(name)
    if found is None:
        raise CommandFailed(f"no entry, or more than one, begins with {name}: `newsfold quarantine list --all`")
    payload = bytes(found["payload"] or b"")
    return {
        **found,
        "recorded_at": found["recorded_at"].isoformat(),
        "replayed_at": found["replayed_at"] and found["replayed_at"].isoformat(),
        "payload": _text(payload),
        "payload_base64": base64.b64encode(payload).decode(),
    }


async def replay(
    engine: AsyncEngine, publish: Publish, names: Sequence[str], *, everything: bool, reason: str | None
) -> dict[str, list[str]]:
    """`{"replayed": [id], "impossible": [id]}`. Each is published before the next one is opened."""
    desk = QuarantineDesk(engine)
    result: dict[str, list[str]] = {"replayed": [], "impossible": []}
    chosen = [str((await shown(engine, name))["quarantine_id"]) for name in names]
    if everything or reason is not None:
        chosen += [str(e["quarantine_id"]) for e in await desk.listed() if reason in (None, e["reason"])]
    for identifier in dict.fromkeys(chosen):
        event = await desk.replayed(identifier)
        if event is not None:
            await publish([event])
        result["replayed" if event is not None else "impossible"].append(identifier)
    return result


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None
