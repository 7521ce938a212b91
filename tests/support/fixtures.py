"""Fixtures of the tests that need a whole Newsfold.

| fixture | gives |
|---|---|
| `stacks` | starts one stack at a time, each on an empty database and empty indices |
| `sites` | the demo corpus as a mirrored web |
| `taken_in` | a running stack that has taken in the corpus and, where they are, the seeds; shared: look at it, or add pages of your own |
| `undisturbed` | what that stack gave: the bytes with which every other run is compared |
"""

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.stack import CHECKOUT, PATIENCE_SECONDS, Stack

INDICES = ("articles-", "turns-", "stories-", "alerts-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of a whole stack has its own patience, and more of it than any other."""
    for item in items:
        if "stacks" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(2 * PATIENCE_SECONDS))


class Stacks:
    """At most one stack runs: two would share the names of their indices, and the machine."""

    def __init__(self, folder: Path, new_database: Callable[[], str], opensearch_url: Callable[[], str]) -> None:
        self._folder, self._new_database, self._opensearch_url = folder, new_database, opensearch_url
        self._count = 0
        self.current: Stack | None = None

    def fresh(self, environment: Mapping[str, str] | None = None, *, data: Path | None = None) -> Stack:
        """An empty one, not yet up, in a folder of its own or in `data`; the one before is stopped."""
        self.close()
        self._count += 1
        opensearch = self._opensearch_url()
        _delete_indices(opensearch)
        urls = {"NEWSFOLD_POSTGRES_URL": self._new_database(), "NEWSFOLD_OPENSEARCH_URL": opensearch}
        told = {"NEWSFOLD_FETCHER_DISK_PERCENT": "100"}  # whatever the disk of this machine
        folder = data or self._folder / f"stack-{self._count}"
        self.current = Stack(folder, {**told, **urls, **(environment or {})})
        return self.current

    def close(self) -> None:
        """Stop what runs."""
        if self.current is not None:
            self.current.down()
            self.current = None


@dataclass(frozen=True, slots=True)
class Documents:
    """What the runs take in. `seeds` is None where they are absent."""

    sites: Path
    seeds: Path | None

    def take_in(self, stack: Stack, *, order_seed: int | None = None) -> None:
        """Queue everything; with a seed in another order."""
        order = [] if order_seed is None else ["--order-seed", str(order_seed)]
        sources = [("mirror", self.sites), *([("folder", self.seeds)] if self.seeds else [])]
        for kind, folder in sources if order_seed is None or order_seed % 2 else reversed(sources):
            stack.command("ingest", kind, str(folder), *order)


@pytest.fixture(scope="session")
def stacks(postgres_database: Callable[[], str], opensearch_url: str) -> Iterator[Stacks]:
    folder = Path(tempfile.mkdtemp(prefix="newsfold-stacks-"))
    folder.chmod(0o755)  # under root the broker runs as another account
    found = Stacks(folder, postgres_database, lambda: opensearch_url)
    try:
        yield found
    finally:
        found.close()
        _delete_indices(opensearch_url)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sites(tmp_path_factory.mktemp("sites"))


@pytest.fixture(scope="session")
def documents(sites: Path, seeds_or_none: Path | None) -> Documents:
    return Documents(sites, seeds_or_none)


@dataclass(slots=True)
class _Kept:
    """The shared stack and what it gave; a stack that was replaced since is started again on demand."""

    stack: Stack | None = None
    result: bytes | None = None


@pytest.fixture(scope="session")
def kept() -> _Kept:
    return _Kept()


@pytest.fixture
def taken_in(stacks: Stacks, documents: Documents, kept: _Kept) -> Stack:
    if kept.stack is None or stacks.current is not kept.stack:
        kept.stack = stacks.fresh()
        kept.stack.up()
        documents.take_in(kept.stack)
        kept.stack.wait()
        kept.result = kept.stack.result()
        kept.stack.verify()
    return kept.stack


@pytest.fixture
def undisturbed(kept: _Kept, request: pytest.FixtureRequest) -> bytes:
    if kept.result is None:
        request.getfixturevalue("taken_in")
    assert kept.result
    return kept.result


def build_sites(target: Path, *options: str) -> Path:
    """The demo corpus as web sites."""
    program = CHECKOUT / "demo" / "corpus" / "build_sites.py"
    subprocess.run([sys.executable, str(program), str(target), *options], check=True, capture_output=True)
    return target


def _delete_indices(opensearch_url: str) -> None:
    """Those of a whole Newsfold; other tests name theirs with a prefix."""
    listed: list[dict[str, str]] = json.loads(_ask(f"{opensearch_url}/_cat/indices?format=json"))
    names = [row["index"] for row in listed if row["index"].startswith(INDICES)]
    if names:
        _ask(f"{opensearch_url}/{','.join(names)}", method="DELETE")


def _ask(url: str, *, method: str = "GET") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=300) as answer:
        return bytes(answer.read())
