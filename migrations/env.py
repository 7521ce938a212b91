"""Runs migrations under a session advisory lock, so that two at once cannot meet.

`config.attributes["connection"]` may hold an Engine or a Connection; tools pass either. A session lock, not a
transaction lock: `autocommit_block()` for CREATE INDEX CONCURRENTLY would drop the latter. Waiters poll, because a
waiting statement's snapshot would block a concurrent index build.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from sqlalchemy import Connection, Engine, text

from libs.adapters.postgres.tables import metadata

MIGRATION_LOCK = 0x6E657773  # "news"; any constant that no other lock of ours uses
POLL_SECONDS = 0.2
log = logging.getLogger("alembic.env")


@contextmanager
def _only_one(connection: Connection) -> Iterator[None]:
    take, give = text("SELECT pg_try_advisory_lock(:key)"), text("SELECT pg_advisory_unlock(:key)")
    told = False
    while not connection.execute(take, {"key": MIGRATION_LOCK}).scalar():
        connection.rollback()
        if not told:
            log.warning("another process migrates this database; waiting for it")
            told = True
        time.sleep(POLL_SECONDS)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(give, {"key": MIGRATION_LOCK})
        connection.commit()


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with _only_one(connection), context.begin_transaction():
        context.run_migrations()


given: Connection | Engine | None = context.config.attributes.get("connection")
if given is None:
    raise SystemExit("run migrations with `newsfold provision`: it knows the database")
if isinstance(given, Engine):
    with given.connect() as opened:
        _migrate(opened)
else:
    _migrate(given)
