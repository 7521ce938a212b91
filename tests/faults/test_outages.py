"""Engines that are away for long, come back again and again, or come back empty: everything heals by itself."""

import asyncio
import json
import random
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
import psutil
import pytest
from nats.js import JetStreamContext
from support.arena import Arena

from libs.contracts.pipeline import NORMALIZER, PAGES_FETCHED, Lane

pytestmark = pytest.mark.slow

LONG_SECONDS = 150  # beyond sixty tries of two seconds, after which the client's own default gives up
DOWN_SECONDS = 60
IDLE_SHARE = 0.2  # of a core, that a service may take while it waits


def test_a_broker_that_is_down_for_minutes_is_waited_for_without_a_busy_loop(arena: Arena) -> None:
    arena.load(120, under_way=10)
    starts = arena.starts()
    with arena.struck("the broker is away"):
        arena.broker.kill("nats")
        taken = processor_seconds(arena)
        time.sleep(LONG_SECONDS)
        for name, seconds in processor_seconds(arena).items():
            assert seconds - taken[name] < IDLE_SHARE * LONG_SECONDS, f"{name} is busy with waiting"
        assert {waits_for(arena, name) for name in ("normalizer", "deduplicator", "indexer")} == {"nats"}
        arena.broker.restart("nats")
    assert arena.starts() == starts


def test_a_broker_that_comes_back_empty_is_filled_again_without_a_command(arena: Arena) -> None:
    arena.load(120, under_way=10)
    with arena.struck("the broker's store is gone"):
        arena.broker.kill("nats")
        arena.broker.wipe("nats")


@pytest.mark.parametrize("what", ["consumer", "stream"])
def test_a_consumer_or_stream_that_is_deleted_is_made_again_without_a_command(arena: Arena, what: str) -> None:
    async def delete(js: JetStreamContext) -> None:
        if what == "consumer":
            await js.delete_consumer(PAGES_FETCHED.name, NORMALIZER.durable(PAGES_FETCHED, Lane.BACKFILL))
        else:
            await js.delete_stream(PAGES_FETCHED.name)

    arena.load(120, under_way=10)
    with arena.struck(f"a {what} is deleted"):
        with_jetstream(arena, delete)


@pytest.mark.parametrize("damage", ["a bit is flipped", "the end is missing"])
def test_a_broker_whose_newest_block_is_damaged_is_made_good_from_the_record(arena: Arena, damage: str) -> None:
    arena.load(120, under_way=10)
    with arena.struck(damage):
        store = store_of(arena)
        arena.broker.kill("nats")
        block = max(store.rglob(f"{PAGES_FETCHED.name}/msgs/*.blk"), key=lambda path: path.stat().st_mtime)
        data = bytearray(block.read_bytes())
        assert data
        if damage == "a bit is flipped":
            data[len(data) // 2] ^= 1
        else:
            del data[-len(data) // 3 :]
        block.write_bytes(data)
        arena.broker.restart("nats")


def test_a_database_that_is_killed_again_and_again_loses_nothing(arena: Arena) -> None:
    chance = random.Random(13)
    starts = arena.starts()
    for _ in range(5):
        arena.load(60)
        with arena.struck("the database is killed"):
            arena.engines.kill("postgres")
            time.sleep(chance.uniform(0, 2))
            arena.engines.restart("postgres")
    assert arena.starts() == starts


def test_an_index_that_is_down_for_a_minute_burns_no_attempt(arena: Arena) -> None:
    before = arena.stack.metric("newsfold_messages_total", stage="indexer", outcome="retry")
    arena.load(120, under_way=10)
    with arena.struck("the index is down"):
        arena.engines.kill("opensearch")
        time.sleep(DOWN_SECONDS)
        assert waits_for(arena, "indexer") == "opensearch"
        arena.engines.restart("opensearch")
    assert arena.stack.metric("newsfold_messages_total", stage="indexer", outcome="retry") == before


def test_an_index_that_was_wiped_is_made_again_by_two_commands(arena: Arena) -> None:
    arena.load(120, under_way=60)
    with arena.struck("every index is deleted"):
        url = arena.engines.opensearch
        listed = json.loads(ask(f"{url}/_cat/indices/articles-*,turns-*,stories-*,alerts-*?format=json"))
        ask(f"{url}/{','.join(row['index'] for row in listed)}", "DELETE")
        arena.stack.command("provision")
        arena.stack.command("reindex")


def store_of(arena: Arena) -> Path:
    """Where the broker keeps its streams."""
    configuration = Path(psutil.Process(arena.broker.pid("nats")).cmdline()[-1])
    return Path(json.loads(configuration.read_text(encoding="utf-8"))["jetstream"]["store_dir"])


def processor_seconds(arena: Arena) -> dict[str, float]:
    """What each service has taken so far, without its children."""
    times = {s.name: psutil.Process(s.pid).cpu_times() for s in arena.stack.services()}
    return {name: taken.user + taken.system for name, taken in times.items()}


def waits_for(arena: Arena, name: str) -> str:
    """The engine that a service says it waits for."""
    report = json.loads(ask(f"http://127.0.0.1:{arena.stack.service(name).port}/health/live"))
    return ",".join(sorted(report["waiting_for"]))


def with_jetstream(arena: Arena, work: Callable[[JetStreamContext], Awaitable[None]]) -> None:
    async def run() -> None:
        client = await nats.connect(arena.broker.urls.nats, connect_timeout=30)
        try:
            await work(client.jetstream(timeout=30))
        finally:
            await client.close()

    asyncio.run(run())


def ask(url: str, method: str = "GET") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=120) as answer:
        return bytes(answer.read())
