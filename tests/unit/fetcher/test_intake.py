"""Intake pauses on a full disk and goes on when there is room again, told in words; disk readings are given by hand."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from libs.adapters.blobs import FolderBlobs
from services.fetcher.intake import LOOK_SECONDS, Intake


@dataclass
class Disk:
    """A disk and a clock that a test sets, and what is told."""

    used: float | OSError = 0.5
    now: float = 0.0
    looks: int = 0
    told: list[str | None] = field(default_factory=list)

    async def used_ratio(self) -> float:
        self.looks += 1
        if isinstance(self.used, OSError):
            raise self.used
        return self.used

    def intake(self, percent: int = 90) -> Intake:
        return Intake(self.used_ratio, self.told.append, percent, clock=lambda: self.now)


async def is_open(disk: Disk, intake: Intake, used: float | OSError) -> bool:
    disk.used = used
    disk.now += LOOK_SECONDS
    return await intake.open()


async def test_it_pauses_at_the_limit_and_goes_on_well_below_it() -> None:
    disk = Disk()
    intake = disk.intake()
    readings = [0.5, 0.899, 0.90, 0.89, 0.851, 0.849, 0.899, 0.95]
    assert [await is_open(disk, intake, used) for used in readings] == [
        True,
        True,
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert disk.told == ["the disk of the blobs is 90 % full", None, "the disk of the blobs is 95 % full"]


async def test_it_looks_at_the_disk_every_few_seconds_only() -> None:
    disk = Disk()
    intake = disk.intake()
    assert [await intake.open() for _ in range(3)] == [True] * 3
    assert disk.looks == 1
    disk.now += LOOK_SECONDS
    await intake.open()
    assert disk.looks == 2


@pytest.mark.parametrize("used", [0.5, 0.95])
async def test_a_disk_that_cannot_be_read_changes_nothing(used: float) -> None:
    disk = Disk()
    intake = disk.intake()
    before = await is_open(disk, intake, used)
    assert await is_open(disk, intake, OSError("no such device")) is before


async def test_at_a_hundred_it_never_pauses() -> None:
    disk = Disk()
    assert await is_open(disk, disk.intake(100), 1.0)
    assert disk.looks == 0


async def test_what_is_reserved_for_the_superuser_is_neither_used_nor_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(f_blocks=1000, f_bfree=900, f_bavail=100, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    blobs = FolderBlobs(tmp_path / "not yet there")
    assert await blobs.disk() == (200 * 4096, 100 * 4096)
    assert await blobs.used_ratio() == 0.5
