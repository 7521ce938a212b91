"""One guarded engine process: start, is it there, stop, kill.

`Launch` says what to run and how it likes to be stopped; `GuardedProcess` runs it below `guard.py`.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libs.adapters.engines import guard
from libs.adapters.engines.accounts import Account
from libs.adapters.engines.errors import EngineError

LOG_LIMIT_BYTES = 20_000_000  # a longer log is set aside at the next start, one generation is kept
TAIL_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run. Signals and seconds say how the program likes to be stopped."""

    command: Sequence[str]
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    stop_seconds: float = 20
    environment: Mapping[str, str] = field(default_factory=dict)


class GuardedProcess:
    """An engine below its guard. The guard holds `lock` open until the engine has gone."""

    def __init__(self, launch: Launch, *, log: Path, account: Account | None, lock: int) -> None:
        """Start it. Raises EngineError if the program cannot be run."""
        self._stop_seconds = launch.stop_seconds
        reader, writer = os.pipe()
        order = {
            "command": list(launch.command),
            "parent": os.getpid(),
            "report": writer,
            "stop_signal": launch.stop_signal,
            "stop_seconds": launch.stop_seconds,
            "death_signal": launch.death_signal,
            "uid": None if account is None else account.uid,
            "gid": None if account is None else account.gid,
        }
        set_aside(log)
        self.log_start = log.stat().st_size if log.exists() else 0
        self.log = log
        with log.open("ab") as sink:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, json.dumps(order)],
                cwd=launch.folder,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **launch.environment},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                pass_fds=(writer, lock),
                start_new_session=True,  # Ctrl-C is for the asker, who stops the engines in order
            )
        os.close(writer)
        with os.fdopen(reader) as report:
            line = report.readline()
        if not line:
            self._guard.wait()
            raise EngineError(f"{launch.command[0]} cannot be run; the log says why: {log}")
        self.pid = int(line)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 + N if signal N ended it."""
        return self._guard.poll()

    def ask_to_stop(self) -> None:
        """Begin a graceful stop; `wait` for its end."""
        if self._guard.poll() is None:
            self._guard.terminate()

    def wait(self) -> None:
        """Until engine and guard have gone; both are killed after the launch's seconds and what the guard may add."""
        try:
            self._guard.wait(self._stop_seconds + guard.ORPHAN_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self._guard.kill()  # the kernel then kills the engine
            self._guard.wait()

    def kill(self) -> None:
        """SIGKILL the engine, as a crash would end it, and wait until nothing of it is left."""
        if self._guard.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def output(self) -> str:
        """The last of what the engine printed since it was started."""
        with self.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self.log_start, end - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")


def set_aside(log: Path) -> None:
    """Start a new log when the old one has grown long."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
