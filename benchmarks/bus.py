"""A stage with every guarantee on, beside a bare pull-publish-acknowledge loop on the same server in the same run.

    python -m benchmarks.bus --messages 5000 [--rounds 3]

The stage is a service as all of ours are: it decodes and judges messages, records each in PostgreSQL in one transaction
a batch, publishes what follows under deterministic ids, acknowledges, counts, and logs each message. The loop is
nats-py alone: it pulls batches of the same size, publishes the same bytes for all of a batch at once, and acknowledges;
it records nothing. Both run in a process of their own against a local server that syncs before each acknowledgement.
Speed is taken from the server's own times of the first and last message that came out, so starting does not count.
"""

import argparse
import asyncio
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import nats
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError
from sqlalchemy import text

from benchmarks.pipeline import data_folder
from libs.adapters.engines import LocalEngines
from libs.adapters.nats.provision import provision_streams
from libs.adapters.postgres.engine import open_postgres
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.pipeline import ARTICLES_NORMALIZED, NORMALIZER, PAGES_FETCHED, Lane
from libs.runtime.outcomes import Emit
from libs.runtime.service import Service
from libs.runtime.settings import Settings
from libs.runtime.settle import Result, SetAside

RAW = "raw"  # the loop's own consumer
DRAIN_SECONDS = 0.05
PATIENCE_SECONDS = 600
_TABLE = text("CREATE TABLE IF NOT EXISTS effects (key text PRIMARY KEY)")
_RECORD = text("INSERT INTO effects SELECT unnest(CAST(:keys AS text[])) ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True)
class Round:
    """Messages a second."""

    stage: float
    raw: float

    @property
    def ratio(self) -> float:
        return self.stage / self.raw


def follow_up(event: PageFetched) -> ArticleNormalized:
    """What is published for a message."""
    keys = {"revision_id": event.capture_id, "article_id": event.capture_id}
    return ArticleNormalized(lane=event.lane, trace_id=event.trace_id, **keys)


# --- the two that are compared, each in a process of its own


class _NoQuarantine:
    async def put(self, entry: SetAside) -> None:
        raise AssertionError(f"nothing may go wrong here: {entry.error}")


async def stage() -> None:
    """The service; ends when it is asked to."""
    settings = Settings()
    service = Service(NORMALIZER.name, settings)
    engine = open_postgres(settings.postgres_url.get_secret_value(), application="benchmark", pool_size=4)

    async def handle(events: Sequence[PageFetched]) -> Sequence[Result]:
        async with engine.begin() as connection:
            await connection.execute(_RECORD, {"keys": [event.capture_id for event in events]})
        return [Emit((follow_up(event),)) for event in events]

    service.consume(NORMALIZER, {PAGES_FETCHED: (PageFetched, handle)}, quarantine=_NoQuarantine())
    service.at_end(engine.dispose)
    await service.run()


async def raw() -> None:
    """The bare loop; ends when it is asked to."""
    client = await nats.connect(os.environ["NEWSFOLD_NATS_URL"])
    js = client.jetstream()
    pulled = await js.pull_subscribe_bind(durable=RAW, stream=PAGES_FETCHED.name)
    while True:
        try:
            messages = await pulled.fetch(NORMALIZER.batch, timeout=5)
        except nats.errors.TimeoutError:
            continue
        bodies = [follow_up(PageFetched.model_validate_json(m.data)).model_dump_json().encode() for m in messages]
        subject = f"{ARTICLES_NORMALIZED.event}.{Lane.LIVE}"
        await asyncio.gather(*(js.publish(subject, body, stream=ARTICLES_NORMALIZED.name) for body in bodies))
        for message in messages:
            await message.ack()


# --- measuring


async def measure(nats_url: str, postgres_url: str, messages: int) -> Round:
    """One after the other, each over the same messages on empty streams."""
    engine = open_postgres(postgres_url, application="benchmark", pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(_TABLE)
        await connection.execute(text("TRUNCATE effects"))
    await engine.dispose()
    environment = {**os.environ, "NEWSFOLD_NATS_URL": nats_url, "NEWSFOLD_POSTGRES_URL": postgres_url}
    client = await nats.connect(nats_url)
    try:
        speeds = {who: await _speed(client.jetstream(), who, messages, environment) for who in ("raw", "stage")}
    finally:
        await client.close()
    return Round(**speeds)


async def _speed(js: JetStreamContext, who: str, messages: int, environment: dict[str, str]) -> float:
    for stream in (PAGES_FETCHED, ARTICLES_NORMALIZED):
        with suppress(NotFoundError):
            await js.delete_stream(stream.name)
    await provision_streams(js)
    await js.add_consumer(PAGES_FETCHED.name, ConsumerConfig(durable_name=RAW, ack_wait=30))
    for at in range(0, messages, 500):
        events = (
            PageFetched(lane=Lane.LIVE, trace_id=f"{n:032x}", capture_id=f"{n:064x}") for n in range(at, at + 500)
        )
        await asyncio.gather(*(js.publish(e.subject, e.model_dump_json().encode()) for e in events))
    command = [sys.executable, "-m", "benchmarks.bus", "--run", who]
    nowhere = asyncio.subprocess.DEVNULL
    worker = await asyncio.create_subprocess_exec(*command, env=environment, stdout=nowhere, stderr=nowhere)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await js.stream_info(ARTICLES_NORMALIZED.name)).state.messages < messages:
                if worker.returncode is not None:
                    raise RuntimeError(f"the {who} ended with {worker.returncode}")
                await asyncio.sleep(DRAIN_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            worker.terminate()
        await worker.wait()
    state = (await js.stream_info(ARTICLES_NORMALIZED.name)).state
    first, last = [await js.get_msg(ARTICLES_NORMALIZED.name, seq) for seq in (state.first_seq, state.last_seq)]
    assert first.time is not None
    assert last.time is not None
    return (messages - 1) / (last.time - first.time).total_seconds()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5000, metavar="N", help="a multiple of 500")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--run", choices=("stage", "raw"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        asyncio.run({"stage": stage, "raw": raw}[asked.run]())
        return
    with data_folder() as data, LocalEngines(data, which=("nats", "postgres")) as engines:
        rounds = []
        for n in range(asked.rounds):
            rounds.append(one := asyncio.run(measure(engines.nats, engines.postgres, asked.messages)))
            print(f"round {n + 1}: stage {one.stage:,.0f}, bare loop {one.raw:,.0f} messages/s: {one.ratio:.2f}x")
    print(f"median: the stage runs at {statistics.median(r.ratio for r in rounds):.2f}x of the bare loop")


if __name__ == "__main__":
    main()
