"""Blobs in a folder: `<root>/ab/cd/<sha256>.zst`, durable when `put` returns.

In: bytes. Out: their sha256 as 64 hex digits, the key to ask for them again. Content decides the name, so a repeated
put is harmless, on any number of processes. Nothing is changed here, and nothing deleted but what an editor erases or
what is pruned.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import unquote, urlsplit

import zstandard

from libs.contracts.reasons import Reason
from libs.runtime.failures import DependencyDown, Quarantine

BLOB_MAX_BYTES = 64 * 1024 * 1024  # three times what the fetcher lets through
COMPRESSION_LEVEL = 3  # zstd's own default; a page of 100 kB takes 0.4 ms
_KEY = re.compile(r"[0-9a-f]{64}")
_RETIRED = ".retired-"


class BlobCorrupt(Quarantine):
    """What lies under a key is not what was put there."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BLOB_CORRUPT, detail)


@dataclass(frozen=True, slots=True)
class FolderBlobs:
    """A blob store on one file system. `sync=False` gives durability away, for tests that do not ask for it."""

    root: Path
    sync: bool = True
    _durable_folders: set[Path] = field(default_factory=set, repr=False, compare=False)

    async def put(self, data: bytes) -> str:
        """Keep `data`; returns its key once file and folder are on disk. Raises DependencyDown when they cannot be."""
        return await asyncio.to_thread(self._put, data)

    async def get(self, key: str, *, max_bytes: int = BLOB_MAX_BYTES) -> bytes | None:
        """The bytes of `key`, None if there are none. Raises BlobCorrupt, also for more than `max_bytes`."""
        return await asyncio.to_thread(self._get, key, max_bytes)

    async def disk(self) -> tuple[int, int]:
        """Bytes of the disk that anybody may use, and those of them that are free, as `df` counts. Raises OSError."""
        return await asyncio.to_thread(self._disk)

    async def used_ratio(self) -> float:
        """How full the disk is, 0 to 1. Raises OSError."""
        total, free = await self.disk()
        return 1 - free / total if total else 0.0

    def _disk(self) -> tuple[int, int]:
        place = next(folder for folder in (self.root.absolute(), *self.root.absolute().parents) if folder.exists())
        found = os.statvfs(place)
        used = found.f_blocks - found.f_bfree  # what is kept for the superuser is neither used nor free
        return (used + found.f_bavail) * found.f_frsize, found.f_bavail * found.f_frsize

    async def exists(self, key: str) -> bool:
        """Whether something lies under `key`; its content is not looked at."""
        return await asyncio.to_thread(self.path(key).is_file)

    async def discard(self, key: str) -> None:
        """Delete what lies under `key`, for good once this returns. Raises DependencyDown."""
        await asyncio.to_thread(self._discard, key)

    def path(self, key: str) -> Path:
        """Where `key` lies. Raises ValueError for what is no key: it may come from outside."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no blob key: 64 hex digits are")
        return self.root / key[:2] / key[2:4] / f"{key}.zst"

    def _put(self, data: bytes) -> str:
        if len(data) > BLOB_MAX_BYTES:
            raise ValueError(f"{len(data)} bytes are more than a blob may hold ({BLOB_MAX_BYTES})")
        key = hashlib.sha256(data).hexdigest()
        path = self.path(key)
        try:
            self._make_folder(path.parent)
            if not self._is_whole(key) or not self._renewed(path):
                self._write(path, zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(data))
            # also when another process wrote the file: it may not have come to this line yet
            self._sync_folder(path.parent)
        except OSError as error:
            raise DependencyDown("blobs", f"{error.strerror or error} ({self.root})") from error
        return key

    def _get(self, key: str, max_bytes: int) -> bytes | None:
        try:
            packed = self.path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DependencyDown("blobs", f"{error.strerror or error} ({self.root})") from error
        data = _unpack(packed, max_bytes, key)
        if hashlib.sha256(data).hexdigest() != key:
            raise BlobCorrupt(f"blob {key} holds other bytes than were put there")
        return data

    def _discard(self, key: str) -> None:
        path = self.path(key)
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                self._sync_folder(path.parent)
        except OSError as error:
            raise DependencyDown("blobs", f"{error.strerror or error} ({self.root})") from error

    def older_than(self, instant: float) -> Iterator[str]:
        """Keys that were last put before `instant` (seconds since 1970), ascending."""
        for first in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for second in sorted(first.glob("[0-9a-f][0-9a-f]")):
                for aside in second.glob(f"{_RETIRED}*"):  # of a run that was cut short
                    aside.rename(self.path(aside.name.removeprefix(_RETIRED)))
                for path in sorted(second.glob("[0-9a-f]*.zst")):
                    if path.stat().st_mtime < instant:
                        yield path.stem

    def retire(self, key: str, instant: float) -> int:
        """Delete what nobody asks for; the bytes on disk that this freed, 0 where it was put again since `instant`.

        It is set aside first: whoever puts the same bytes meanwhile either has renewed the file, or writes another.
        """
        path = self.path(key)
        aside = path.with_name(f"{_RETIRED}{key}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return 0
        found = aside.stat()
        if found.st_mtime >= instant:
            aside.rename(path)
            return 0
        aside.unlink()
        return found.st_size

    def _renewed(self, path: Path) -> bool:
        """Make the file as young as one that was just written; False where it has gone."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True

    def _is_whole(self, key: str) -> bool:
        with suppress(BlobCorrupt):
            return self._get(key, BLOB_MAX_BYTES) is not None
        return False

    def _write(self, path: Path, packed: bytes) -> None:
        """Under a name of its own, then renamed: no reader ever sees half a blob."""
        with NamedTemporaryFile(dir=path.parent, prefix=".put-", delete=False) as file:
            try:
                file.write(packed)
                file.flush()
                os.fchmod(file.fileno(), 0o644)
                if self.sync:
                    os.fsync(file.fileno())
                Path(file.name).rename(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _make_folder(self, folder: Path) -> None:
        """Make `folder`, each level durable in the one above, once per process: another one may have just made it."""
        if folder in self._durable_folders:
            return
        if folder != self.root:
            self._make_folder(folder.parent)
        folder.mkdir(parents=folder == self.root, exist_ok=True)
        self._sync_folder(folder.parent)
        self._durable_folders.add(folder)

    def _sync_folder(self, folder: Path) -> None:
        if not self.sync:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unpack(packed: bytes, max_bytes: int, key: str) -> bytes:
    """Decompress at most `max_bytes`: the size in the frame's head is a claim like any other."""
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            data = reader.read(max_bytes + 1)
    except zstandard.ZstdError as error:
        raise BlobCorrupt(f"blob {key} cannot be unpacked: {error}") from error
    if len(data) > max_bytes:
        raise BlobCorrupt(f"blob {key} is larger than {max_bytes} bytes")
    return data


def open_blobs(url: str) -> FolderBlobs:
    """The store at `url`: `file:` and a folder (`file:/var/lib/newsfold/blobs`, `file:relative/folder`), or a path.

    Raises ValueError for a kind of store that is not known.
    """
    parts = urlsplit(url)
    if len(parts.scheme) > 1 and parts.scheme != "file":
        raise ValueError(f"blobs cannot be kept at {parts.scheme}: addresses; set NEWSFOLD_BLOBS_URL to file:/a/folder")
    if parts.scheme != "file":
        return FolderBlobs(Path(url))
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"{url} names another machine; write file:/a/folder")
    return FolderBlobs(Path(unquote(parts.path)))
