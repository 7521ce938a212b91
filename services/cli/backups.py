"""A backup on disk, and the way back.

    FOLDER/blobs/…                 captured bytes by their hash; shared by all backups of FOLDER, so only new ones are added
    FOLDER/20240517T081500Z/       one backup: a file per table and `manifest.json`, written last

What a search index or a broker holds is derived: `restore` makes it anew from PostgreSQL.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from services.cli.failures import CommandFailed
from services.cli.target import Target

if TYPE_CHECKING:
    from libs.adapters.blobs import FolderBlobs
    from libs.adapters.postgres.backup import Dump, TableFile

MANIFEST = "manifest.json"
FORMAT = 1
Watch = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `missing_blobs` were named by captures and not to be had when it was taken."""

    taken_at: str
    release: str
    schema: str
    tables: "dict[str, TableFile]"
    blobs: tuple[str, ...]
    missing_blobs: tuple[str, ...]
    format: int = FORMAT


@dataclass(slots=True)
class Report:
    """What was done; `seconds` a step."""

    backup: str
    rows: int = 0
    blobs: int = 0
    missing_blobs: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step takes."""
        began = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - began, 2)


async def back_up(target: Target, folder: Path, watch: Watch) -> Report:
    """Take a backup below `folder` while everything runs."""
    from libs.adapters.postgres.backup import dump, note_backup

    taken_at = datetime.now(UTC)
    place = folder / taken_at.strftime("%Y%m%dT%H%M%SZ")
    if place.exists():
        raise CommandFailed(f"{place} exists already: wait a second")
    making = folder / f".making-{place.name}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    report = Report(str(place))
    async with target.open_postgres() as engine:
        with report.timed("tables"):
            written = await dump(engine, making, watch)
    with report.timed("blobs"):  # after the tables: bytes are archived before a capture names them
        report.missing_blobs = await _copy(written.blobs, target.open_blobs(), blobs_of(folder), watch)
    report.rows = sum(table.rows for table in written.tables.values())
    report.blobs = len(written.blobs) - len(report.missing_blobs)
    _write_manifest(making, _manifest(taken_at, written, report.missing_blobs))
    making.rename(place)
    _sync(folder)
    async with target.open_postgres() as engine:
        await note_backup(engine, place.name, taken_at, missing_blobs=len(report.missing_blobs))
    return report


async def restore(target: Target, place: Path, watch: Watch) -> Report:
    """Bring the bytes and tables of a backup into empty engines that run."""
    from libs.adapters.postgres.backup import BackupError, load

    manifest = read_manifest(place)
    report = Report(str(place), sum(table.rows for table in manifest.tables.values()))
    kept = [key for key in manifest.blobs if key not in set(manifest.missing_blobs)]
    with report.timed("blobs"):  # before the tables: no capture may name bytes that are not there
        report.missing_blobs = await _copy(kept, blobs_of(place.parent), target.open_blobs(), watch)
    report.blobs = len(kept) - len(report.missing_blobs)
    async with target.open_postgres() as engine:
        with report.timed("tables"):
            try:
                await load(engine, place, manifest.schema, manifest.tables, watch)
            except BackupError as error:
                raise CommandFailed(str(error)) from error
    return report


def read_manifest(place: Path) -> Manifest:
    """The manifest of a backup; raises CommandFailed where there is none that this release can read."""
    from libs.adapters.postgres.backup import TableFile

    try:
        told = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise CommandFailed(f"{place} has format {told['format']}, this release reads {FORMAT}")
        tables = {
            name: TableFile(tuple(table["columns"]), table["rows"], table["sha256"])
            for name, table in told["tables"].items()
        }
        return Manifest(
            told["taken_at"],
            told["release"],
            told["schema"],
            tables,
            tuple(told["blobs"]),
            tuple(told["missing_blobs"]),
        )
    except FileNotFoundError:
        taken = sorted(found.parent.name for found in place.glob(f"*/{MANIFEST}"))
        hint = f"; there are {', '.join(taken)} in it: name one" if taken else ""
        raise CommandFailed(f"{place} is no finished backup: it has no {MANIFEST}{hint}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise CommandFailed(f"{place / MANIFEST} cannot be read: {error!r}") from error


def _manifest(taken_at: datetime, written: "Dump", missing: Sequence[str]) -> Manifest:
    from libs.runtime.service import release

    return Manifest(
        taken_at.isoformat(), release(), written.schema, dict(written.tables), written.blobs, tuple(missing)
    )


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    for path in folder.iterdir():
        path.chmod(0o600)
        with path.open("rb") as file_on_disk:
            os.fsync(file_on_disk.fileno())
    _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blobs_of(folder: Path) -> "FolderBlobs":
    from libs.adapters.blobs import open_blobs

    return open_blobs(str(folder / "blobs"))


async def _copy(keys: Sequence[str], source: "FolderBlobs", sink: "FolderBlobs", watch: Watch) -> list[str]:
    """Copy what the sink has not; every copy is checked against its hash. Answers the keys that cannot be had."""
    from libs.adapters.blobs import BlobCorrupt

    missing = []
    for number, key in enumerate(keys):
        watch(f"blob {number + 1:,} of {len(keys):,}")
        if await sink.exists(key):
            continue
        try:
            data = await source.get(key)
        except BlobCorrupt:
            data = None
        if data is None:
            missing.append(key)
        else:
            await sink.put(data)
    return missing
