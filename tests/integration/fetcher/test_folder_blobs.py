"""The blob store on a real file system: what was put is there, whole, and was on disk before `put` returned."""

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from libs.adapters.blobs import BLOB_MAX_BYTES, BlobCorrupt, FolderBlobs, open_blobs
from libs.runtime.failures import DependencyDown, Quarantine

PAGE = b"<p>Words.</p>" * 1000


def name_of(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "blobs")


@pytest.mark.parametrize("data", [b"", b"x", PAGE, os.urandom(300_000)])
async def test_what_was_put_is_there_under_its_sha256(blobs: FolderBlobs, data: bytes) -> None:
    key = await blobs.put(data)
    assert key == hashlib.sha256(data).hexdigest()
    assert await blobs.get(key) == data
    assert await blobs.exists(key)


async def test_blobs_are_packed_in_two_levels_of_folders(blobs: FolderBlobs) -> None:
    key = await blobs.put(PAGE)
    [path] = blobs.root.rglob("*.zst")
    assert path.relative_to(blobs.root).parts == (key[:2], key[2:4], f"{key}.zst")
    assert path.stat().st_size < len(PAGE) / 10


async def test_what_was_never_put_is_none(blobs: FolderBlobs) -> None:
    assert await blobs.get("0" * 64) is None
    assert not await blobs.exists("0" * 64)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
async def test_a_key_from_outside_cannot_leave_the_folder(blobs: FolderBlobs, key: str) -> None:
    with pytest.raises(ValueError):
        await blobs.get(key)


async def test_file_and_folders_are_synced_before_put_returns(
    blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fsync(descriptor: int) -> None:
        done.append(name_of(descriptor))

    monkeypatch.setattr(os, "fsync", fsync)
    key = await blobs.put(PAGE)
    path = blobs.path(key)
    file = next(i for i, name in enumerate(done) if Path(name).name.startswith(".put-"))
    folders = [str(blobs.root.parent), str(blobs.root), str(path.parent.parent)]
    assert [done.index(folder) for folder in folders] == sorted(done.index(folder) for folder in folders)
    assert done.index(str(path.parent), file) > file  # the folder after the file in it


async def test_a_blob_that_another_process_wrote_is_made_durable_too(
    blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await blobs.put(PAGE)
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(name_of(descriptor)))
    await FolderBlobs(blobs.root).put(PAGE)
    assert str(blobs.path(key).parent) in synced


@pytest.mark.parametrize(
    "damage", [b"", b"rubbish", zstandard.compress(b"other bytes"), zstandard.compress(PAGE)[:-5], b"\x28\xb5\x2f\xfd"]
)
async def test_damage_is_noticed_when_read_and_healed_by_the_next_put(blobs: FolderBlobs, damage: bytes) -> None:
    key = await blobs.put(PAGE)
    blobs.path(key).write_bytes(damage)
    with pytest.raises(BlobCorrupt) as caught:
        await blobs.get(key)
    assert isinstance(caught.value, Quarantine)
    assert caught.value.reason == "blob_corrupt"
    assert await blobs.put(PAGE) == key
    assert await blobs.get(key) == PAGE


async def test_a_blob_that_unpacks_to_too_much_is_not_unpacked(blobs: FolderBlobs) -> None:
    key = await blobs.put(PAGE)
    with pytest.raises(BlobCorrupt):
        await blobs.get(key, max_bytes=len(PAGE) - 1)
    blobs.path(key).write_bytes(zstandard.compress(bytes(BLOB_MAX_BYTES + 1)))
    with pytest.raises(BlobCorrupt):
        await blobs.get(key)


async def test_many_puts_of_the_same_bytes_at_once_are_one_blob(blobs: FolderBlobs) -> None:
    assert len(set(await asyncio.gather(*(blobs.put(PAGE) for _ in range(40))))) == 1
    assert [path.name for path in blobs.root.rglob("*") if path.is_file()] == [
        f"{hashlib.sha256(PAGE).hexdigest()}.zst"
    ]


async def test_a_store_that_cannot_be_written_is_down(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(DependencyDown) as caught:
        await FolderBlobs(tmp_path / "file" / "blobs").put(PAGE)
    assert caught.value.dependency == "blobs"


async def test_a_full_disk_leaves_no_half_blob(blobs: FolderBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.root.mkdir()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    blobs._make_folder(blobs.path(hashlib.sha256(PAGE).hexdigest()).parent)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DependencyDown, match="No space left"):
        await blobs.put(PAGE)
    assert [path for path in blobs.root.rglob("*") if path.is_file()] == []


def test_a_kill_in_the_middle_leaves_whole_blobs_only(tmp_path: Path) -> None:
    """A writer is killed again and again; whatever has a key can be read."""
    script = (
        "import asyncio, itertools, sys; from libs.adapters.blobs import open_blobs; b = open_blobs(sys.argv[1]);"
        "[(asyncio.run(b.put(f'{sys.argv[2]}:{n}'.encode() * 20000)), print('.', end='', flush=True))"
        " for n in itertools.count()]"
    )
    for run in range(3):
        writer = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(run)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.read(20)
        writer.kill()
        writer.wait()
        writer.stdout.close()
    store = FolderBlobs(tmp_path)
    keys = [path.stem for path in tmp_path.rglob("*.zst")]
    assert len(keys) >= 60
    for key in keys:
        assert asyncio.run(store.get(key)) is not None


def test_stores_are_named_by_url(tmp_path: Path) -> None:
    assert open_blobs("file:/var/lib/newsfold/blobs").root == Path("/var/lib/newsfold/blobs")
    assert open_blobs("file:///var/lib/a%20b").root == Path("/var/lib/a b")
    assert open_blobs("file:relative/blobs").root == Path("relative/blobs")
    assert open_blobs(str(tmp_path)).root == tmp_path
    for url in ("s3://bucket/prefix", "https://h.example/", "file://elsewhere/x"):
        with pytest.raises(ValueError):
            open_blobs(url)
