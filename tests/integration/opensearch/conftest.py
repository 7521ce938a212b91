"""One provisioned set of indices under a prefix of its own, and an empty database, for each module."""

import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from opensearchpy import AsyncOpenSearch
from prometheus_client import CollectorRegistry
from search_population import events, populate
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.opensearch.bulk import BulkWriter
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.live import LiveIndex
from libs.adapters.opensearch.provision import provision
from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.projections import PostgresProjections
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Emit
from services.indexer.stage import Index


@dataclass(frozen=True)
class Desk:
    """Everything a test of the index needs."""

    engine: AsyncEngine
    client: AsyncOpenSearch
    names: IndexNames
    bulk: BulkWriter
    index: Index


@pytest.fixture(scope="module")
def index_names() -> IndexNames:
    return IndexNames(f"t{secrets.token_hex(4)}-")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(opensearch_url: str) -> AsyncIterator[AsyncOpenSearch]:
    client = open_client(opensearch_url)
    yield client
    await client.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(postgres_url: str, client: AsyncOpenSearch, index_names: IndexNames) -> AsyncIterator[Desk]:
    """The module's indices and database; tests of one module see what the earlier ones wrote."""
    await provision(client, names=index_names)
    engine = open_postgres(postgres_url, application="tests")
    bulk = BulkWriter(client, Metrics(CollectorRegistry()), backoff_seconds=(0.05, 0.1))
    projections = PostgresProjections(engine)
    live = LiveIndex(bulk, index_names, projections.reindex_targets)
    yield Desk(engine, client, index_names, bulk, Index(projections, live))
    await engine.dispose()
    await client.indices.delete(index=",".join(await client.indices.get_alias(index=f"{index_names.prefix}*")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def newsroom(desk: Desk) -> Desk:
    """The desk with the small newsroom in PostgreSQL and in the index."""
    await populate(desk.engine)
    for batch in events():
        assert all(isinstance(outcome, Emit) for outcome in await desk.index(batch))
    await desk.client.indices.refresh(index=f"{desk.names.prefix}*")
    return desk


@pytest.fixture
def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
