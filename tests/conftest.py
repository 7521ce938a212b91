"""Fixtures that every folder of tests may use: real engines, started on first use and shared by the whole session.

| fixture | gives |
|---|---|
| `engines` | the shared engines; `.nats`, `.postgres`, `.opensearch` are URLs, and reading one starts that engine alone |
| `nats_url` | the shared broker: name streams and subjects so that tests do not meet |
| `postgres_url` | a migrated database of the test module's own |
| `postgres_database` | makes a migrated database and gives its URL |
| `opensearch_url` | the shared node: name indices so that tests do not meet |
| `shared_dir` | documents that are not the project's own; the test is skipped where they are absent |
| `seeds_or_none` | the seeds' folder, or None where they are absent |
| `corpus_dir` | the demo corpus |

Those for a whole running Newsfold stand in `support/fixtures.py`.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from libs.adapters.engines import LocalEngines

pytest_plugins = ["support.fixtures"]
pytest.register_assert_rewrite("support.search_checks")  # tests of two folders inherit its assertions

CHECKOUT = Path(__file__).resolve().parents[1]
TEMPLATE = "migrated"


class SharedEngines:
    """One data folder for each engine, so that a test of the broker does not start OpenSearch."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, LocalEngines] = {}

    @property
    def nats(self) -> str:
        return self._start("nats").urls.nats

    @property
    def postgres(self) -> str:
        return self._start("postgres").urls.postgres

    @property
    def opensearch(self) -> str:
        return self._start("opensearch").urls.opensearch

    def kill(self, name: str) -> None:
        """End an engine by SIGKILL; `restart` brings it back on its port."""
        self._started[name].kill(name)

    def restart(self, name: str) -> None:
        self._started[name].restart(name)

    def pid(self, name: str) -> int:
        return self._started[name].pid(name)

    def stop(self) -> None:
        for engines in self._started.values():
            engines.forget()

    def _start(self, name: str) -> LocalEngines:
        if name not in self._started:
            engines = LocalEngines(self._folder / name, which={name}, fsync=False)
            engines.start()
            self._started[name] = engines
        return self._started[name]


@pytest.fixture(scope="session")
def engines() -> Iterator[SharedEngines]:
    folder = Path(tempfile.mkdtemp(prefix="newsfold-tests-"))
    folder.chmod(0o755)  # under root the engines run as another account
    shared = SharedEngines(folder)
    try:
        yield shared
    finally:
        shared.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nats_url(engines: SharedEngines) -> str:
    return engines.nats


@pytest.fixture(scope="session")
def opensearch_url(engines: SharedEngines) -> str:
    return engines.opensearch


@pytest.fixture(scope="session")
def postgres_database(engines: SharedEngines) -> Callable[[], str]:
    """`postgres_database()`: the URL of a new database with the current schema, copied from a template in 0.1 s."""
    from libs.adapters.postgres.migrate import upgrade

    server = engines.postgres.rpartition("/")[0]
    run_sql(engines.postgres, f"CREATE DATABASE {TEMPLATE}")
    upgrade(f"{server}/{TEMPLATE}")

    def make() -> str:
        name = f"test_{secrets.token_hex(6)}"
        run_sql(engines.postgres, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return f"{server}/{name}"

    return make


@pytest.fixture(scope="module")
def postgres_url(engines: SharedEngines, postgres_database: Callable[[], str]) -> Iterator[str]:
    url = postgres_database()
    yield url
    run_sql(engines.postgres, f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    folder = Path(os.environ.get("NEWSFOLD_SHARED", CHECKOUT.parent / "shared"))
    if not (folder / "seeds").is_dir():
        pytest.skip(f"needs documents that are not part of the project: no {folder}/seeds (NEWSFOLD_SHARED names it)")
    return folder


@pytest.fixture(scope="session")
def seeds_or_none() -> Path | None:
    """The folder of the seeds, for tests that take them in where they are and do without them elsewhere."""
    folder = Path(os.environ.get("NEWSFOLD_SHARED", CHECKOUT.parent / "shared")) / "seeds"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    return CHECKOUT / "demo" / "corpus"


def run_sql(url: str, statement: str) -> None:
    """One statement outside any transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]
