"""Who holds a claim, and whether it is still alive: work of a fetcher that was killed need not wait for its lease."""

import os
import socket
from pathlib import Path


def claimant() -> str:
    """This process, as claims name it: host, boot of the machine, process id."""
    return f"{_place()}:{os.getpid()}"


def is_dead(name: str) -> bool:
    """Whether `name` ran where we run and does so no more. A claim under our own name is of a predecessor.

    Asked once, at the start. When in doubt (another machine, a process id used again) the lease decides.
    """
    place, _, process = name.rpartition(":")
    if place != _place() or not process.isdecimal():
        return False
    return int(process) == os.getpid() or not Path(f"/proc/{process}").exists()


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        boot = "?"
    return f"{socket.gethostname()}/{boot}"
