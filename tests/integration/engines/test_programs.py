"""Program files that are fetched: from where jgo's configuration says, only if they are the ones we know."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from libs.adapters.engines import EngineError
from libs.adapters.engines.cache import install
from libs.adapters.engines.maven import Artifact, artifacts, fetch

CONTENT = b"what the repository serves"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven repository on loopback, named by the jgo configuration of an otherwise empty home."""
    home, files = tmp_path / "home", tmp_path / "files"
    file = files / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(files)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (home / ".config").mkdir(parents=True)
    (home / ".config" / "jgo.conf").write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("M2_REPO", raising=False)
    yield file
    server.shutdown()
    server.server_close()


def thing(sha256: str) -> Artifact:
    return Artifact("org.example", "thing", "1.0", "jar", sha256)


def test_the_right_file_is_fetched(repository: Path, tmp_path: Path) -> None:
    assert fetch(thing(hashlib.sha256(CONTENT).hexdigest()), tmp_path).read_bytes() == CONTENT


def test_another_file_under_the_same_name_is_refused(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="not the file we know"):
        fetch(thing("0" * 64), tmp_path)


def test_a_file_that_is_not_there_says_what_to_check(repository: Path, tmp_path: Path) -> None:
    repository.unlink()
    with pytest.raises(EngineError, match="could not be fetched"):
        fetch(thing("0" * 64), tmp_path)


def test_every_file_has_a_sum() -> None:
    assert [len(artifact.sha256) for artifact in artifacts()] == [64, 64, 64]


def test_an_installation_that_breaks_off_leaves_nothing_and_is_done_again(tmp_path: Path) -> None:
    def break_off(target: Path) -> None:
        (target / "half").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        install(tmp_path, "program", break_off)
    assert not (tmp_path / "program").exists()
    assert (install(tmp_path, "program", lambda target: (target / "whole").touch()) / "whole").exists()
    assert install(tmp_path, "program", break_off) == tmp_path / "program", "what is there is not made again"
