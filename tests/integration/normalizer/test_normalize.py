"""The normalizer's use case on real bytes, blob store and PostgreSQL: how a capture can end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.blobs import FolderBlobs, open_blobs
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.tables import captures, revisions
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import Reason
from libs.domain.documents import ExtractedPage
from libs.domain.extraction import extract_page
from libs.domain.revisions import digest
from libs.runtime.failures import Quarantine
from libs.runtime.lanes import LaneShares
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit
from libs.runtime.settle import Result
from services.normalizer.stage import Normalize

SENTENCES = " ".join(
    f"On day {n} the council met at the old harbour and spoke about the price of bread." for n in range(40)
)
PAGE = (
    f"<html lang='en'><head><title>Bread at the harbour</title></head><body><article><h1>Bread at the harbour</h1>"
    f"<p>{SENTENCES}</p><p>{SENTENCES.replace('council', 'assembly')}</p></article></body></html>"
).encode()


async def _extract(raw: bytes, url: str, content_type: str | None, published_hint: str | None) -> ExtractedPage:
    return extract_page(raw, url=url, content_type=content_type, published_hint=published_hint)


@dataclass
class Bench:
    """Puts bytes in as the fetcher does, and takes them through the stage."""

    engine: AsyncEngine
    blobs: FolderBlobs
    stage: Normalize

    async def normalize(self, event: PageFetched) -> Result:
        [result] = await self.stage([event])
        return result

    async def receive(
        self, name: str, raw: bytes, *, content_type: str = "text/html", url: str | None = None, lane: Lane = Lane.LIVE
    ) -> PageFetched:
        key = digest(name, str(id(self)))
        event = PageFetched(lane=lane, trace_id=digest("trace", key), capture_id=key)
        url = url or f"https://paper.example/{key}"
        row = {
            "capture_id": key,
            "asked_url": url,
            "final_url": url,
            "content_type": content_type,
            "sha256": await self.blobs.put(raw),
            "captured_at": datetime.now(UTC),
            "lane": event.lane,
            "trace_id": event.trace_id,
        }
        async with self.engine.begin() as connection:
            await connection.execute(insert(captures).values(row))
        return event

    async def end(self, event: PageFetched) -> tuple[str | None, str | None]:
        query = select(captures.c.end, captures.c.reason).where(captures.c.capture_id == event.capture_id)
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).one()
        return row.end, row.reason


@pytest.fixture
async def bench(postgres_url: str, tmp_path: Path) -> AsyncIterator[Bench]:
    engine = open_postgres(postgres_url, application="tests", pool_size=4)
    blobs = open_blobs(f"file:{tmp_path}/blobs")
    metrics = Metrics(CollectorRegistry())
    yield Bench(engine, blobs, Normalize(blobs, _extract, PostgresPages(engine), metrics, LaneShares(4)))
    await engine.dispose()


async def test_a_page_with_an_article_is_extracted_and_leads_to_grouping(bench: Bench) -> None:
    event = await bench.receive("article", PAGE)
    outcome = await bench.normalize(event)
    assert isinstance(outcome, Emit)
    [follow] = outcome.events
    assert isinstance(follow, ArticleNormalized)
    assert (follow.lane, follow.trace_id) == (event.lane, event.trace_id)
    assert await bench.end(event) == ("extracted", None)
    ended = {"end": "extracted", "reason": ""}
    registry = bench.stage.metrics.registry
    assert registry.get_sample_value("newsfold_captures_ended_total", ended) == 1


async def test_the_same_message_again_has_the_same_outcome_and_is_counted_once(bench: Bench) -> None:
    event = await bench.receive("twice", PAGE)
    first = await bench.normalize(event)
    assert await bench.normalize(event) == first
    registry = bench.stage.metrics.registry
    assert registry.get_sample_value("newsfold_captures_ended_total", {"end": "extracted", "reason": ""}) == 1


@pytest.mark.parametrize(
    ("raw", "content_type", "reason"),
    [
        (b"", "text/html", Reason.EMPTY),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8, "text/html", Reason.BINARY),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "application/rss+xml", Reason.NOT_HTML),
        (b"<html><body><nav><a href='/'>Home</a></nav></body></html>", "text/html", Reason.NOT_ARTICLE),
    ],
    ids=["empty", "binary", "feed", "navigation"],
)
async def test_what_is_no_article_ends_rejected_with_its_reason(
    bench: Bench, raw: bytes, content_type: str, reason: Reason
) -> None:
    event = await bench.receive(f"no article {reason}", raw, content_type=content_type)
    assert await bench.normalize(event) == Drop(reason)
    assert await bench.end(event) == ("rejected", reason)
    assert await bench.normalize(event) == Drop(reason)


async def test_a_live_page_is_read_before_what_waits_of_a_bulk_batch(bench: Bench) -> None:
    bulk = [await bench.receive(f"bulk {n}", PAGE, lane=Lane.BACKFILL) for n in range(3)]
    live = await bench.receive("overtaking", PAGE, url="https://paper.example/overtaking")
    read: list[str] = []
    all_wait, readers = asyncio.Event(), LaneShares(1)

    async def extract(raw: bytes, url: str, content_type: str | None, hint: str | None) -> ExtractedPage:
        await all_wait.wait()
        read.append(url)
        return await _extract(raw, url, content_type, hint)

    stage = replace(bench.stage, extract=extract, readers=readers)
    batches = []
    async with asyncio.timeout(60):
        for batch, waiting in ((bulk, 2), ([live], 3)):
            batches.append(asyncio.create_task(stage(batch)))
            while readers.waiting < waiting:
                await asyncio.sleep(0.01)
        all_wait.set()
        await asyncio.gather(*batches)
    assert read.index("https://paper.example/overtaking") == 1


async def test_bytes_that_are_gone_or_changed_are_for_the_quarantine(bench: Bench) -> None:
    event = await bench.receive("gone", PAGE)
    found = await PostgresPages(bench.engine).captures([event.capture_id])
    path = bench.blobs.path(found[event.capture_id].sha256)
    await asyncio.to_thread(path.write_bytes, b"something else")
    for reason in (Reason.BLOB_CORRUPT, Reason.BLOB_MISSING):
        assert _reason(await bench.normalize(event)) == reason
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def test_a_message_about_no_capture_of_ours_is_for_the_quarantine(bench: Bench) -> None:
    unknown = PageFetched(lane=Lane.LIVE, trace_id="0" * 32, capture_id="f" * 32)
    assert _reason(await bench.normalize(unknown)) == Reason.RECORD_MISSING


async def test_in_a_batch_each_page_has_its_own_result_and_the_good_ones_are_recorded(bench: Bench) -> None:
    good, empty = await bench.receive("good", PAGE), await bench.receive("nothing", b"")
    unknown = PageFetched(lane=Lane.LIVE, trace_id="0" * 32, capture_id="f" * 32)
    other = await bench.receive("other", PAGE)
    results = await bench.stage([good, empty, unknown, other, good])
    assert [type(result) for result in results] == [Emit, Drop, Quarantine, Emit, Emit]
    assert results[0] == results[4]
    assert results[0] != results[3]
    assert await bench.stage([other, good]) == [results[3], results[0]]
    assert [await bench.end(event) for event in (good, empty, other)] == [
        ("extracted", None),
        ("rejected", Reason.EMPTY),
        ("extracted", None),
    ]


async def test_two_captures_of_one_new_page_in_a_batch_are_two_states_of_it(bench: Bench) -> None:
    url = "https://paper.example/story"
    old = await bench.receive("old", PAGE, url=url)
    new = await bench.receive("new", PAGE.replace(b"</p>", b" And this was added later.</p>", 1), url=url)
    results = await bench.stage([new, old])
    assert [isinstance(result, Emit) for result in results] == [True, True]
    assert await bench.end(old) == await bench.end(new) == ("extracted", None)
    query = select(revisions.c.capture_id, revisions.c.end).where(
        revisions.c.capture_id.in_([old.capture_id, new.capture_id])
    )
    async with bench.engine.connect() as connection:
        ends = {row.capture_id: row.end for row in await connection.execute(query)}
    assert ends == {old.capture_id: "superseded", new.capture_id: None}


def _reason(result: Result) -> Reason:
    assert isinstance(result, Quarantine)
    return result.reason
