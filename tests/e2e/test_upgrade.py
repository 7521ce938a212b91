"""Services of the release before the last change of the schema and those of this one work side by side on one stack."""

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.fixtures import Documents, Stacks
from support.stack import CHECKOUT, Stack

from libs.adapters.engines.ports import free_port
from libs.adapters.postgres.migrate import head
from services.cli.state import RunFolder

pytestmark = pytest.mark.slow

VERSIONS = "migrations/versions"


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(CHECKOUT), *words], check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def old_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it was before the newest schema came."""
    try:
        commits = git("log", "--format=%H", "--", VERSIONS).decode().split()
        commit = next(f"{c}^" for c in commits if _newest_schema(f"{c}^") < head())
    except (subprocess.CalledProcessError, StopIteration, FileNotFoundError):
        pytest.skip("needs the history of the project: this is no clone, or a shallow one")
    folder = tmp_path_factory.mktemp("old-release")
    folder.chmod(0o755)
    with tarfile.open(fileobj=BytesIO(git("archive", commit))) as tree:
        tree.extractall(folder, filter="data")
    return folder


def _newest_schema(commit: str) -> str:
    names = git("ls-tree", "--name-only", commit, f"{VERSIONS}/").decode().splitlines()
    return max(Path(name).name[:4] for name in names if name.endswith(".py"))


@pytest.fixture
def old_stack(stacks: Stacks, old_release: Path) -> Iterator[Stack]:
    """On a database that the old release has made; the old code's own command starts it."""
    stack = stacks.fresh()
    stack.checkout = old_release
    with psycopg.connect(stack.environment["NEWSFOLD_POSTGRES_URL"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    yield stack
    stacks.close()


@contextmanager
def running(stack: Stack, service: str) -> Iterator[int]:
    """A process of this release beside the old ones; the port of its metrics."""
    state = RunFolder(stack.data).read()
    assert state is not None
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("NEWSFOLD_")},
        **{f"NEWSFOLD_{name.upper()}": url for name, url in state.urls.items()},
        "NEWSFOLD_BLOBS_URL": f"file:{stack.data}/blobs",
        "NEWSFOLD_METRICS_PORT": str(port),
        "PYTHONPATH": str(CHECKOUT),
    }
    process = subprocess.Popen([sys.executable, "-P", "-m", "services", service], env=environment)
    try:
        stack.until(lambda: process.poll() is not None or _ready(port), f"the new {service}")
        assert process.poll() is None, f"the new {service} ended with {process.returncode}"
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def settled(port: int) -> float:
    """How many messages a process has settled."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    samples = [sample for family in families for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "newsfold_messages_total")


@pytest.fixture
def thirds(documents: Documents, tmp_path: Path) -> list[Path]:
    """The sites of the corpus in three mirrors."""
    hosts = sorted(path for path in documents.sites.iterdir() if path.is_dir())
    for n, host in enumerate(hosts):
        shutil.copytree(host, tmp_path / str(n % 3) / host.name)
    return [tmp_path / str(n) for n in range(3)]


def test_old_and_new_services_share_the_work_on_the_new_schema(old_stack: Stack, thirds: list[Path]) -> None:
    old_stack.up()
    processes = {entry.name: entry.pid for entry in old_stack.services()}
    old_stack.command("ingest", "mirror", str(thirds[0]))
    old_stack.until_progress("indexer", 10)

    new = Stack(old_stack.data, old_stack.environment)
    assert new.ask("provision")["changed"] != []  # while the old ones work
    with running(new, "normalizer") as reads, running(new, "deduplicator") as folds, running(new, "indexer") as shows:
        new.command("ingest", "mirror", str(thirds[1]))
        new.wait()
        while not all(settled(port) for port in (reads, folds, shows)):
            new.command("replay", "--stage", "deduplicator", "--per-second", "0")
            new.wait()
    alone = old_stack.metric("newsfold_messages_total")
    new.command("ingest", "mirror", str(thirds[2]))  # the old ones alone, on the new schema
    new.wait()

    assert old_stack.metric("newsfold_messages_total") > alone
    assert {entry.name: entry.pid for entry in old_stack.services()} == processes, "an old service has ended"
    aside = {entry["reason"] for entry in new.lines("quarantine", "list")}
    assert aside <= {"parse_timeout"}, (
        "one release did not understand the other"
    )  # a parser's limit is the machine's doing
    new.verify()
