"""The supervisor with toy services: it keeps them running, and leaves nothing behind however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from services.cli.state import RunFolder, RunState

TOY = Path(__file__).with_name("toy_supervisor.py")
PATIENCE_SECONDS = 30

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(*modes: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(TOY), str(tmp_path), str(tmp_path / "journal"), *modes],
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def journal(folder: Path) -> list[list[str]]:
    file = folder / "journal"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def state(folder: Path) -> RunState:
    found = RunFolder(folder).last()
    assert found is not None
    return found


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_services_get_the_urls_and_a_port_and_are_noted(start: Start, tmp_path: Path) -> None:
    ready(start("serve", "serve"))

    assert [line[2] for line in journal(tmp_path)] == ["nats://toy", "nats://toy"]
    noted = state(tmp_path)
    assert noted.phase == "ready"
    assert len({service.port for service in noted.services}) == 2
    assert {service.pid for service in noted.services} == {int(line[0]) for line in journal(tmp_path)}


def test_a_service_that_is_killed_is_started_again(start: Start, tmp_path: Path) -> None:
    ready(start("serve"))
    first = state(tmp_path).services[0].pid
    assert first is not None

    os.kill(first, signal.SIGKILL)

    until(lambda: state(tmp_path).services[0].pid not in (None, first))
    again = state(tmp_path).services[0]
    assert (again.starts, again.last_exit) == (2, -signal.SIGKILL)


def test_a_service_that_keeps_ending_makes_the_start_fail_with_its_last_words(start: Start, tmp_path: Path) -> None:
    process = start("serve", "end:0", TOY_READY_SECONDS="3")

    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "toy1-1 ended with code 7" in said
    assert "toy in mode end" in said
    assert said.startswith("making schema, streams and indices those of this release\nstarting toy0-1, toy1-1\n")
    assert said.count("toy0-1") == 1
    assert all(gone(int(line[0])) for line in journal(tmp_path))


def test_a_service_that_is_not_ready_makes_the_start_fail(start: Start) -> None:
    process = start("unready", TOY_READY_SECONDS="1")

    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert "toy0-1 is not ready" in said


def test_a_failpoint_is_for_the_first_start_only(start: Start, tmp_path: Path) -> None:
    ready(start("serve", NEWSFOLD_FAILPOINT="toy:received"))
    first = state(tmp_path).services[0].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    until(lambda: len(journal(tmp_path)) == 2)
    assert [line[1] for line in journal(tmp_path)] == ["toy:received", "-"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_ends_services_in_order(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    process = start("serve", "serve")
    ready(process)

    process.send_signal(number)

    assert process.wait(PATIENCE_SECONDS) == 0
    assert all(gone(int(line[0])) for line in journal(tmp_path))
    assert [service.last_exit for service in state(tmp_path).services] == [0, 0]


def test_a_service_that_ignores_the_request_is_killed_after_its_grace(start: Start, tmp_path: Path) -> None:
    process = start("stubborn", TOY_GRACE_SECONDS="0.5")
    ready(process)

    process.terminate()

    assert process.wait(PATIENCE_SECONDS) == 0
    assert state(tmp_path).services[0].last_exit == -signal.SIGKILL


def test_a_second_request_to_stop_ends_the_grace(start: Start, tmp_path: Path) -> None:
    process = start("stubborn", TOY_GRACE_SECONDS="600")
    ready(process)

    process.terminate()
    until(lambda: state(tmp_path).phase == "stopping")
    time.sleep(0.3)
    process.terminate()

    assert process.wait(PATIENCE_SECONDS) == 0


def test_no_service_outlives_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    process = start("serve", "stubborn")
    ready(process)

    process.kill()

    until(lambda: all(gone(int(line[0])) for line in journal(tmp_path)))
    assert RunFolder(tmp_path).read() is None


def test_what_a_killed_service_had_started_goes_with_it(start: Start, tmp_path: Path) -> None:
    ready(start("parent"))
    first = state(tmp_path).services[0].pid
    assert first is not None
    child = next(int(line[0]) for line in journal(tmp_path) if line[1] == "child")

    os.kill(first, signal.SIGKILL)

    until(lambda: gone(child))


def test_a_second_supervisor_is_refused_and_the_first_goes_on(start: Start, tmp_path: Path) -> None:
    process = start("serve")
    ready(process)

    second = start("serve")
    _, said = second.communicate(timeout=PATIENCE_SECONDS)

    assert second.returncode == 1
    assert f"already (process {process.pid})" in said
    assert process.poll() is None
    assert len(journal(tmp_path)) == 1


def test_a_state_left_by_a_killed_supervisor_does_not_hinder_the_next(start: Start, tmp_path: Path) -> None:
    process = start("serve")
    ready(process)
    process.kill()
    process.wait()

    ready(start("serve"))

    assert state(tmp_path).pid != process.pid
