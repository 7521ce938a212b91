"""All tables of PostgreSQL to files and back, as they were at one moment.

Each table is one file: PostgreSQL's own `COPY` text, compressed. The moment is that of one repeatable-read transaction,
so services go on while it is taken. What the search index is doing (`reindex_runs`) is not part of it.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import zstandard
from sqlalchemy import Table, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.migrate import current_revision
from libs.adapters.postgres.tables import backups, captures, metadata, reindex_runs

COMPRESSION_LEVEL = 3
TABLES: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if table is not reindex_runs)
Watch = Callable[[str], None]


class BackupError(RuntimeError):
    """A backup cannot be read, or not here; the message says what to do."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """One table in a backup: its columns in the file's order, its rows, and the SHA-256 of the file."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Dump:
    """What was written: the schema's revision, the tables, and the keys of the blobs that they name."""

    schema: str
    tables: Mapping[str, TableFile]
    blobs: tuple[str, ...]


async def dump(engine: AsyncEngine, folder: Path, watch: Watch) -> Dump:
    """Write every table into `folder` as of now."""
    async with _snapshot(engine) as connection:
        schema = await current_revision(connection) or ""
        written = {}
        for table in TABLES:
            watch(f"table {table.name}")
            written[table.name] = await _write(connection, table, folder / file_name(table.name))
        named = select(captures.c.sha256).where(captures.c.sha256.is_not(None)).distinct().order_by(captures.c.sha256)
        return Dump(schema, written, tuple((await connection.execute(named)).scalars()))


async def load(engine: AsyncEngine, folder: Path, schema: str, files: Mapping[str, TableFile], watch: Watch) -> None:
    """Read every table from `folder` into an empty database, in one transaction: all of it or nothing.

    Raises BackupError when the database is of another schema, holds anything, or a file is not what was written.
    """
    for table in TABLES:
        if table.name not in files or set(files[table.name].columns) != set(table.columns.keys()):
            raise BackupError(f"the backup does not hold the table {table.name} as this release has it")
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in TABLES)} IN EXCLUSIVE MODE"))
        await _must_fit(connection, schema)
        for table in TABLES:
            watch(f"table {table.name}")
            await _read(connection, table, folder / file_name(table.name), files[table.name])
        await _count_on(connection)


async def note_backup(engine: AsyncEngine, name: str, taken_at: datetime, *, missing_blobs: int) -> None:
    """Let the monitor know that a backup was taken. It is noted after its moment, so not in itself."""
    row = {"backup": name, "taken_at": taken_at, "missing_blobs": missing_blobs}
    async with engine.begin() as connection:
        await connection.execute(insert(backups).values(row).on_conflict_do_nothing())


async def note_verified(engine: AsyncEngine, name: str, taken_at: datetime, *, missing_blobs: int) -> None:
    """Let the monitor know that a backup, perhaps of another database, was brought back and found whole."""
    await note_backup(engine, name, taken_at, missing_blobs=missing_blobs)
    async with engine.begin() as connection:
        await connection.execute(update(backups).where(backups.c.backup == name).values(verified_at=func.now()))


def file_name(table: str) -> str:
    """The file of a table."""
    return f"{table}.copy.zst"


@asynccontextmanager
async def _snapshot(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield connection


async def _write(connection: AsyncConnection, table: Table, path: Path) -> TableFile:
    columns = tuple(column.name for column in table.columns)
    statement = f"COPY {table.name} ({_listed(columns)}) TO STDOUT"
    digest, rows = hashlib.sha256(), 0
    packer = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compressobj()
    with path.open("wb") as file:

        def put(packed: bytes) -> None:
            digest.update(packed)
            file.write(packed)

        async with await _cursor(connection) as cursor:
            async with cursor.copy(statement) as copy:
                async for block in copy:
                    put(packer.compress(bytes(block)))
            rows = cursor.rowcount
        put(packer.flush())
    return TableFile(columns, rows, digest.hexdigest())


async def _read(connection: AsyncConnection, table: Table, path: Path, file: TableFile) -> None:
    statement = f"COPY {table.name} ({_listed(file.columns)}) FROM STDIN"
    digest = hashlib.sha256()
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        async with await _cursor(connection) as cursor:
            async with cursor.copy(statement) as copy:
                with path.open("rb") as packed:
                    while block := packed.read(1 << 20):
                        digest.update(block)
                        await copy.write(unpacker.decompress(block))
            rows = cursor.rowcount
    except (psycopg.DataError, zstandard.ZstdError) as error:
        raise BackupError(f"{path} is not what was written: take another backup") from error
    if digest.hexdigest() != file.sha256 or rows != file.rows:
        raise BackupError(f"{path} is not what was written: take another backup")


async def _must_fit(connection: AsyncConnection, schema: str) -> None:
    current = await current_revision(connection)
    if current != schema:
        raise BackupError(
            f"the backup is of schema {schema}, this database of {current}: restore with the release that wrote it"
        )
    held = [t.name for t in TABLES if (await connection.execute(select(1).select_from(t).limit(1))).first()]
    if held:
        raise BackupError(f"the database is not empty ({', '.join(held)}): restore into a new data folder or database")


async def _count_on(connection: AsyncConnection) -> None:
    """Let numbered rows be numbered from behind those that were read."""
    for table in TABLES:
        for column in table.columns:
            if column.identity is None:
                continue
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            behind = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            await connection.execute(select(func.setval(sequence, behind, False)))


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


async def _cursor(connection: AsyncConnection) -> Any:
    """A cursor of the driver, on the connection's own transaction: SQLAlchemy has no COPY."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    return driver.cursor()
