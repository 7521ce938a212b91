"""What a replay opens again: chosen by time, host, source and last reading, batch by batch, nothing by halves."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from postgres_rig import START, Desk, article
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.reconcile import unfinished
from libs.adapters.postgres.replaying import Again, Selection, counted, opened
from libs.adapters.postgres.tables import articles, captures, pages, revisions
from libs.contracts.events import Event, PageFetched, StoryAssigned


class Site:
    """Pages of one host, two captures of each; the rules that read them may change."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self.engine, self.host = engine, f"h{secrets.token_hex(4)}.example"
        self.desks = [Desk(engine, url=f"https://{self.host}/{n}") for n in range(size)]
        self._of = {desk.event(hour).capture_id: (desk, n) for n, desk in enumerate(self.desks) for hour in (0, 1)}

    async def take_in(self) -> None:
        for n, desk in enumerate(self.desks):
            for hour in (0, 1):
                await desk.take(hour, article(f"The text of {n}."))
        async with self.engine.begin() as connection:
            mine = captures.c.capture_id.in_(self._of)
            await connection.execute(update(captures).where(mine).values(source_id=f"source of {self.host}"))

    async def read(self, events: Sequence[Event]) -> None:
        """By newer rules, to which every third page reads otherwise."""
        waiting = [event for event in events if isinstance(event, PageFetched)]
        for event in waiting:
            desk, n = self._of[event.capture_id]
            recorded = await desk.record(event, article(f"The text of {n}." if n % 3 else f"A better text of {n}."))
            waiting += [follow for follow in recorded.events if isinstance(follow, PageFetched)]

    async def batches(self, stage: Again = Again.NORMALIZER, at_once: int = 2, **chosen: Any) -> list[list[Event]]:
        wanted = Selection(host=self.host, **chosen)
        return [events async for events in opened(self.engine, stage, wanted, at_once)]

    async def texts(self) -> list[tuple[str, int, str, int]]:
        """Of each page: current text, its hour, how the captures ended, revisions."""
        r, a, p = revisions.c, articles.c, pages.c
        history = select(func.count()).where(revisions.alias("all").c.article_id == a.article_id).scalar_subquery()
        ends = select(func.string_agg(captures.c.end, " ")).where(captures.c.page_id == p.page_id).scalar_subquery()
        query = (
            select(r.body, r.captured_at, ends, history)
            .join(articles, a.revision_id == r.revision_id)
            .join(pages, p.page_id == a.page_id)
            .where(p.host == self.host)
            .order_by(p.url)
        )
        async with self.engine.connect() as connection:
            rows = await connection.execute(query)
            return [(row[0], row[1].hour - 8, " ".join(sorted(row[2].split())), row[3]) for row in rows]


@pytest.fixture
async def site(engine: AsyncEngine) -> Site:
    site = Site(engine, 7)
    await site.take_in()
    return site


async def test_newer_rules_give_new_revisions_to_changed_articles_alone(site: Site) -> None:
    for events in await site.batches():
        await site.read(events)
    assert await site.texts() == [
        (f"The text of {n}." if n % 3 else f"A better text of {n}.", 0, "extracted unchanged", 1 if n % 3 else 2)
        for n in range(7)
    ]


async def test_cut_short_and_begun_again_it_ends_the_same(site: Site, engine: AsyncEngine) -> None:
    whole = Site(engine, 7)
    await whole.take_in()
    for events in await whole.batches():
        await whole.read(events)
    began = await _now(engine)

    stream = opened(engine, Again.NORMALIZER, Selection(host=site.host), 2)
    await site.read(await anext(stream))
    lost = await anext(stream)  # committed, never published: cut off here
    await stream.aclose()
    assert {event.capture_id for event in lost if isinstance(event, PageFetched)} <= {
        record.key for record in await unfinished(engine)
    }
    rest = await site.batches(read_before=began)
    assert sum(map(len, rest)) == 2 * 7 - 2 * 2 * 2  # neither what was read since nor what is on its way
    for events in (*reversed(rest), lost):
        await site.read(events)
    assert await site.texts() == await whole.texts()


async def test_it_chooses_by_time_source_and_host(site: Site, engine: AsyncEngine) -> None:
    async def captures_of(**chosen: Any) -> int:
        wanted = Selection(**{"host": site.host, **chosen})
        return (await counted(engine, Again.NORMALIZER, wanted))["captures"]

    assert await captures_of() == await captures_of(host=site.host.upper()) == 14
    assert await captures_of(since=START + timedelta(hours=1)) == 7
    assert await captures_of(since=START + timedelta(hours=2)) == 0
    # what a later capture shows is told by comparison with the earlier one
    assert await captures_of(until=START + timedelta(hours=1)) == 14
    assert await captures_of(source_id=f"source of {site.host}") == 14
    assert await captures_of(source_id="another") == await captures_of(host="another.example") == 0


async def test_a_dry_run_counts_what_is_then_opened_and_opens_nothing(site: Site, engine: AsyncEngine) -> None:
    assert await counted(engine, Again.NORMALIZER, Selection(host=site.host)) == {"pages": 7, "captures": 14}
    assert await site.desks[0].end(1) == ("unchanged", None)
    batches = await site.batches(at_once=3)
    assert [len(events) for events in batches] == [6, 6, 2]
    assert {event.lane for events in batches for event in events} == {"replay"}
    assert {event.attempt for events in batches for event in events} == {1}
    assert await site.batches() == []  # all are on their way
    for events in batches:
        await site.read(events)


async def test_bytes_that_led_to_no_page_are_read_again_and_pruned_ones_are_not(site: Site) -> None:
    desk = Desk(site.engine, url=f"https://{site.host}/none")
    site._of[desk.event(0).capture_id] = (desk, 1)
    await desk.record(await desk.receive(0), rejected="not_article")
    async with site.engine.begin() as connection:
        which = captures.c.capture_id.in_([d.event(0).capture_id for d in site.desks[:3]])
        await connection.execute(update(captures).where(which).values(sha256=None))
        alone = captures.c.capture_id == desk.event(0).capture_id
        await connection.execute(update(captures).where(alone).values(page_id=None))
    batches = await site.batches(at_once=100)
    assert [len(events) for events in batches] == [14 - 3, 1]
    await site.read(batches[1])
    assert await desk.end(0) == ("extracted", None)


async def test_articles_are_judged_or_indexed_again_in_the_lane_replay(site: Site, engine: AsyncEngine) -> None:
    keys = await site.desks[0].rows(
        select(articles.c.article_id)
        .join(pages, pages.c.page_id == articles.c.page_id)
        .where(pages.c.host == site.host)
    )
    for row in keys:
        await site.desks[0].give_story(row.article_id)
    assert await counted(engine, Again.INDEXER, Selection(host=site.host)) == {"articles": 7}
    indexed = [event for events in await site.batches(Again.INDEXER) for event in events]
    assert {(event.lane, event.projection) for event in indexed if isinstance(event, StoryAssigned)} == {("replay", 2)}
    judged = [event for events in await site.batches(Again.DEDUPLICATOR) for event in events]
    assert [(event.lane, event.attempt) for event in judged] == [("replay", 1)] * 7


async def _now(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        return await connection.scalar(select(func.now()))
