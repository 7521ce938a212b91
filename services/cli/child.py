"""One supervised service process: started, watched, started again with growing delay, stopped.

A child dies with its supervisor (the kernel's parent-death signal), so it must be started from the main thread, which
lives as long as the supervisor does.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from libs.adapters.engines.ports import free_port, is_free
from libs.adapters.engines.process import set_aside
from services.cli.state import ServiceEntry

PR_SET_PDEATHSIG = 1  # linux/prctl.h
FIRST_DELAY_SECONDS = 0.2
LAST_DELAY_SECONDS = 30.0
FORGIVEN_AFTER_SECONDS = 60.0
TAIL_LINES = 8
TAIL_BYTES = 20_000
FAILPOINT = "NEWSFOLD_FAILPOINT"
METRICS_PORT = "NEWSFOLD_METRICS_PORT"

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class Backoff:
    """Delays before the next start: 0.2 s, doubling to 30 s, forgotten after a minute of life."""

    ends: int = 0

    def after(self, lived_seconds: float) -> float:
        """Seconds to wait, now that something has ended which lived this long."""
        self.ends = 1 if lived_seconds >= FORGIVEN_AFTER_SECONDS else self.ends + 1
        return float(min(LAST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(self.ends - 1, 30)))


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What to run. `number` tells the processes of one service apart, from 1."""

    name: str
    number: int
    command: Sequence[str]
    log: Path


class Child:
    """One process at a time of a plan."""

    def __init__(self, plan: ServicePlan, environment: Mapping[str, str]) -> None:
        self.plan = plan
        self._environment = dict(environment)
        self._backoff = Backoff()
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._next_start: float | None = None
        self._log_start = 0
        self.port = 0
        self.starts = 0
        self.last_exit: int | None = None

    @property
    def label(self) -> str:
        return f"{self.plan.name}-{self.plan.number}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process. A failpoint of the environment is for the first start only, or it would never get on."""
        environment = {**self._environment}
        if self.starts:
            environment.pop(FAILPOINT, None)
        if not self.port or not is_free(self.port):
            self.port = free_port()
        environment[METRICS_PORT] = str(self.port)
        set_aside(self.plan.log)
        self._log_start = self.plan.log.stat().st_size if self.plan.log.exists() else 0
        with self.plan.log.open("ab") as sink:
            self._process = subprocess.Popen(
                list(self.plan.command),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,  # Ctrl-C is for the supervisor, who stops in order
                preexec_fn=_die_with(os.getpid()),
            )
        self._started_at, self._next_start = time.monotonic(), None
        self.starts += 1

    def look(self) -> bool:
        """Notice an end and start again when it is time; True when anything changed."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._end_group(signal.SIGKILL)  # helpers of the process that did not go with it
            self._process = None
            self.last_exit = code
            self._next_start = time.monotonic() + self._backoff.after(time.monotonic() - self._started_at)
            return True
        if self._process is None and self._next_start is not None and time.monotonic() >= self._next_start:
            self.start()
            return True
        return False

    def ask_to_stop(self) -> None:
        if self.running and self._process is not None:
            self._process.terminate()

    def wait_until(self, deadline: float) -> None:
        """Until it has gone, by force at `deadline` (monotonic seconds)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._end_group(signal.SIGKILL)
            self._process.wait()
        self.last_exit = self._process.returncode
        self._end_group(signal.SIGKILL)
        self._process = None

    def entry(self) -> ServiceEntry:
        """As the run state notes it."""
        wait = None if self._next_start is None else round(max(0.0, self._next_start - time.monotonic()), 1)
        pid = self._process.pid if self._process is not None else None
        return ServiceEntry(
            self.plan.name, self.plan.number, pid, self.port, self.starts, self.last_exit, wait, str(self.plan.log)
        )

    def last_words(self) -> list[str]:
        """The end of what it logged since its last start."""
        with self.plan.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - TAIL_BYTES))
            return file.read().decode("utf-8", "replace").strip().splitlines()[-TAIL_LINES:]

    def _end_group(self, sent: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, sent)


def _die_with(supervisor: int) -> Callable[[], None]:
    """What runs in the child before the program: ask the kernel for its end when the supervisor ends."""

    def prepare() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(1)

    return prepare
