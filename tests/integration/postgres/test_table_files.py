"""All tables to files and back: the same rows, numbered on from there, and refused where it would mix or lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from postgres_rig import Desk, article
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.backup import TABLES, BackupError, Dump, dump, file_name, load
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.tables import ledger


@pytest.fixture
async def here(postgres_database: Callable[[], str]) -> AsyncEngine:
    return open_postgres(postgres_database(), application="tests", pool_size=2)


async def _filled(engine: AsyncEngine) -> None:
    desk = Desk(engine)
    await desk.take(0, article("A text with a tab\tand a line\nbreak, a backslash \\ and ٣ digits."))
    await desk.take(1, article("Another text."))


async def _rows(engine: AsyncEngine) -> dict[str, list[str]]:
    async with engine.connect() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in await connection.execute(select(table))) for table in TABLES
        }


async def test_every_row_comes_back_and_numbers_go_on(
    here: AsyncEngine, postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    await _filled(here)
    written = await dump(here, tmp_path, lambda _: None)
    there = open_postgres(postgres_database(), application="tests", pool_size=2)
    await load(there, tmp_path, written.schema, written.tables, lambda _: None)
    assert await _rows(there) == await _rows(here)
    assert written.tables["revisions"].rows == 2
    assert len(written.blobs) == 2
    async with there.begin() as connection:
        last = (
            (await connection.execute(select(ledger.c.event_id).order_by(ledger.c.event_id.desc()))).scalars().first()
        )
        new = await connection.execute(
            ledger.insert().values(stage="normalizer", outcome="extracted").returning(ledger.c.event_id)
        )
        assert last is not None
        assert new.scalar_one() > last
    await here.dispose()
    await there.dispose()


async def test_it_is_refused_where_something_is_and_on_another_schema(
    here: AsyncEngine, postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    await _filled(here)
    written = await dump(here, tmp_path, lambda _: None)
    with pytest.raises(BackupError, match="not empty"):
        await load(here, tmp_path, written.schema, written.tables, lambda _: None)
    there = open_postgres(postgres_database(), application="tests", pool_size=2)
    with pytest.raises(BackupError, match="schema 0000"):
        await load(there, tmp_path, "0000", written.tables, lambda _: None)
    await here.dispose()
    await there.dispose()


async def test_a_file_that_was_changed_leaves_nothing_behind(
    here: AsyncEngine, postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    await _filled(here)
    written = await dump(here, tmp_path, lambda _: None)
    there = open_postgres(postgres_database(), application="tests", pool_size=2)
    for damaged in (_with_other_rows(written), _with_other_bytes(written)):
        with pytest.raises(BackupError, match="not what was written"):
            await load(there, tmp_path, written.schema, damaged.tables, lambda _: None)
    whole = (tmp_path / file_name("captures")).read_bytes()
    for broken in (whole[:-6], b"no such format", whole + b"more"):
        (tmp_path / file_name("captures")).write_bytes(broken)
        with pytest.raises(BackupError, match="not what was written"):
            await load(there, tmp_path, written.schema, written.tables, lambda _: None)
    (tmp_path / file_name("captures")).write_bytes(whole)
    (tmp_path / file_name("turns")).unlink()
    with pytest.raises(FileNotFoundError):
        await load(there, tmp_path, written.schema, written.tables, lambda _: None)
    async with there.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM captures"))).scalar_one() == 0
    await here.dispose()
    await there.dispose()


def _with_other_rows(written: Dump) -> Dump:
    file = written.tables["revisions"]
    return replace(written, tables={**written.tables, "revisions": replace(file, rows=file.rows + 1)})


def _with_other_bytes(written: Dump) -> Dump:
    file = written.tables["pages"]
    return replace(written, tables={**written.tables, "pages": replace(file, sha256="0" * 64)})
