"""A trial of a backup: brought back into a database of its own beside the real one, looked at, and taken away again.

Nothing of the real data is touched. Index and broker are no part of a backup and none of this.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.backups import Manifest, Report, Watch, blobs_of, read_manifest
from services.cli.failures import CommandFailed
from services.cli.target import Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

EXAMPLES = 5


@dataclass(slots=True)
class Drill(Report):
    """What was found. `problems`: rules that do not hold, texts that are not what was written, bytes that are not there."""

    problems: tuple[str, ...] = ()


async def drill(target: Target, place: Path, watch: Watch) -> Drill:
    """Try the backup at `place`. One without problems is noted as verified."""
    from libs.adapters.postgres.backup import BackupError, load, note_verified

    manifest = read_manifest(place)
    report = Drill(str(place), sum(table.rows for table in manifest.tables.values()))
    async with _database_beside(target) as engine:
        with report.timed("tables"):
            try:
                await load(engine, place, manifest.schema, manifest.tables, watch)
            except BackupError as error:
                raise CommandFailed(str(error)) from error
        with report.timed("rules"):
            watch("rules and texts")
            problems = await _broken(engine)
    with report.timed("blobs"):
        report.missing_blobs = await _lost(manifest, place, watch)
    report.blobs = len(manifest.blobs) - len(report.missing_blobs)
    report.problems = tuple(problems)
    if not report.problems and not report.missing_blobs:
        async with target.open_postgres() as engine:
            taken_at = datetime.fromisoformat(manifest.taken_at)
            await note_verified(engine, place.name, taken_at, missing_blobs=len(manifest.missing_blobs))
    return report


@asynccontextmanager
async def _database_beside(target: Target) -> "AsyncIterator[AsyncEngine]":
    """An empty database of this release's schema on the same server, for a while."""
    from libs.adapters.postgres.engine import open_postgres, sqlalchemy_url
    from libs.adapters.postgres.migrate import upgrade

    name = f"newsfold_drill_{secrets.token_hex(6)}"
    url = (
        sqlalchemy_url(target.postgres)
        .set(drivername="postgresql", database=name)
        .render_as_string(hide_password=False)
    )
    with _created(target.postgres, name):
        await asyncio.to_thread(upgrade, url)
        engine = open_postgres(url, application="newsfold-drill", pool_size=3)
        try:
            yield engine
        finally:
            await engine.dispose()


@contextmanager
def _created(server: str, name: str) -> Iterator[None]:
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise CommandFailed(
            "a drill needs the owner's account: `docker compose run --rm --no-deps admin drill`"
        ) from error
    try:
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def _broken(engine: "AsyncEngine") -> list[str]:
    from libs.adapters.postgres.consistency import PostgresConsistency

    account = PostgresConsistency(engine)
    rules = [f"{v.count:,} times not so: {v.rule} ({', '.join(v.examples)})" for v in await account.violations()]
    altered = [revision_id async for revision_id, _, _ in account.altered_revisions()]
    texts = [f"{len(altered):,} texts are not what was written ({', '.join(altered[:EXAMPLES])})"] if altered else []
    return rules + texts


async def _lost(manifest: Manifest, place: Path, watch: Watch) -> list[str]:
    """Keys of bytes that the backup says it holds and does not; every one is read and compared with its hash."""
    from libs.adapters.blobs import BlobCorrupt

    store, known = blobs_of(place.parent), set(manifest.missing_blobs)
    lost = []
    for number, key in enumerate(manifest.blobs):
        watch(f"blob {number + 1:,} of {len(manifest.blobs):,}")
        try:
            found = key in known or await store.get(key) is not None
        except BlobCorrupt:
            found = False
        if not found:
            lost.append(key)
    return lost
