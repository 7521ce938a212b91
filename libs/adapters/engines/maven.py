"""Fetches OpenSearch and the two jars it needs beside it, by Maven coordinates, checked against `opensearch.sha256`.

Where from is for jgo's own configuration to say (its file `~/.config/jgo.conf`, section `repositories`). A file that
this user's local Maven repository already holds is taken from there.
"""

import hashlib
import logging
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from libs.adapters.engines.cache import install
from libs.adapters.engines.errors import EngineError

SUMS = "opensearch.sha256"
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository and what it must be."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"


def artifacts() -> list[Artifact]:
    """The files of `opensearch.sha256`, the distribution first."""
    text = resources.files(__package__).joinpath(SUMS).read_text(encoding="ascii")
    found = []
    for line in text.splitlines():
        sha256, coordinates = line.split()
        group, name, version, packaging = coordinates.split(":")
        found.append(Artifact(group, name, version, packaging, sha256))
    return found


def opensearch_home(cache: Path, report: Callable[[str], None]) -> Path:
    """The unpacked distribution with the jars in its `lib/`, fetched if it is not in the cache.

    Raises EngineError when it can be neither found nor fetched, or is not the file we know.
    """
    distribution, *jars = wanted = artifacts()
    key = hashlib.sha256("".join(artifact.sha256 for artifact in wanted).encode()).hexdigest()[:12]

    def fill(target: Path) -> None:
        report(f"fetching OpenSearch {distribution.version} (176 MB, once)")
        with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as temporary:
            with zipfile.ZipFile(fetch(distribution, Path(temporary))) as archive:
                archive.extractall(temporary)
            shutil.copytree(Path(temporary) / f"opensearch-{distribution.version}", target, dirs_exist_ok=True)
            for jar in jars:
                shutil.copy(fetch(jar, Path(temporary)), target / "lib")

    return install(cache, f"opensearch-{distribution.version}-{key}", fill)


def fetch(artifact: Artifact, folder: Path) -> Path:
    """The artifact's file: this user's local Maven repository's if it is the right one, else downloaded to `folder`."""
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext, PythonResolver

    logging.getLogger("jgo").setLevel(logging.ERROR)
    settings = GlobalSettings.load()
    coordinates = Path(*artifact.group.split("."), artifact.name, artifact.version)
    local = settings.repo_cache / coordinates / f"{artifact.name}-{artifact.version}.{artifact.packaging}"
    if local.is_file() and _sha256(local) == artifact.sha256:
        return local
    context = MavenContext(
        repo_cache=folder / "maven",
        remote_repos={**MavenContext().remote_repos, **settings.repositories},
        resolver=PythonResolver(progress_callback=_progress()),
        timeout=TIMEOUT_SECONDS,
    )
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        file = Path(component.artifact(packaging=artifact.packaging).resolve())
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        raise EngineError(
            f"{artifact} could not be fetched ({error}). Check the network and, behind a mirror, the section "
            "[repositories] of ~/.config/jgo.conf; then run the same command again"
        ) from error
    if (found := _sha256(file)) != artifact.sha256:
        raise EngineError(
            f"{artifact} is not the file we know: its SHA-256 is {found}, expected {artifact.sha256}. "
            "Nothing of it was used. Fetch again; if it stays so, the mirror's copy is damaged or forged"
        )
    return file


def _progress() -> Any:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    from jgo.cli.rich import download_progress_callback

    return download_progress_callback


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
