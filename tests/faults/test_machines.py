"""What goes wrong with the machine below: processes that freeze or die all the time, a disk that is full."""

import random
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext
from support.arena import Arenas
from support.disks import small_disk

from libs.adapters.engines import LocalEngines
from libs.contracts.pipeline import NORMALIZER

pytestmark = pytest.mark.slow

CONSUMING = ("normalizer", "deduplicator", "indexer")
STAGES = ("fetcher", *CONSUMING)


def test_consumers_that_freeze_for_longer_than_the_broker_waits_change_nothing_when_they_wake(arenas: Arenas) -> None:
    with arenas.open(normalizer=2, deduplicator=2, indexer=2) as arena:
        arena.load(400, under_way=40)
        with arena.struck("the first consumer of each stage is frozen"), arena.frozen(*CONSUMING):
            time.sleep(3 * NORMALIZER.ack_wait_seconds)


def test_services_that_are_killed_all_the_time_lose_nothing(arenas: Arenas) -> None:
    chance = random.Random(3)
    with arenas.open() as arena:
        arena.load(300)
        for _ in range(3):
            with arena.struck("every service is killed"):
                for name in STAGES:
                    arena.stack.kill(name)
                    time.sleep(chance.uniform(0, 0.5))


async def test_a_broker_whose_disk_was_full_kept_what_it_confirmed_and_serves_again_once_restarted(
    open_folder: Path,
) -> None:
    """It writes no more to a stream after the first write that found no room, also when there is room again."""
    with small_disk(open_folder, "32m") as disk, ExitStack() as opened:
        broker = LocalEngines(disk.folder / "broker", which={"nats"})
        opened.callback(broker.forget)
        broker.start()
        async with broker_client(broker) as js:
            await js.add_stream(name="NEWS", subjects=["news"])
            confirmed = await confirmed_of(js, 20)
            disk.fill()
            confirmed += await confirmed_of(js, 100)
            assert confirmed < 20 + 100, "the disk was not full"
            assert not is_well(broker)
            disk.free()
            assert await confirmed_of(js, 1) == 0
        broker.restart("nats")
        assert is_well(broker)
        async with broker_client(broker) as js:
            assert (await js.stream_info("NEWS")).state.messages >= confirmed
            assert await confirmed_of(js, 5) == 5


async def confirmed_of(js: JetStreamContext, count: int) -> int:
    """How many of some messages the broker confirms, up to the first that it does not."""
    for number in range(count):
        try:
            await js.publish("news", bytes(500), timeout=2)
        except nats.errors.TimeoutError:
            return number
    return count


def is_well(broker: LocalEngines) -> bool:
    """What the broker says of itself."""
    try:
        with urllib.request.urlopen(f"{broker.nats_monitor_url}/healthz", timeout=30) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except urllib.error.HTTPError as error:
        error.close()
        return False


@asynccontextmanager
async def broker_client(broker: LocalEngines) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(broker.urls.nats, connect_timeout=30)
    try:
        yield client.jetstream(timeout=30)
    finally:
        await client.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every account may enter: under root the engines run as another."""
    folder = Path(tempfile.mkdtemp(prefix="newsfold-disk-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
