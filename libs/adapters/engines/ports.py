"""Ports on loopback: is one free, find one."""

import random
import socket
from pathlib import Path

from libs.adapters.engines.errors import EngineError

LOOPBACK = "127.0.0.1"
LOWEST = 15_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port below those the kernel gives to outgoing connections.

    From among those, a client that keeps trying while its server restarts will in the end connect to itself, and the
    server finds its own port taken.
    """
    highest = _first_ephemeral() - 1
    for _ in range(200):
        port = random.randint(LOWEST, highest)
        if is_free(port):
            return port
    raise EngineError(f"no free port between {LOWEST} and {highest} was found in 200 tries")


def _first_ephemeral() -> int:
    try:
        first = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768  # Linux's own default
    return first if first > LOWEST + 1000 else 65_536
