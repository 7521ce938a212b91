"""An engine for each test; each test uses a page of its own."""

import secrets
from collections.abc import AsyncIterator

import pytest
from postgres_rig import Desk
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.engine import open_postgres


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_url, application="tests", pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
def desk(engine: AsyncEngine) -> Desk:
    return Desk(engine, url=f"https://paper.example/{secrets.token_hex(8)}")
