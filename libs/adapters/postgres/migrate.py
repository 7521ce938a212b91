"""Brings the schema to the newest revision, and tells services whether it is.

Services never migrate; they refuse to run on a schema that is older than their release, or that does not serve it any more
(`check_schema`). `newsfold provision` migrates. Revisions are numbers of four digits, in order.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.engine import open_postgres_for_migration
from libs.adapters.postgres.tables import metadata

SCRIPTS = Path(__file__).resolve().parents[3] / "migrations"


class SchemaMismatch(RuntimeError):
    """The database is at another schema revision than this release."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database at `url` under the migration lock. Idempotent; safe to run from several places at once."""
    engine = open_postgres_for_migration(url)
    try:
        with engine.connect() as connection:
            command.upgrade(_config(connection), revision)
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision that this release knows."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def drift(url: str) -> list[str]:
    """What differs between the live schema and `tables.py`, one line each; empty when nothing does."""
    engine = open_postgres_for_migration(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            current = context.get_current_revision()
            if current != head():
                return [f"postgres: schema is at revision {current}, this release needs {head()}"]
            return [f"postgres: {difference}" for difference in compare_metadata(context, metadata)]
    finally:
        engine.dispose()


async def current_revision(connection: AsyncConnection) -> str | None:
    """The revision that the database is at; None where it was never migrated."""
    return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


# A migration that takes something away says with it whom the schema serves from then on; one that only adds leaves it.
# It stands as a comment on Alembic's table, whose shape is not ours.
_SERVES = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")


async def check_schema(engine: AsyncEngine) -> None:
    """Raise SchemaMismatch unless the database is at this release's revision, or at a newer one that serves it still."""
    async with engine.connect() as connection:
        current = await current_revision(connection)
        oldest_served = await connection.scalar(_SERVES)
    if current is not None and oldest_served is not None and oldest_served <= head() <= current:
        return
    if current != head():
        raise SchemaMismatch(
            f"the schema is at revision {current}, this release needs {head()}: run `newsfold provision`"
        )
