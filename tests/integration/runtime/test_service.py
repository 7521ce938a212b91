"""A service as a process: how it starts, ends, is killed, and goes on."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from nats.js import JetStreamContext
from nats_rig import PROBE, NatsServer, connected, free_port, page, provisioned, send, stored

from libs.contracts.pipeline import LANES, PAGES_FETCHED, Lane
from libs.runtime.failpoints import POINTS
from libs.runtime.service import EXIT_CONSUMER_DRIFT, EXIT_CONSUMER_GONE
from libs.runtime.topology import consumer_config

HERE = Path(__file__).parent
PATIENCE_SECONDS = 30


@dataclass
class Probe:
    """Starts and watches probe workers."""

    url: str
    folder: Path
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def journal(self) -> list[str]:
        path = self.folder / "journal"
        return path.read_text().split() if path.exists() else []

    def start(self, *, failpoint: str = "") -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}",
            "NEWSFOLD_NATS_URL": self.url,
            "NEWSFOLD_METRICS_PORT": str(self.port),
            "NEWSFOLD_FAILPOINT": failpoint,
            "NEWSFOLD_GRACE_SECONDS": "10",
        }
        command = [sys.executable, str(HERE / "probe_worker.py"), str(self.folder / "journal")]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stderr=log)
        self.processes.append(process)
        return process

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def ready(self) -> bool:
        return self.get("/health/ready")[0] == 200

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition; fail with the log when it does not come true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            await asyncio.sleep(0.05)

    async def ended(self, process: subprocess.Popen[bytes]) -> int:
        await self.until(lambda: process.poll() is not None)
        return process.wait()


@pytest.fixture
def probe(nats_server: NatsServer, tmp_path: Path) -> Iterator[Probe]:
    probe = Probe(nats_server.url, tmp_path)
    yield probe
    for process in probe.processes:
        process.kill()
        process.wait()


async def test_it_waits_for_its_consumers_and_then_works_every_lane(probe: Probe, nats_server: NatsServer) -> None:
    client = await connected(nats_server.url)
    process = probe.start()
    await probe.until(lambda: probe.get("/health/live")[0] == 200)
    status, report = probe.get("/health/ready")
    assert (status, json.loads(report)["consumers_exist"]) == (503, False)
    js = await provisioned(client)
    await probe.until(probe.ready)
    await send(js, *(page(n, lane) for n, lane in enumerate(LANES)))
    await probe.until(lambda: len(probe.journal) == 2 * len(LANES))
    _, metrics = probe.get("/metrics")
    for lane in LANES:
        assert f'newsfold_messages_total{{lane="{lane}",outcome="emit",reason="",stage="probe"}} 1.0' in metrics
    process.send_signal(signal.SIGTERM)
    assert await probe.ended(process) == 0
    assert sorted(await stored(js)) == [f"c0ffee-{n}.0" for n in range(len(LANES))]
    await client.close()


async def test_a_malformed_message_is_set_aside_and_the_service_goes_on(probe: Probe, js: JetStreamContext) -> None:
    await js.publish("page.fetched.live", b"{ no json", headers={"content-type": "application/json"})
    await send(js, page(1))
    probe.start()
    await probe.until(lambda: "-c0ffee-1" in probe.journal and "!message_malformed:" in probe.journal)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_failpoint_its_successor_finishes_the_work_once(
    probe: Probe, js: JetStreamContext, point: str
) -> None:
    await send(js, *(page(n) for n in range(3)))
    assert await probe.ended(probe.start(failpoint=f"probe:{point}")) == -signal.SIGKILL
    info = await js.consumer_info(PAGES_FETCHED.name, PROBE.durable(PAGES_FETCHED, Lane.LIVE))
    assert info.num_ack_pending == 3  # it was hit with unfinished work in hand
    probe.start()
    await _until_idle(js)
    assert sorted(await stored(js)) == [f"c0ffee-{n}.0" for n in range(3)]


def _taken(journal: list[str]) -> int:
    return sum(line.startswith("+") for line in journal)


async def _until_idle(js: JetStreamContext) -> None:
    while True:
        info = await js.consumer_info(PAGES_FETCHED.name, PROBE.durable(PAGES_FETCHED, Lane.LIVE))
        if not info.num_pending and not info.num_ack_pending:
            return
        await asyncio.sleep(0.05)


async def test_a_message_that_kills_the_process_is_set_aside_and_its_neighbours_are_finished(
    probe: Probe, js: JetStreamContext
) -> None:
    await send(js, page(1), page(2, word="fatal"), page(3), page(4))
    while "!too_many_deliveries:fatal-2" not in probe.journal:
        process = probe.start()
        await probe.until(
            lambda started=process: started.poll() is not None or "!too_many_deliveries:fatal-2" in probe.journal  # type: ignore[misc]
        )
    await _until_idle(js)
    assert [line for line in probe.journal if line.startswith("!")] == ["!too_many_deliveries:fatal-2"]
    assert sorted(await stored(js)) == ["c0ffee-1.0", "c0ffee-3.0", "c0ffee-4.0"]


async def test_sigterm_lets_work_in_hand_end_and_leaves_the_rest_to_others(probe: Probe, js: JetStreamContext) -> None:
    process = probe.start()
    await probe.until(probe.ready)
    await send(js, *(page(n, word="slow") for n in range(20)))
    await probe.until(lambda: _taken(probe.journal) > 0)
    process.send_signal(signal.SIGTERM)
    assert await probe.ended(process) == 0
    taken, finished = _taken(probe.journal), sum(line.startswith("-") for line in probe.journal)
    assert 0 < finished == taken < 20
    assert len(await stored(js)) == finished
    probe.start()
    await probe.until(lambda: sum(line.startswith("-") for line in probe.journal) == 20)
    await _until_idle(js)
    assert not [line for line in probe.journal if line.startswith("!")]
    assert len(await stored(js)) == 20


async def test_a_consumer_that_vanishes_ends_the_process(probe: Probe, js: JetStreamContext) -> None:
    process = probe.start()
    await probe.until(probe.ready)
    await js.delete_consumer(PAGES_FETCHED.name, PROBE.durable(PAGES_FETCHED, Lane.REPLAY))
    assert await probe.ended(process) == EXIT_CONSUMER_GONE


async def test_a_consumer_with_other_settings_is_refused(probe: Probe, js: JetStreamContext) -> None:
    other = consumer_config(replace(PROBE, ack_wait_seconds=7), PAGES_FETCHED, Lane.LIVE)
    await js.add_consumer(PAGES_FETCHED.name, other)
    assert await probe.ended(probe.start()) == EXIT_CONSUMER_DRIFT
    log = (probe.folder / "log").read_text()
    assert "consumer probe-live: ack_wait is 7" in log
    assert "newsfold provision" in log


async def test_it_starts_before_its_broker_and_is_ready_after_it(probe: Probe, nats_server: NatsServer) -> None:
    nats_server.kill()
    probe.start()
    await probe.until(lambda: probe.get("/health/live")[0] == 200)
    assert not probe.ready()
    nats_server.start()
    client = await connected(nats_server.url)
    js = await provisioned(client)
    await probe.until(probe.ready)
    await send(js, page(1))
    await probe.until(lambda: "-c0ffee-1" in probe.journal)
    await client.close()


async def test_it_can_be_stopped_while_its_broker_is_down(probe: Probe, nats_server: NatsServer) -> None:
    nats_server.kill()
    process = probe.start()
    await probe.until(lambda: probe.get("/health/live")[0] == 200)
    process.send_signal(signal.SIGTERM)
    assert await probe.ended(process) in (0, 1)


async def test_a_broker_that_is_killed_and_comes_back_is_used_again(
    probe: Probe, nats_server: NatsServer, js: JetStreamContext
) -> None:
    probe.start()
    await probe.until(probe.ready)
    await send(js, page(1))
    await probe.until(lambda: "-c0ffee-1" in probe.journal)
    nats_server.kill()
    await probe.until(lambda: not probe.ready())
    nats_server.start()
    client = await connected(nats_server.url)
    again = client.jetstream()
    await send(again, page(2))
    await probe.until(lambda: "-c0ffee-2" in probe.journal)
    await probe.until(probe.ready)
    assert sorted(await stored(again)) == ["c0ffee-1.0", "c0ffee-2.0"]
    await client.close()
