"""Runs one engine and outlives neither it nor the process that asked for it.

Started as a script of its own, `python -I -S guard.py ORDER`, where ORDER is JSON (see `Order` in `process.py`).
In: SIGTERM asks for a graceful stop. Out: the engine's process id as one line on the descriptor `report`, the engine's
exit code as its own. It imports the standard library only, so that it starts in a blink.

Why not the asking process itself: the kernel's parent-death signal follows the parent *thread*, which may well end
before the process does; a guard has one thread. If the asker dies, even by SIGKILL, the guard stops the engine
gracefully; if the guard dies too, the kernel sends the engine its death signal.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
WATCHED = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
LOOK_SECONDS = 0.5  # how often the asker is looked for
ORPHAN_SECONDS = 10  # PostgreSQL's processes leave by themselves when their postmaster has gone
MAX_OPEN_FILES = 65_536  # what OpenSearch asks for; more makes Java reserve memory for each


def main() -> int:
    """Start the engine, wait for its end or for a reason to end it, leave nothing of it behind."""
    order: dict[str, Any] = json.loads(sys.argv[1])
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    guard = os.getpid()

    def become_engine() -> None:
        """Runs in the child after the change of user id, which clears the parent-death signal."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = MAX_OPEN_FILES if files == resource.RLIM_INFINITY else min(files, MAX_OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        libc.prctl(PR_SET_PDEATHSIG, order["death_signal"])
        if os.getppid() != guard:
            os._exit(1)

    account = {} if order["uid"] is None else {"user": order["uid"], "group": order["gid"], "extra_groups": []}
    engine = subprocess.Popen(
        order["command"], stdin=subprocess.DEVNULL, umask=0o077, preexec_fn=become_engine, **account
    )
    with os.fdopen(order["report"], "w") as report:
        report.write(f"{engine.pid}\n")
    code = _watch(engine.pid, order)
    _sweep()
    return code


def _watch(engine: int, order: dict[str, Any]) -> int:
    """The engine's exit code, once it has ended by itself, on request or because the asker has gone."""
    deadline = None
    while True:
        code = _reap(engine)
        if code is not None:
            return code
        got = signal.sigtimedwait(WATCHED, LOOK_SECONDS)
        # Stopped and continued, CPython's sigtimedwait may answer what was never filled in: any number, no signal.
        asked = got is not None and got.si_signo in WATCHED - {signal.SIGCHLD}
        if deadline is None and (asked or os.getppid() != order["parent"]):
            why = f"asked by signal {got.si_signo} of process {got.si_pid}" if got and asked else "its owner has gone"
            print(f"guard: stopping process {engine}: {why}", file=sys.stderr, flush=True)
            os.kill(engine, order["stop_signal"])
            deadline = time.monotonic() + order["stop_seconds"]
        elif deadline is not None and time.monotonic() > deadline:
            os.kill(engine, signal.SIGKILL)


def _reap(engine: int) -> int | None:
    """Collect every ended child; the engine's exit code if it was among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == engine:
            code = os.waitstatus_to_exitcode(status)
            code = code if code >= 0 else 128 - code


def _sweep() -> None:
    """Wait for the processes the engine left, which the kernel handed to this guard; kill those that stay."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while orphans := _children():
        if time.monotonic() > deadline:
            for pid in orphans:
                os.kill(pid, signal.SIGKILL)
        signal.sigtimedwait(WATCHED, LOOK_SECONDS)
        _reap(0)


def _children() -> list[int]:
    """Living processes whose parent is this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z":
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main())
