"""The run state: who is alive, who only looks so."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from services.cli.child import Backoff
from services.cli.failures import CommandFailed
from services.cli.state import EngineEntry, RunFolder, RunState, ServiceEntry, started_at


@pytest.fixture
def mine() -> RunState:
    return RunState(
        os.getpid(),
        started_at(os.getpid()),
        "ready",
        {"postgres_url": "postgresql://newsfold:secret@127.0.0.1:1/newsfold"},
        (EngineEntry("nats", 0, "nats.log"),),
        (ServiceEntry("fetcher", 1, 7, 8000, 1, None, None, "fetcher-1.log"),),
    )


def test_what_is_noted_is_read_back(tmp_path: Path, mine: RunState) -> None:
    folder = RunFolder(tmp_path)
    folder.lock()
    folder.write(mine)

    assert RunFolder(tmp_path).read() == mine


def test_only_the_owner_can_read_the_passwords(tmp_path: Path, mine: RunState) -> None:
    folder = RunFolder(tmp_path)
    folder.lock()
    folder.write(mine)

    assert stat.S_IMODE((tmp_path / "run" / "state.json").stat().st_mode) == 0o600


def test_a_process_with_the_same_id_but_another_start_is_another_one(tmp_path: Path, mine: RunState) -> None:
    folder = RunFolder(tmp_path)
    folder.lock()
    folder.write(replace(mine, started=mine.started - 100))

    assert folder.read() is None
    assert folder.last() is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', "null"])
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text(text)

    assert RunFolder(tmp_path).read() is None


def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    first.lock()

    with pytest.raises(CommandFailed, match="already"):
        second.lock()

    first.unlock()
    second.lock()


def test_delays_double_up_to_half_a_minute_and_are_forgiven_after_a_minute_of_life() -> None:
    backoff = Backoff()

    assert [round(backoff.after(1.0), 1) for _ in range(10)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert backoff.after(60.0) == 0.2
    assert backoff.after(59.9) == 0.4
