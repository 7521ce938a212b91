"""What is old and needed no more goes; what anything still needs stays, and the account with it."""

import os
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from postgres_rig import Desk, article
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.blobs import FolderBlobs
from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.tables import captures, fetches, known_urls, quarantine
from services.cli.pruning import DAY_SECONDS, Pruned, prune

DAYS = 30
OLD = timedelta(days=DAYS + 1)
Store = Callable[[int], Awaitable[str]]


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path, sync=False)


@pytest.fixture
async def page(desk: Desk, blobs: FolderBlobs) -> Desk:
    """Four old captures: a text, the same text, another text, a recent look at it; bytes of each."""
    await prune(desk.engine, blobs, days=DAYS, dry_run=False)  # what other tests left
    for hour, body in enumerate(("First words.", "First words.", "Other words.", "Other words.")):
        recorded = await desk.take(hour, article(body))
        if hour == 0:
            await desk.give_story(
                (await desk.rows(text("SELECT article_id FROM articles ORDER BY recorded_at DESC")))[0][0]
            )
        assert recorded.end in ("extracted", "unchanged")
        await keep(desk, blobs, hour, age=timedelta() if hour == 3 else OLD)
    return desk


async def keep(desk: Desk, blobs: FolderBlobs, hour: int, *, age: timedelta) -> str:
    """Give a capture real bytes, and an age to both."""
    key = await blobs.put(f"{desk.url} {hour}".encode())
    moment = datetime.now(UTC) - age
    os.utime(blobs.path(key), (moment.timestamp(),) * 2)
    async with desk.engine.begin() as connection:
        await connection.execute(
            captures.update()
            .where(captures.c.capture_id == desk.event(hour).capture_id)
            .values(sha256=key, recorded_at=moment, ended_at=moment)
        )
    return key


async def with_bytes(desk: Desk) -> list[int]:
    """The hours of the captures that have their bytes."""
    rows = await desk.rows(select(captures.c.capture_id).where(captures.c.sha256.is_not(None)))
    ids = {row.capture_id for row in rows}
    return [hour for hour in range(4) if desk.event(hour).capture_id in ids]


async def test_bytes_of_old_states_go_and_those_of_current_ones_stay(page: Desk, blobs: FolderBlobs) -> None:
    before = [v.rule for v in await PostgresConsistency(page.engine).violations()]
    done = await prune(page.engine, blobs, days=DAYS, dry_run=False)
    assert await with_bytes(page) == [2, 3]  # the current revision's, and the newest
    assert (done.captures, done.blobs) == (2, 2)
    assert done.blob_bytes > 0
    assert len(list(blobs.root.rglob("*.zst"))) == 2
    needed = [key async for _, key in PostgresConsistency(page.engine).captured_blobs() if key in stored(blobs)]
    assert len(needed) == 2
    assert [v.rule for v in await PostgresConsistency(page.engine).violations()] == before
    assert await prune(page.engine, blobs, days=DAYS, dry_run=False) == Pruned(0, 0, 0, 0, False)


def stored(blobs: FolderBlobs) -> set[str]:
    return {path.stem for path in blobs.root.rglob("*.zst")}


async def test_a_dry_run_tells_the_same_and_removes_nothing(page: Desk, blobs: FolderBlobs) -> None:
    told = await prune(page.engine, blobs, days=DAYS, dry_run=True)
    assert (told.captures, told.blobs) == (2, 2)
    assert await with_bytes(page) == [0, 1, 2, 3]
    assert len(stored(blobs)) == 4


async def test_what_is_in_quarantine_or_asked_about_keeps_its_bytes(page: Desk, blobs: FolderBlobs) -> None:
    asked_about = (await page.rows(select(captures.c.sha256).where(captures.c.capture_id == page.event(1).capture_id)))[
        0
    ][0]
    async with page.engine.begin() as connection:
        entry = {"quarantine_id": page.url, "stage": "normalizer", "reason": "parse_crash", "error": "", "worker": "w"}
        await connection.execute(insert(quarantine).values(**entry, capture_id=page.event(0).capture_id))
        await connection.execute(insert(known_urls).values(url_key=page.url, url=page.url, sha256=asked_about))
    await prune(page.engine, blobs, days=DAYS, dry_run=False)
    assert await with_bytes(page) == [0, 2, 3]
    assert asked_about in stored(blobs)


async def test_a_capture_that_comes_in_late_opens_none_whose_bytes_are_gone(page: Desk, blobs: FolderBlobs) -> None:
    await prune(page.engine, blobs, days=DAYS, dry_run=False)
    recorded = await page.take(0.5, article("Yet other words."))  # what follows was found unchanged beside another text
    assert recorded.end == "extracted"
    assert await page.end(1) == ("unchanged", None)


async def test_fetches_go_when_they_are_done_and_old(page: Desk, blobs: FolderBlobs) -> None:
    old = datetime.now(UTC) - OLD
    rows = [("done and old", True, old), ("done", True, datetime.now(UTC)), ("waits", False, None)]
    async with page.engine.begin() as connection:
        await connection.execute(
            insert(fetches),
            [
                {
                    "fetch_id": f"{page.url} {name}",
                    "kind": "page",
                    "url": page.url,
                    "lane": "live",
                    "done": done,
                    "finished_at": at,
                }
                for name, done, at in rows
            ],
        )
    done = await prune(page.engine, blobs, days=DAYS, dry_run=False)
    left = await page.rows(select(fetches.c.fetch_id).where(fetches.c.url == page.url))
    assert done.fetches == 1
    assert {row.fetch_id.removeprefix(f"{page.url} ") for row in left} == {"done", "waits"}


async def test_bytes_that_nobody_recorded_go_when_they_are_old(engine: AsyncEngine, blobs: FolderBlobs) -> None:
    young, old = await blobs.put(b"young"), await blobs.put(b"old")
    os.utime(blobs.path(old), (0, 0))
    assert (await prune(engine, blobs, days=DAYS, dry_run=False)).blobs == 1
    assert stored(blobs) == {young}


async def test_bytes_that_are_put_again_meanwhile_stay(blobs: FolderBlobs) -> None:
    key = await blobs.put(b"words")
    os.utime(blobs.path(key), (0, 0))
    before = time.time() - DAY_SECONDS
    assert list(blobs.older_than(before)) == [key]
    await blobs.put(b"words")
    assert blobs.retire(key, before) == 0
    assert await blobs.get(key) == b"words"
    assert list(blobs.older_than(before)) == []


async def test_what_a_run_had_set_aside_when_it_was_cut_short_is_back_with_the_next(blobs: FolderBlobs) -> None:
    key = await blobs.put(b"words")
    blobs.path(key).rename(blobs.path(key).with_name(f".retired-{key}"))
    assert list(blobs.older_than(0.0)) == []
    assert await blobs.get(key) == b"words"
