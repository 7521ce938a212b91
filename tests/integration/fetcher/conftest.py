"""Fixtures of the fetcher's integration tests: a misbehaving web server and a client that may reach it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fetch_rig import Rig
from hostile_server import HTML, HostileServer, answer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.http import AddressPolicy, HttpClient, HttpLimits
from libs.adapters.postgres.engine import open_postgres
from libs.domain.feeds import read_feed
from libs.runtime.sandbox import Sandbox
from services.fetcher import stage as stage_module

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


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_url, application="test")
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE fetches, fetch_hosts, known_urls, captures, ledger, sources CASCADE"))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
def feed_reader() -> Any:
    sandbox = Sandbox(read_feed, workers=1, timeout_seconds=20, memory_bytes=1024**3)
    yield sandbox
    sandbox.close()


@pytest.fixture
def rig(
    engine: AsyncEngine,
    server: HostileServer,
    client_of: Callable[..., HttpClient],
    tmp_path: Path,
    feed_reader: Sandbox[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Rig:
    monkeypatch.setattr(stage_module, "RETRY_DELAYS_SECONDS", (0.0, 0.0))
    return Rig(engine, client_of(server, first_byte_seconds=3.0), tmp_path, feed_reader)
