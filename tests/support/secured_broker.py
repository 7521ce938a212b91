"""A nats-server that knows our users by their keys and gives each its rights, as the configuration for Compose does."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import nats
from nats.aio.client import Client

from libs.adapters.nats.permissions import configuration, permissions
from libs.runtime.login import login, new_seed, public_key


def subject_of(error: str) -> str:
    """The subject that a refusal names, in lower case: the client library lowers all of it."""
    found = re.search(r'to "([^"]+)"', error)
    assert found, error
    return found[1]


async def settled(client: Client) -> None:
    """Return when the server has answered all that was sent: the client's first ping overtakes what it has not written."""
    await client.flush()
    await client.flush()


class SecuredBroker:
    """One server process with a store of its own; `url(user)` holds that user's seed. `more` is added to its configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self._seeds = {user: new_seed(secrets.token_bytes(32)) for user in permissions()}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        configured = folder / "nats.conf"
        configured.write_text(
            f"listen: 127.0.0.1:{self._port}\njetstream {{ store_dir: {str(folder / 'store')!r} }}\n"
            + configuration({user: public_key(seed) for user, seed in self._seeds.items()})
            + more
        )
        program = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        assert program is not None, "nats-server comes with the extra `engines`"
        self._process = subprocess.Popen([program, "-c", str(configured)], stderr=subprocess.DEVNULL)
        self._await_port()

    def _await_port(self) -> None:
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, "nats-server ended"
                time.sleep(0.01)

    @property
    def bare_url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    def url(self, user: str) -> str:
        return f"nats://{self._seeds[user]}@127.0.0.1:{self._port}"

    def inbox(self, user: str) -> str:
        return str(login(self.url(user))["inbox_prefix"])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    @asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
        """A connection as a user, and the refusals that it has met."""
        refusals: list[str] = []

        async def note(error: Exception) -> None:
            refusals.append(str(error))

        client = await nats.connect(**login(self.url(user)), error_cb=note)
        try:
            yield client, refusals
        finally:
            await client.close()

    async def refused(self, user: str, subjects: Iterable[str]) -> set[str]:
        """Those of `subjects` that the server does not let a user publish to."""
        wanted = {subject.lower(): subject for subject in subjects}
        async with self.client(user) as (client, refusals):
            for subject in wanted.values():
                await client.publish(subject, b"")
            await settled(client)
            return {wanted[subject_of(refusal)] for refusal in refusals}
