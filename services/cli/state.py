"""What runs from a data folder, as its supervisor notes it in `DATA/run/state.json`.

The file is readable by its owner only, because a URL holds a password. A state whose process has gone is stale: it
is told from a live one by process id and start time, so a reused id deceives nobody.
"""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from services.cli.failures import CommandFailed
from services.cli.naming import absolute

Phase = Literal["starting", "ready", "stopping", "failed"]


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """A local engine. `restarts` counts since `up`."""

    name: str
    restarts: int
    log: str


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One process of a service. `pid` None: it has ended and is started again in `retry_seconds`."""

    name: str
    number: int
    pid: int | None
    port: int
    starts: int
    last_exit: int | None
    retry_seconds: float | None
    log: str


@dataclass(frozen=True, slots=True)
class RunState:
    """`pid` and `started` (seconds since 1970, as the kernel has it) name the supervisor; `urls` by setting's name."""

    pid: int
    started: float
    phase: Phase
    urls: Mapping[str, str] = field(default_factory=dict)
    engines: tuple[EngineEntry, ...] = ()
    services: tuple[ServiceEntry, ...] = ()
    problem: str = ""


class RunFolder:
    """`DATA/run`: the state, and the lock that a supervisor holds while it lives."""

    def __init__(self, data: Path) -> None:
        self.data = absolute(data)
        self._folder = self.data / "run"
        self._file = self._folder / "state.json"
        self._lock: int | None = None

    def lock(self) -> None:
        """Become the supervisor. Raises CommandFailed while another one lives."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            running = self.read()
            who = f" (process {running.pid})" if running else ""
            raise CommandFailed(
                f"Newsfold is running in {self.data} already{who}: `newsfold status` shows it, `newsfold down` stops it"
            ) from None
        self._lock = descriptor

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def write(self, state: RunState) -> None:
        """Replace the state, atomically."""
        temporary = self._file.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        temporary.touch(0o600)
        temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
        temporary.replace(self._file)

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)

    def last(self) -> RunState | None:
        """The state as last noted, of whatever process."""
        try:
            return _state(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def read(self) -> RunState | None:
        """The state of the supervisor that lives, None when there is none."""
        state = self.last()
        return state if state is not None and is_alive(state.pid, state.started) else None


def started_at(pid: int) -> float:
    """When a process was started. Raises psutil.NoSuchProcess."""
    import psutil

    return float(psutil.Process(pid).create_time())


def is_alive(pid: int, started: float) -> bool:
    """Whether this very process lives: an id may have gone to another one since."""
    import psutil

    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _state(data: dict[str, Any]) -> RunState:
    engines = tuple(EngineEntry(**entry) for entry in data.pop("engines"))
    services = tuple(ServiceEntry(**entry) for entry in data.pop("services"))
    return RunState(**data, engines=engines, services=services)
