"""A whole Newsfold started by the command itself, with a few pages taken in."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
import pytest

from services.cli.state import RunFolder, RunState

CHECKOUT = Path(__file__).resolve().parents[3]
PAGES = Path(__file__).with_name("pages")
TRANSCRIPT = "https://harbour.example/news/ferry-interview.html"
REWRITE = "https://tidings.example/ferry.html"
OTHER = "https://tidings.example/library.html"
NO_ARTICLE = "https://tidings.example/about.html"


@dataclass(frozen=True, slots=True)
class Newsfold:
    """Runs the command on one data folder."""

    data: Path

    def __call__(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSFOLD_")}
        return subprocess.run(
            [sys.executable, "-m", "services.cli.main", *words, "--data", str(self.data)],
            env={**clean, "PYTHONPATH": str(CHECKOUT), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def lines(self, *words: str, code: int = 0) -> list[Any]:
        """The JSON objects that a command prints, one a line."""
        done = self(*words, "--json")
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self) -> RunState:
        state = RunFolder(self.data).read()
        assert state is not None
        return state


@pytest.fixture(scope="session")
def newsfold() -> Iterator[Newsfold]:
    """Started, four pages taken in, one message that is no event sent to the normalizer, everything waited for."""
    folder = Path(tempfile.mkdtemp(prefix="newsfold-cli-"))
    folder.chmod(0o755)  # under root the engines run as another account
    run = Newsfold(folder / "data")
    try:
        started = run("up", "--detach")
        assert started.returncode == 0, started.stderr
        asyncio.run(send_nonsense(run.state().urls["nats_url"]))
        queued = run.lines("ingest", "mirror", str(PAGES))
        assert queued == [{"queued": 4, "skipped": 0}]
        waited = run("wait", "--timeout-seconds", "200")
        assert waited.returncode == 0, waited.stderr
        yield run
    finally:
        run("down")
        shutil.rmtree(folder, ignore_errors=True)


async def send_nonsense(url: str) -> None:
    client = await nats.connect(url)
    await client.jetstream().publish("page.fetched.live", b'{"no": "event"}')
    await client.close()
