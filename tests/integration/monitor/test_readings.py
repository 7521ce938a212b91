"""What is read of the real engines is what stands there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
import pytest
from nats.js import JetStreamContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.nats.provision import provision_streams
from libs.adapters.nats.readings import ConsumerReading, read_bus
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.readings import newest_capture, read_index
from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.postgres.backup import note_backup, note_verified
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.readings import read_account, read_database, read_work
from libs.contracts.pipeline import Lane, StageSpec, StreamSpec

STREAM = StreamSpec("MONITOR_TEST", "monitor.test", max_age_seconds=600, max_bytes=1_000_000)
STAGE = StageSpec("monitor-test", consumes=(STREAM,), produces=(), batch=4)


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(nats_url)
    js = client.jetstream()
    await provision_streams(js, streams=(STREAM,), stages=(STAGE,))
    yield js
    await js.delete_stream(STREAM.name)
    await client.close()


@pytest.fixture
async def postgres(postgres_database: Any) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests", pool_size=2)
    yield engine
    await engine.dispose()


async def run(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


def a_capture(name: str, age: str, *, end: str | None = None, source: str = "NULL") -> str:
    ended = f"'{end}', now()" if end else "NULL, NULL"
    pages = "1, 'p'" if end == "extracted" else "NULL, NULL"
    return f"""INSERT INTO captures (capture_id, asked_url, final_url, sha256, captured_at, lane, trace_id, recorded_at,
        "end", ended_at, articles, page_id, source_id)
        VALUES ('{name}', 'https://a.example/', 'https://a.example/', 'x', now(), 'live', 't', now() - interval '{age}',
        {ended}, {pages}, {source})"""


def a_source(name: str, *, paused: bool = False, failures: int = 0, due_in: str = "1 minute") -> str:
    return f"""INSERT INTO sources (source_id, kind, url, lane, period_seconds, paused, failures, next_poll_at)
        VALUES ('{name}', 'feed', 'https://{name}.example/feed', 'live', 900, {paused}, {failures},
        now() + interval '{due_in}')"""


# --- the bus


async def test_a_consumer_is_read_with_what_it_left_lying_and_when_it_last_acknowledged(js: JetStreamContext) -> None:
    for n in range(3):
        await js.publish(f"{STREAM.event}.{Lane.LIVE}", str(n).encode())
    before = {c.name: c for c in (await read_bus(js, streams=(STREAM,), stages=(STAGE,))).consumers}
    live = STAGE.durable(STREAM, Lane.LIVE)
    assert (before[live].pending, before[live].unacked) == (3, 0)
    pull = await js.pull_subscribe_bind(durable=live, stream=STREAM.name)
    first, _ = await pull.fetch(2)
    await first.ack_sync()
    reading = await read_bus(js, streams=(STREAM,), stages=(STAGE,))
    after = {c.name: c for c in reading.consumers}
    assert (after[live].pending, after[live].unacked) == (1, 1)
    acked, made = after[live].last_ack, before[live].last_ack
    assert acked is not None
    assert made is not None
    assert acked > made
    [stream] = reading.streams
    assert (stream.messages, stream.limit_bytes) == (3, 1_000_000)


async def test_what_is_missing_on_the_bus_is_told(js: JetStreamContext) -> None:
    gone = STAGE.durable(STREAM, Lane.REPLAY)
    await js.delete_consumer(STREAM.name, gone)
    other = StreamSpec("MONITOR_TEST_ABSENT", "monitor.absent")
    reading = await read_bus(js, streams=(STREAM, other), stages=(STAGE,))
    assert [stream.name for stream in reading.streams] == [STREAM.name]
    assert ConsumerReading(gone) in reading.consumers


# --- the database


async def test_the_server_tells_its_sizes_and_limits(postgres: AsyncEngine) -> None:
    reading = await read_database(postgres)
    assert 1 <= reading.connections < reading.connections_limit
    assert reading.bytes > 1_000_000
    assert reading.wal_bytes is not None
    assert reading.wal_bytes > 0
    assert 0 <= reading.cache_hits <= 1


async def test_an_open_transaction_grows_old(postgres: AsyncEngine) -> None:
    async with postgres.connect() as connection:
        await connection.execute(text("SELECT pg_sleep(0.05)"))
        assert (await read_database(postgres)).oldest_transaction_seconds >= 0.05


async def test_work_counts_what_has_no_end_and_how_old_it_is(postgres: AsyncEngine) -> None:
    await run(
        postgres,
        a_capture("old", "2 hours"),
        a_capture("new", "1 minute"),
        a_capture("ended", "3 hours", end="extracted"),
        a_source("well"),
        a_source("paused", paused=True, failures=3),
        a_source("failing", failures=1),
        a_source("late", due_in="-1 hour"),
        """INSERT INTO quarantine (quarantine_id, stage, reason, error, worker)
        VALUES ('1', 'normalizer', 'parse_crash', 'e', 'w')""",
        """INSERT INTO quarantine (quarantine_id, stage, reason, error, worker, state)
        VALUES ('2', 'normalizer', 'parse_crash', 'e', 'w', 'resolved')""",
        """INSERT INTO fetches (fetch_id, kind, url, lane, due_at)
        VALUES ('due', 'page', 'u', 'live', now() - interval '60 s'), ('later', 'page', 'v', 'live', now() + interval '1 h')""",
    )
    reading = await read_work(postgres)
    assert tuple(reading.unfinished[kind, "live"] for kind in ("capture", "fetch", "revision")) == (2, 1, 0)
    assert 7_200 <= reading.oldest_seconds["capture", "live"] < 7_300
    assert 60 <= reading.oldest_seconds["fetch", "live"] < 160
    assert reading.oldest_seconds["revision", "live"] == 0
    assert reading.unfinished["capture", "replay"] == 0
    assert reading.quarantined == {("normalizer", "parse_crash"): 1}
    assert reading.sources == {"known": 4, "paused": 1, "failing": 1, "overdue": 1}


async def test_a_source_is_silent_by_its_own_rhythm(postgres: AsyncEngine) -> None:
    """Two give an article an hour; one of them stopped five hours ago. A third gives one a day and is in its rhythm."""
    hours = {"steady": range(12), "stopped": range(5, 17), "daily": range(20, 20 + 24 * 12, 24), "young": range(5, 8)}
    await run(
        postgres,
        *(a_source(name) for name in hours),
        *(
            a_capture(f"{name}-{hour}", f"{hour} hours", end="extracted", source=f"'{name}'")
            for name, told in hours.items()
            for hour in told
        ),
    )
    reading = await read_account(postgres)
    assert reading.silent == ["https://stopped.example/feed"]
    assert reading.recorded["captures", "extracted"] == sum(len(told) for told in hours.values())
    assert reading.recorded["captures", "quarantined"] == reading.recorded["revisions", "under_way"] == 0
    assert reading.broken == {}


async def test_a_broken_rule_of_the_ledger_is_counted(postgres: AsyncEngine) -> None:
    await run(postgres, a_capture("c", "1 minute", end="extracted"), "UPDATE captures SET ended_at = NULL")
    assert (await read_account(postgres)).broken == {"a capture has an end exactly when it has the time of it": 1}


async def test_the_newest_backup_and_the_newest_trial_are_told_by_their_times(postgres: AsyncEngine) -> None:
    assert (await read_account(postgres)).backups == {"taken": 0, "verified": 0}
    times = [datetime(2024, 5, day, tzinfo=UTC) for day in (14, 15)]
    for at in times:
        await note_backup(postgres, at.isoformat(), at, missing_blobs=0)
    assert (await read_account(postgres)).backups == {"taken": times[1].timestamp(), "verified": 0}
    began = datetime.now(UTC).timestamp()
    for _ in range(2):
        await note_verified(postgres, times[0].isoformat(), times[0], missing_blobs=0)
    backups = (await read_account(postgres)).backups
    assert backups["taken"] == times[1].timestamp()
    assert backups["verified"] >= began - 60


# --- the index


async def test_the_cluster_tells_its_state_and_which_indices_refuse_writes(opensearch_url: str) -> None:
    names = IndexNames("monitor-test-")
    index, alias = names.physical("articles", "en", 1), names.alias("articles")
    client = open_client(opensearch_url)
    try:
        mapping = {"properties": {"url": {"type": "keyword"}, "captured_at": {"type": "date"}}}
        await client.indices.create(index=index, body={"mappings": mapping, "aliases": {alias: {}}})
        for hour in (9, 11, 10):
            document = {"url": "https://a.example/", "captured_at": f"2026-03-04T{hour:02}:00:00+00:00"}
            await client.index(index=index, body=document, refresh=True)
        reading = await read_index(client, names)
        assert reading.status in (0, 1)
        assert (reading.blocked, reading.documents) == (0, {"articles": 3})
        [node] = reading.nodes
        assert 0 < node.disk_free <= node.disk_total
        assert 0 < node.heap < 1
        newest = await newest_capture(client, "https://a.example/", names)
        assert newest is not None
        assert (newest.hour, newest.utcoffset()) == (11, timedelta(0))
        assert await newest_capture(client, "https://other.example/", names) is None
        await client.indices.put_settings(index=index, body={"index.blocks.write": True})
        assert (await read_index(client, names)).blocked == 1
    finally:
        await client.indices.delete(index=index)
        await client.close()
