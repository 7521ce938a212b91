"""Gathers what `newsfold status` shows; an engine that does not answer is part of the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.queries.ledger import ledger_counts
from libs.contracts.pipeline import LANES, STAGES
from services.cli.failures import CommandFailed
from services.cli.state import RunState, ServiceEntry
from services.cli.supervisor import health
from services.cli.target import Target
from services.cli.words import without_password

Json = dict[str, Any]


async def report(data: Path) -> Json:
    """See docs/reference/cli.md for the shape. Raises CommandFailed when nothing runs and no engine is named."""
    target = Target(data)
    state = target.running()
    problems: dict[str, str] = {}
    lag = await _or_problem(problems, "nats", lambda: _lag(target), [])
    due, ledger = await _or_problem(problems, "postgres", lambda: _recorded(target), (None, None))
    await _or_problem(problems, "opensearch", lambda: _ping(target), None)
    if state is None and len(problems) == 3:
        hint = "see whether they run there and may be reached: `newsfold doctor`"
        raise CommandFailed("\n".join([*dict.fromkeys(problems.values()), hint]))
    return {
        "data": str(data),
        "phase": state.phase if state else None,
        "engines": _engines(target, state, problems),
        "services": [await asyncio.to_thread(_service, entry) for entry in (state.services if state else ())],
        "fetches_due": due,
        "lag": lag,
        "ledger": ledger,
    }


async def _or_problem(problems: dict[str, str], name: str, ask: Callable[[], Awaitable[Any]], otherwise: Any) -> Any:
    try:
        return await asyncio.wait_for(ask(), timeout=15)
    except TimeoutError:
        problems[name] = "no answer within 15 s"
        return otherwise
    except Exception as error:
        problems[name] = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return otherwise


def _engines(target: Target, state: RunState | None, problems: dict[str, str]) -> list[Json]:
    restarts = {entry.name: entry for entry in (state.engines if state else ())}
    found = []
    for name in ("nats", "postgres", "opensearch"):
        try:
            url = without_password(getattr(target, name))
        except CommandFailed:
            url = None
        local = restarts.get(name)
        found.append(
            {
                "name": name,
                "url": url,
                "local": local is not None,
                "restarts": local.restarts if local else None,
                "log": local.log if local else None,
                "problem": problems.get(name),
            }
        )
    return found


def _service(entry: ServiceEntry) -> Json:
    told = health("127.0.0.1", entry.port) if entry.pid is not None else None
    if entry.pid is None:
        condition = f"ended, starts again in {entry.retry_seconds:g} s" if entry.retry_seconds is not None else "ended"
    else:
        condition = "ready" if told is not None else "not ready"
    return {
        "name": entry.name,
        "number": entry.number,
        "state": condition,
        "paused": told.get("paused") if told else None,
        "pid": entry.pid,
        "port": entry.port,
        "starts": entry.starts,
        "last_exit": entry.last_exit,
        "log": entry.log,
    }


async def _lag(target: Target) -> list[Json]:
    found = []
    async with target.open_nats() as client:
        js = client.jetstream(timeout=5)
        for stage in STAGES:
            for stream in stage.consumes:
                for lane in LANES:
                    info = await js.consumer_info(stream.name, stage.durable(stream, lane))
                    found.append(
                        {
                            "consumer": info.name,
                            "stage": stage.name,
                            "lane": lane,
                            "pending": info.num_pending or 0,
                            "unacknowledged": info.num_ack_pending or 0,
                            "redelivered": info.num_redelivered or 0,
                        }
                    )
    return found


async def _recorded(target: Target) -> tuple[Json, Json]:
    async with target.open_postgres() as engine:
        due = await PostgresFetches(engine).due()
        return {lane.value: count for lane, count in due.items()}, await ledger_counts(engine)


async def _ping(target: Target) -> None:
    async with target.open_opensearch() as client:
        await client.cluster.health()
