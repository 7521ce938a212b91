"""A broker for each test: a start takes about 20 ms, and nothing is shared."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats_rig import NatsServer, connected, provisioned


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def client(nats_server: NatsServer) -> AsyncIterator[Client]:
    client = await connected(nats_server.url)
    yield client
    await client.close()


@pytest.fixture
async def js(client: Client) -> JetStreamContext:
    return await provisioned(client)
