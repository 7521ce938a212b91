"""The power goes: the broker keeps what it confirmed, on a disk that forgets whatever was not synced.

Started by a person, as root: `python -m pytest tests/faults/by_hand/power_loss.py`. The disk is an ext4 image whose
file system is shut down at once, with its journal unflushed, while the broker runs on it. That the disk does forget is
proved by a broker with its own default interval between two syncs, which must lose what it confirmed.
"""

import asyncio
import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nats
import psutil
import pytest
from integration.runtime.nats_rig import free_port

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32), linux/fs/ext4/ext4.h
NO_LOG_FLUSH = 2  # what the journal still holds in memory is gone too
MESSAGES = 500
SERVER = Path(psutil.__file__).parents[4] / "bin" / "nats-server"


class ForgetfulDisk:
    """An ext4 file system in a file, mounted at `folder`."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder
        with image.open("wb") as file:
            file.truncate(4 * 1024**3)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
        self.mount()

    def mount(self) -> None:
        done = subprocess.run(
            ["mount", "-o", "loop", str(self._image), str(self.folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"needs to mount a disk of its own, as root: {done.stderr.strip()}")
        self.folder.chmod(0o755)

    def cut_power(self) -> None:
        """From now on nothing reaches the disk, and what had not reached it is gone."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def unmount(self) -> None:
        deadline = time.monotonic() + 60
        while subprocess.run(["umount", str(self.folder)], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline, "the disk is still in use"
            time.sleep(0.2)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[ForgetfulDisk]:
    folder = Path(f"/mnt/newsfold-{os.getpid()}")  # where every account may enter
    folder.mkdir()
    made = ForgetfulDisk(tmp_path / "image", folder)
    try:
        yield made
    finally:
        with suppress(AssertionError):
            made.unmount()
        folder.rmdir()


@pytest.mark.parametrize(("sync", "keeps_all"), [("always", True), ("2m", False)])
def test_a_broker_keeps_what_it_confirmed_only_if_it_syncs_always(
    disk: ForgetfulDisk, sync: str, keeps_all: bool
) -> None:
    port = free_port()
    configuration = disk.folder / "nats.conf"
    configuration.write_text(f'port: {port}\njetstream {{ store_dir: "{disk.folder}/store", sync_interval: {sync} }}\n')
    os.sync()
    with subprocess.Popen([SERVER, "-c", str(configuration)], stderr=subprocess.DEVNULL) as server:
        asyncio.run(_publish(port))
        disk.cut_power()
        server.kill()
    disk.unmount()
    disk.mount()
    with subprocess.Popen([SERVER, "-c", str(configuration)], stderr=subprocess.DEVNULL) as server:
        kept = asyncio.run(_kept(port))
        server.kill()
    assert (kept == MESSAGES) == keeps_all, f"{kept} of {MESSAGES} messages"


async def _publish(port: int) -> None:
    client = await _connect(port)
    js = client.jetstream()
    await js.add_stream(name="CONFIRMED", subjects=["confirmed"])
    os.sync()  # the stream itself is old when the power goes
    for number in range(MESSAGES):
        await js.publish("confirmed", str(number).encode())
    await client.close()


async def _kept(port: int) -> int:
    client = await _connect(port)
    try:
        return (await client.jetstream().stream_info("CONFIRMED")).state.messages
    except nats.js.errors.NotFoundError:
        return 0
    finally:
        await client.close()


async def _connect(port: int) -> nats.aio.client.Client:
    while True:
        with suppress(OSError, nats.errors.Error):
            return await nats.connect(f"nats://127.0.0.1:{port}", connect_timeout=1, allow_reconnect=False)
        await asyncio.sleep(0.1)
