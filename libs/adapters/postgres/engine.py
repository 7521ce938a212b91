"""Opens PostgreSQL for services (async) and for migrations (sync), with psycopg as the one driver."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 30_000


def sqlalchemy_url(url: str) -> URL:
    """`postgresql://…` as operators write it, with our driver."""
    return make_url(url).set(drivername="postgresql+psycopg")


def open_postgres(url: str, *, application: str, pool_size: int = 8) -> AsyncEngine:
    """A pooled async engine. Timeouts turn a stuck lock into a retry instead of a hang."""
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=0,
        # no pre-ping: it doubles the round trips, and a lost connection is waited out like any other outage
        pool_timeout=30,
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
            " -c idle_in_transaction_session_timeout=60000",
        },
    )


def open_postgres_for_migration(url: str) -> Engine:
    """A plain sync engine without statement timeout: migrations may take long."""
    return create_engine(sqlalchemy_url(url), connect_args={"application_name": "migrate", "connect_timeout": 5})
