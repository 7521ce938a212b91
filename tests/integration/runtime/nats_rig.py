"""A nats-server of the test's own, that may be killed, and what is said to it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from libs.adapters.nats.provision import provision_streams
from libs.contracts.events import Event, PageFetched
from libs.contracts.pipeline import ARTICLES_NORMALIZED, PAGES_FETCHED, Lane, StageSpec

PROBE = StageSpec(
    "probe",
    consumes=(PAGES_FETCHED,),
    produces=(ARTICLES_NORMALIZED,),
    batch=10,
    pull_wait_seconds=0.05,
    ack_wait_seconds=2,
)
STREAMS = (PAGES_FETCHED, ARTICLES_NORMALIZED)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NatsServer:
    """Keeps its port and its store over restarts."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        program = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert program is not None, "nats-server comes with the extra `engines`"
        self._process = subprocess.Popen(
            [program, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, "nats-server ended"
                time.sleep(0.01)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def page(n: int, lane: Lane = Lane.LIVE, *, word: str = "c0ffee", attempt: int = 0) -> PageFetched:
    """An event about capture number `n`; the probe's handler does what `word` says."""
    return PageFetched(lane=lane, attempt=attempt, trace_id=f"{n:032x}", capture_id=f"{word}-{n}")


async def connected(url: str) -> Client:
    return await nats.connect(url, connect_timeout=5)


async def provisioned(client: Client, stage: StageSpec = PROBE) -> JetStreamContext:
    js = client.jetstream()
    await provision_streams(js, streams=STREAMS, stages=(stage,))
    return js


async def send(js: JetStreamContext, *events: Event) -> None:
    for event in events:
        await js.publish(
            event.subject, event.model_dump_json().encode(), headers={"Nats-Msg-Id": event.message_id}, timeout=5
        )


async def stored(js: JetStreamContext, stream: str = ARTICLES_NORMALIZED.name) -> list[str]:
    """The message ids of a stream, in order."""
    info = await js.stream_info(stream)
    first, last = info.state.first_seq, info.state.last_seq
    found = [await js.get_msg(stream, seq) for seq in range(first, last + 1)] if info.state.messages else []
    return [str((message.headers or {}).get("Nats-Msg-Id")) for message in found]
