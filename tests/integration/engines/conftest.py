"""Data folders that leave nothing behind, and a process that owns engines and may be killed."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from libs.adapters.engines import LocalEngines

CHECKOUT = Path(__file__).resolve().parents[3]
OWNER = Path(__file__).with_name("owner.py")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account can enter, with a space in its name."""
    folder = Path(tempfile.mkdtemp(prefix="newsfold engines "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_engines(open_folder: Path) -> Iterator[Callable[..., LocalEngines]]:
    """`make_engines("nats", folder=..., **options)`: engines that end and are forgotten with the test."""
    with ExitStack() as ends:

        def make(*which: str, folder: Path | None = None, **options: Any) -> LocalEngines:
            engines = LocalEngines(folder or open_folder / "data", which=which, fsync=False, **options)
            ends.callback(engines.forget)
            return engines

        yield make


class Owner:
    """A started `owner.py`; `said` is its JSON line."""

    def __init__(self, data: Path, *which: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(OWNER), str(data), *which],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self.said: dict[str, Any] = json.loads(said.readline() or '{"error": "it said nothing"}')

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def owner_of() -> Iterator[Callable[..., Owner]]:
    """`owner_of(data, "nats", ...)`: another process that runs these engines."""
    with ExitStack() as ends:

        def make(data: Path, *which: str) -> Owner:
            owner = Owner(data, *which)
            ends.callback(owner.end)
            return owner

        yield make
