"""The supervisor over real services: engines elsewhere, engines that die, a supervisor that is killed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.integration.cli.conftest import Newsfold

pytestmark = pytest.mark.engines
PATIENCE_SECONDS = 120


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def belonging_to(data: Path) -> list[psutil.Process]:
    """Living processes that have the data folder in their environment or command."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.environ().values(), *process.cmdline()]
            alive = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
            if alive and any(str(data) in word for word in words):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_with_engines_elsewhere_only_services_are_started_and_none_outlives_a_kill(
    tmp_path: Path, nats_url: str, postgres_url: str, opensearch_url: str
) -> None:
    run = Newsfold(tmp_path / "data")
    elsewhere = {
        "NEWSFOLD_NATS_URL": nats_url,
        "NEWSFOLD_POSTGRES_URL": postgres_url,
        "NEWSFOLD_OPENSEARCH_URL": opensearch_url,
    }
    started = run("up", "--detach", "--scale", "indexer=2", **elsewhere)
    assert started.returncode == 0, started.stderr
    state = run.state()
    try:
        assert state.engines == ()
        assert [s.name for s in state.services].count("indexer") == 2
        assert not (run.data / "engines").exists()
        again = run("up", "--detach", **elsewhere)
        assert again.returncode == 1
        assert f"already (process {state.pid})" in again.stderr
    finally:
        os.kill(state.pid, signal.SIGKILL)

    until(lambda: not belonging_to(run.data))
    assert "nothing is running" in run("articles").stderr


def test_an_engine_that_dies_is_started_again_and_its_streams_are_there(newsfold: Newsfold) -> None:
    (server,) = [process for process in belonging_to(newsfold.data) if process.name() == "nats-server"]

    server.kill()

    until(lambda: next(e.restarts for e in newsfold.state().engines if e.name == "nats") >= 1)
    until(lambda: newsfold("provision", "--check").returncode == 0)


def test_a_service_that_is_killed_comes_back_and_is_shown(newsfold: Newsfold) -> None:
    before = next(s for s in newsfold.state().services if s.name == "indexer")
    assert before.pid is not None

    os.kill(before.pid, signal.SIGKILL)

    until(lambda: next(s.starts for s in newsfold.state().services if s.name == "indexer") > before.starts)

    def is_shown_ready() -> bool:
        (status,) = newsfold.lines("status")
        (shown,) = [s for s in status["services"] if s["name"] == "indexer"]
        return bool(shown["state"] == "ready" and shown["last_exit"] == -signal.SIGKILL)

    until(is_shown_ready)
