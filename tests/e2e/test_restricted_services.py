"""Every service with its own key and its own role does all of its work: nothing that it needs is refused to it."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.fixtures import Stacks, build_sites
from support.secured_broker import SecuredBroker
from support.stack import CHECKOUT, Stack

from libs.adapters.postgres.grants import PREFIX, roles
from services.__main__ import SERVICES

REFUSED = ("nats_refused", "permission denied", "InsufficientPrivilege", "violation")


@dataclass(frozen=True)
class Restricted:
    """`owner` may do all; `operator` runs commands as the role and the user `cli`."""

    owner: Stack
    operator: Stack
    logs: Path
    processes: dict[str, subprocess.Popen[bytes]]

    def await_end(self) -> None:
        """Until everything has its end; a service that died or was refused something fails at once."""

        def done() -> bool:
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not dead, f"{dead} ended: {self.told(dead[0])[-2000:]}"
            assert self.refusals() == {}
            progress = self.owner.progress()
            return progress.queued > 0 and progress.unfinished == 0

        self.owner.until(done, "an end of everything")

    def told(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text()

    def refusals(self) -> dict[str, list[str]]:
        found = {n: [line for line in self.told(n).splitlines() if any(w in line for w in REFUSED)] for n in SERVICES}
        return {name: lines for name, lines in found.items() if lines}


@pytest.fixture
def restricted(stacks: Stacks, tmp_path: Path) -> Iterator[Restricted]:
    broker, owner = SecuredBroker(tmp_path), stacks.fresh()
    owner.data.mkdir()
    passwords = {role: secrets.token_hex(8) for role in roles()}
    place = owner.environment["NEWSFOLD_POSTGRES_URL"].rpartition("@")[2]

    def environment(name: str) -> dict[str, str]:
        return {
            **owner.environment,
            "NEWSFOLD_NATS_URL": broker.url(name),
            "NEWSFOLD_POSTGRES_URL": f"postgresql://{PREFIX}{name}:{passwords[name]}@{place}",
        }

    owner_of_all = {
        "NEWSFOLD_NATS_URL": broker.url("provision"),
        "NEWSFOLD_POSTGRES_ROLES": "\n".join(f"{role}={password}" for role, password in passwords.items()),
    }
    Stack(owner.data, {**owner.environment, **owner_of_all}).command("provision")
    processes = {name: _start(name, environment(name), owner.data, tmp_path / f"{name}.log") for name in SERVICES}
    try:
        yield Restricted(owner, Stack(owner.data, environment("cli")), tmp_path, processes)
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait()
        broker.stop()


def _start(name: str, environment: dict[str, str], data: Path, log: Path) -> subprocess.Popen[bytes]:
    settings = {**environment, "NEWSFOLD_DATA_DIR": str(data), "NEWSFOLD_BLOBS_URL": f"file:{data / 'blobs'}"}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "services", name],
            env={**os.environ, **settings, "PYTHONPATH": str(CHECKOUT)},
            stdout=file,
            stderr=file,
        )


def test_services_and_commands_do_their_work_with_their_own_rights_alone(restricted: Restricted, sites: Path) -> None:
    operator = restricted.operator
    operator.command("ingest", "mirror", str(sites))
    restricted.await_end()
    try:
        build_sites(sites, "--stage", "updated")
        operator.command("ingest", "mirror", str(sites))
        restricted.await_end()
    finally:
        build_sites(sites)

    operator.verify()
    assert len(operator.articles()) > 100
    assert operator.ask("reconcile")["provisioned"] == []
    assert operator.ask("reindex")["set_aside"] == []
    assert operator.lines("quarantine", "list") == []
    operator.command("rebuild", "stories")
    restricted.await_end()
    operator.verify()
    _correct(restricted)


def _correct(restricted: Restricted) -> None:
    """What editors may decide, down to erasing."""
    operator, decided = restricted.operator, ("--reason", "a test", "--by", "desk")
    one, other = (story["lead"]["key"] for story in operator.lines("story", "list")[:2])
    merged = operator.ask("story", "merge", one, other, *decided)
    operator.command("story", "revoke", str(merged["correction_id"]), *decided)
    assert operator.ask("withdraw", one.partition("#")[0], "--erase", *decided)["erased"]
    restricted.await_end()
    operator.verify()
