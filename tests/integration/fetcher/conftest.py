"""Fixtures of the fetcher's integration tests: a misbehaving web server and a client that may reach it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from hostile_server import HTML, HostileServer, answer

from libs.adapters.http import AddressPolicy, HttpClient, HttpLimits

# Patient: a busy machine must not look like a misbehaving server.
PATIENT = HttpLimits(
    connect_seconds=20.0,
    first_byte_seconds=30.0,
    total_seconds=60.0,
    wire_bytes=1024 * 1024,
    decoded_bytes=4 * 1024 * 1024,
)


@pytest.fixture
async def server() -> AsyncIterator[HostileServer]:
    hostile = HostileServer()
    hostile.paths["/ok"] = answer(HTML, content_type="text/html; charset=utf-8")
    await hostile.start()
    yield hostile
    await hostile.stop()


@pytest.fixture
def client_of() -> Callable[..., HttpClient]:
    """`client_of(server, opened=("127.0.0.0/8",), **limits)`: a patient client, or as `limits` say."""

    def make(server: HostileServer, opened: tuple[str, ...] = ("127.0.0.0/8",), **limits: object) -> HttpClient:
        ports = frozenset({80, 443, server.port})
        chosen = replace(PATIENT, ports=ports, **limits)  # type: ignore[arg-type]
        return HttpClient("Newsfold/test (+https://newsfold.example)", AddressPolicy.opening(opened), chosen)

    return make


@pytest.fixture
def client(server: HostileServer, client_of: Callable[..., HttpClient]) -> HttpClient:
    return client_of(server)


@pytest.fixture
def hasty_client(server: HostileServer, client_of: Callable[..., HttpClient]) -> HttpClient:
    """For servers that never answer."""
    return client_of(server, first_byte_seconds=0.4, total_seconds=1.2)
