"""The command's surface: help, exit codes, what it says when it cannot work."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import typer

from services.cli.failures import WrongUsage
from services.cli.main import app, main
from services.cli.running import scale_of
from services.cli.target import Target
from services.cli.words import without_password

COMMANDS = [
    "init",
    "up",
    "down",
    "demo",
    "provision",
    "wait",
    "status",
    "verify",
    "articles",
    "article",
    "why",
    "withdraw",
    "search",
    "quote",
    "trace",
    "reindex",
    "prune",
    "replay",
    "reconcile",
    "backup",
    "restore",
    "drill",
    "doctor",
    "support-bundle",
]
GROUPS = {
    "ingest": ("folder", "mirror", "url", "list", "feed"),
    "source": ("add", "list", "show", "test", "pause", "remove"),
    "story": ("list", "show", "merge", "split", "pin", "revoke", "corrections"),
    "rebuild": ("stories",),
    "quarantine": ("list", "show", "replay"),
}
REPORTING = ("provision", "wait", "status", "verify", "articles", "article", "why", "search", "quote", "trace")


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str


Newsfold = Callable[..., Done]


@pytest.fixture
def newsfold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Newsfold:
    """Runs the command line in this process, in an environment without settings."""
    for name in [name for name in os.environ if name.startswith("NEWSFOLD_")]:
        monkeypatch.delenv(name)

    def run(*words: str, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["newsfold", *words])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Done(int(end.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="module")
def tree() -> dict[tuple[str, ...], set[str]]:
    """The options of every command, by its words."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, (*words, name))
        if not getattr(command, "commands", {}):
            found[words] = {option for parameter in command.params for option in parameter.opts}

    walk(typer.main.get_command(app), ())
    return found


def test_every_command_of_the_reference_is_there(tree: dict[tuple[str, ...], set[str]]) -> None:
    wanted = {(name,) for name in COMMANDS} | {(group, name) for group, names in GROUPS.items() for name in names}

    assert set(tree) == wanted


def test_every_command_takes_a_data_folder(tree: dict[tuple[str, ...], set[str]]) -> None:
    assert [words for words, options in tree.items() if "--data" not in options] == []


def test_every_command_that_reports_can_speak_json(tree: dict[tuple[str, ...], set[str]]) -> None:
    assert [words for words, options in tree.items() if "--json" not in options] == []


@pytest.mark.parametrize(
    "words",
    [("articles",), ("status",), ("wait",), ("verify",), ("search", "x"), ("quote", "x"), ("story", "list"),
     ("quarantine", "list"), ("reconcile",), ("ingest", "url", "https://site.example/")],
)  # fmt: skip
def test_where_nothing_runs_it_says_how_to_start(newsfold: Newsfold, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = newsfold(*words, "--data", str(tmp_path))

    assert done.code == 1
    assert f"nothing is running in {tmp_path}: start it with `newsfold up --detach --data {tmp_path}`" in done.err
    assert done.out == ""


DOWN = {
    "NATS": {"NEWSFOLD_NATS_URL": "nats://SECRETSEED@127.0.0.1:9"},
    "PostgreSQL": {"NEWSFOLD_POSTGRES_URL": "postgresql://newsfold:SECRETSEED@127.0.0.1:9/newsfold"},
    "OpenSearch": {"NEWSFOLD_OPENSEARCH_URL": "http://newsfold:SECRETSEED@127.0.0.1:9"},
}


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("NATS", ("reconcile",)),
        ("PostgreSQL", ("articles",)),
        ("PostgreSQL", ("wait",)),
        ("OpenSearch", ("verify",)),
        ("PostgreSQL", ("trace", "https://site.example/")),
        ("PostgreSQL", ("quarantine", "list")),
        ("PostgreSQL", ("provision", "--check")),
        ("PostgreSQL", ("ingest", "url", "https://site.example/")),
        ("OpenSearch", ("search", "x")),
        ("OpenSearch", ("quote", "a few words")),
    ],
)
def test_an_engine_that_is_down_is_named_with_its_address_and_what_to_do_and_no_secret(
    newsfold: Newsfold, tmp_path: Path, engine: str, words: tuple[str, ...]
) -> None:
    done = newsfold(*words, "--data", str(tmp_path), **{k: v for urls in DOWN.values() for k, v in urls.items()})

    assert done.code == 1
    assert done.err.startswith(f"error: {engine} at ")
    assert "127.0.0.1:9" in done.err
    assert "newsfold doctor" in done.err
    assert "SECRETSEED" not in done.err
    assert "Traceback" not in done.err


def test_status_names_every_engine_that_is_down(newsfold: Newsfold, tmp_path: Path) -> None:
    urls = {k: v for engine in DOWN.values() for k, v in engine.items()}
    done = newsfold("status", "--data", str(tmp_path), **urls)

    assert done.code == 1
    assert all(f"{engine} at " in done.err for engine in DOWN)
    assert "SECRETSEED" not in done.err
    assert "Traceback" not in done.err


def test_down_where_nothing_runs_is_no_failure(newsfold: Newsfold, tmp_path: Path) -> None:
    done = newsfold("down", "--data", str(tmp_path))

    assert (done.code, done.out) == (0, f"nothing is running in {tmp_path}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "--scale", "fetchers=2"), "one of fetcher, normalizer"),
        (("ingest", "folder", "/nowhere"), "does not exist"),
        (("ingest", "folder", ".", "--base-url", "site"), "is no URL"),
        (("search", "x", "--facet", "language"), "NAME=VALUE"),
        (("quarantine", "replay"), "--all"),
        (("nonsense",), "No such command"),
    ],
)
def test_wrong_usage_ends_with_two(newsfold: Newsfold, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    data = () if words == ("nonsense",) else ("--data", str(tmp_path))
    done = newsfold(*words, *data)

    assert done.code == 2
    assert said in done.err


def test_a_setting_that_nobody_knows_is_refused(newsfold: Newsfold) -> None:
    done = newsfold("status", NEWSFOLD_POSTGRESS_URL="postgresql://x")

    assert done.code == 2
    assert "NEWSFOLD_POSTGRESS_URL is no setting" in done.err


def test_scale_names_services_and_how_many() -> None:
    assert scale_of([]) == dict.fromkeys(("fetcher", "normalizer", "deduplicator", "indexer", "reconciler"), 1)
    assert scale_of(["deduplicator=4", "indexer=0"])["deduplicator"] == 4
    with pytest.raises(WrongUsage):
        scale_of(["indexer=-1"])
    with pytest.raises(WrongUsage):
        scale_of(["indexer=100"])


def test_a_url_of_the_environment_is_used_whatever_runs(tmp_path: Path) -> None:
    target = Target(tmp_path, {"postgres_url": "postgresql://elsewhere/x"})

    assert target.postgres == "postgresql://elsewhere/x"
    assert target.blobs == f"file:{tmp_path}/blobs"


def test_passwords_are_not_shown() -> None:
    assert without_password("postgresql://me:secret@host:1/db") == "postgresql://me:***@host:1/db"
    assert without_password("nats://SUAKEYOFAUSER@host:1") == "nats://***@host:1"  # a key, see libs.runtime.login
    assert without_password("postgresql://me@host:1/db") == "postgresql://me@host:1/db"
    assert without_password("nats://host:1") == "nats://host:1"
