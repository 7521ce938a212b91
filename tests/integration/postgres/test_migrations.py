"""The schema on the real engine: up, down and up again, by several at once, and equal to the model."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psycopg
import pytest
from alembic import command
from sqlalchemy import inspect

from libs.adapters.postgres.engine import open_postgres, open_postgres_for_migration
from libs.adapters.postgres.migrate import SchemaMismatch, _config, check_schema, drift, head, upgrade


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    server, name = postgres_url.rpartition("/")[0], f"empty_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _tables(url: str) -> set[str]:
    engine = open_postgres_for_migration(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _downgrade(url: str) -> None:
    engine = open_postgres_for_migration(url)
    try:
        with engine.connect() as connection:
            command.downgrade(_config(connection), "base")
    finally:
        engine.dispose()


def test_up_down_and_up_again(empty_url: str) -> None:
    upgrade(empty_url)
    tables = _tables(empty_url)
    assert {"captures", "revisions", "quarantine"} <= tables
    _downgrade(empty_url)
    assert _tables(empty_url) == {"alembic_version"}
    upgrade(empty_url)
    upgrade(empty_url)  # nothing left to do
    assert _tables(empty_url) == tables


def test_several_at_once_wait_for_one_another(empty_url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as four:
        list(four.map(upgrade, [empty_url] * 4))
    assert drift(empty_url) == []


def test_the_schema_equals_the_model(postgres_url: str) -> None:
    assert drift(postgres_url) == []


def test_a_difference_is_told(empty_url: str) -> None:
    upgrade(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE captures DROP COLUMN bytes")
    assert any("bytes" in line for line in drift(empty_url))


async def test_a_service_refuses_another_schema(empty_url: str, postgres_url: str) -> None:
    for url, fits in ((empty_url, False), (postgres_url, True)):
        engine = open_postgres(url, application="tests")
        try:
            if fits:
                await check_schema(engine)
            else:
                with pytest.raises(SchemaMismatch, match=f"needs {head()}: run `newsfold provision`"):
                    await check_schema(engine)
        finally:
            await engine.dispose()


@pytest.mark.parametrize(
    ("current", "serves", "fits"),
    [("9999", "0001", True), ("9999", "9999", False), ("9999", None, False), ("0001", "0001", False)],
    ids=["newer and serves us", "newer and does not", "newer and does not say", "older"],
)
async def test_a_service_runs_on_a_newer_schema_that_serves_it(
    empty_url: str, current: str, serves: str | None, fits: bool
) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.execute("INSERT INTO alembic_version VALUES (%s)", [current])
        if serves:
            connection.execute(f"COMMENT ON TABLE alembic_version IS '{serves}'")
    engine = open_postgres(empty_url, application="tests")
    try:
        if fits:
            await check_schema(engine)
        else:
            with pytest.raises(SchemaMismatch, match=f"needs {head()}"):
                await check_schema(engine)
    finally:
        await engine.dispose()


def test_the_newest_schema_says_whom_it_serves(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT obj_description('alembic_version'::regclass, 'pg_class')").fetchone()
    assert row is not None
    assert "0001" <= row[0] <= head()


def test_a_migration_does_not_hang_on_the_working_folder(
    empty_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("with space"))
    upgrade(empty_url)
    assert drift(empty_url) == []
