"""A whole Newsfold as an operator runs it: started by its command, asked by its command, its processes killed by id.

The broker and the blobs of a stack are its own; PostgreSQL and OpenSearch are given by URL, so that a stack is ready in
seconds. What the command prints is the only result; the database is looked at merely to find a moment for a fault.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from prometheus_client.parser import text_string_to_metric_families

from services.cli.state import RunFolder, ServiceEntry

T = TypeVar("T")
CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 900  # far more than anything takes; only a stack that is stuck meets it
LOOK_SECONDS = 0.02

# How far each stage has come, in rows. `unfinished` counts what has no end yet.
_PROGRESS = """SELECT (SELECT count(*) FROM fetches) AS queued,
    (SELECT count(*) FROM captures) AS fetcher,
    (SELECT count(*) FROM captures WHERE "end" IS NOT NULL) AS normalizer,
    (SELECT count(*) FROM revisions WHERE assigned_at IS NOT NULL) AS deduplicator,
    (SELECT count(*) FROM articles WHERE indexed_projection > 0) AS indexer,
    (SELECT count(*) FROM fetches WHERE NOT done)
        + (SELECT count(*) FROM captures WHERE "end" IS NULL)
        + (SELECT count(*) FROM revisions WHERE "end" IS NULL)
        + (SELECT count(*) FROM articles WHERE projection > indexed_projection)
        + (SELECT count(*) FROM stories WHERE projection > indexed_projection) AS unfinished"""


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows that each stage has finished; all counts only grow, except `unfinished`."""

    queued: int
    fetcher: int
    normalizer: int
    deduplicator: int
    indexer: int
    unfinished: int

    def of(self, stage: str) -> int:
        return int(getattr(self, stage))


class CommandError(AssertionError):
    """A command ended with another code than expected; the message holds all it said."""


class Stack:
    """One data folder. `environment` holds the settings under test and the engines' URLs; `checkout` is whose code runs."""

    def __init__(self, data: Path, environment: Mapping[str, str], checkout: Path = CHECKOUT) -> None:
        self.data = data
        self.environment = dict(environment)
        self.checkout = checkout

    # --- the command

    def command(self, *words: str, code: int | None = 0, timeout: float = PATIENCE_SECONDS) -> str:
        """What `newsfold WORDS` prints. Raises CommandError when it does not exit with `code` (None: any)."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "services.cli.main", *words, "--data", str(self.data)],
            env={**_clean(os.environ), **self.environment, "PYTHONPATH": str(self.checkout)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if code is not None and done.returncode != code:
            raise CommandError(f"newsfold {' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def ask(self, *words: str, code: int | None = 0) -> Any:
        """The object that a command prints with `--json`."""
        return json.loads(self.command(*words, "--json", code=code))

    def lines(self, *words: str) -> list[Any]:
        """The objects, one a line."""
        return [json.loads(line) for line in self.command(*words, "--json").splitlines()]

    def up(self, **scale: int) -> None:
        words = [word for name, n in scale.items() for word in ("--scale", f"{name}={n}")]
        self.command("up", "--detach", *words)

    def down(self) -> None:
        self.command("down")

    def wait(self) -> Any:
        """Until everything has its end."""
        return self.ask("wait", "--timeout-seconds", str(PATIENCE_SECONDS))

    def result(self) -> bytes:
        """All that there is to say of all articles, as sorted lines: what two runs are compared by."""
        return b"\n".join(sorted(self.command("articles", "--full", "--json").encode().splitlines()))

    def articles(self) -> dict[str, Any]:
        """Full articles by key."""
        return {article["key"]: article for article in self.lines("articles", "--full")}

    def verify(self) -> Any:
        """The report of a clean stack; a difference fails."""
        report = self.ask("verify")
        assert report["clean"], report
        return report

    # --- processes

    def service(self, name: str, number: int = 1) -> ServiceEntry:
        """A service's process as the supervisor notes it (what `status --json` shows)."""
        state = RunFolder(self.data).read()
        assert state is not None, f"nothing runs in {self.data}"
        return next(entry for entry in state.services if (entry.name, entry.number) == (name, number))

    def services(self) -> tuple[ServiceEntry, ...]:
        state = RunFolder(self.data).read()
        assert state is not None, f"nothing runs in {self.data}"
        return state.services

    def kill(self, name: str) -> int:
        """SIGKILL a service; the number of its starts so far."""
        entry = self.until(lambda: _living(self.service(name)), f"{name} to run")
        os.kill(entry.pid or 0, signal.SIGKILL)
        return entry.starts

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """A service that does nothing for a while."""
        pid = self.until(lambda: _living(self.service(name)), f"{name} to run").pid or 0
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a counter over all processes that live and answer."""
        return sum(
            sample.value
            for entry in self.services()
            for family in text_string_to_metric_families(_metrics_of(entry))
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    # --- moments

    def progress(self) -> Progress:
        with psycopg.connect(self.environment["NEWSFOLD_POSTGRES_URL"]) as connection:
            row = connection.execute(_PROGRESS).fetchone()
            assert row is not None
            return Progress(*(int(n) for n in row))

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """The first true answer of `look`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if found := look():
                return found
            assert time.monotonic() < deadline, f"waited in vain for {what}: {self.progress()}"
            time.sleep(LOOK_SECONDS)

    def until_progress(self, stage: str, rows: int) -> Progress:
        """Until a stage has finished so many rows; where everything is then."""

        def look() -> Progress | None:
            found = self.progress()
            return found if found.of(stage) >= rows else None

        return self.until(look, f"{rows} rows of the {stage}")


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("NEWSFOLD_")}


def _living(entry: ServiceEntry) -> ServiceEntry | None:
    return entry if entry.pid is not None else None


def _metrics_of(entry: ServiceEntry) -> str:
    if entry.pid is None:
        return ""
    with urllib.request.urlopen(f"http://127.0.0.1:{entry.port}/metrics", timeout=30) as answer:
        return str(answer.read().decode())
