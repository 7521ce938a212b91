"""Whether a page is gone from its site follows from its captures, in whatever order they are recorded."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from postgres_rig import START, Desk, article, refuse
from sqlalchemy import select

from libs.adapters.postgres.reconcile import unfinished
from libs.adapters.postgres.tables import articles, captures, ledger, pages, revisions
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.domain.revisions import digest


async def _gone_at(desk: Desk) -> Any:
    [row] = await desk.rows(select(pages.c.gone_at).where(pages.c.url == desk.url))
    return row.gone_at


async def _judged(desk: Desk) -> None:
    """What deduplicator and indexer do with the page's articles."""
    found = await desk.rows(select(articles.c.article_id).join(pages).where(pages.c.url == desk.url))
    for row in found:
        await desk.give_story(row.article_id)


STEPS = {"shown first": 0, "refused": 1, "shown later": 2, "refused later": 3}


@pytest.mark.parametrize("last", [1, 2, 3])
async def test_the_newest_that_is_known_decides_in_every_order(desk: Desk, last: int) -> None:
    for n, order in enumerate(permutations(range(last + 1))):
        one = Desk(desk.engine, url=f"{desk.url}/{n}")
        for hour in order:
            await (refuse(one, hour) if hour % 2 else one.take(hour, article("The one text of this page.")))
        expected = START + timedelta(hours=last) if last % 2 else None
        assert await _gone_at(one) == expected, order


async def test_articles_are_judged_again_when_their_page_goes_and_when_it_comes_back(desk: Desk) -> None:
    text = article("The one text of this page.")
    await desk.take(0, text)
    await _judged(desk)
    [went] = (await refuse(desk, 1)).events
    assert isinstance(went, ArticleNormalized)
    assert went.attempt == 1
    [row] = await desk.rows(select(revisions).where(revisions.c.revision_id == went.revision_id))
    assert (row.assigned_at, row.end, row.lane) == (None, None, "replay")
    assert went.revision_id in {u.key for u in await unfinished(desk.engine)}
    await _judged(desk)
    assert (await refuse(desk, 2)).events == ()  # it was gone before
    [back] = (await desk.take(3, text)).events
    assert isinstance(back, ArticleNormalized)
    assert (back.revision_id, back.attempt) == (went.revision_id, 2)


async def test_a_capture_of_a_page_that_is_gone_ends_rejected_once_and_names_its_page(desk: Desk) -> None:
    await desk.take(0, article("The one text of this page."))
    await _judged(desk)
    recorded = await refuse(desk, 1)
    key = digest("gone", desk.url, "1")
    [row] = await desk.rows(select(captures).where(captures.c.capture_id == key))
    assert (row.end, row.reason, row.page_id) == ("rejected", "fetch_gone", recorded.page_id)
    event = PageFetched(lane="live", trace_id=key, capture_id=key)
    again = await desk.pages.gone(event, await desk.capture(event))
    assert (again.end, again.reason, again.events) == (recorded.end, recorded.reason, recorded.events)
    assert (await desk.pages.recorded(await desk.capture(event))).events == recorded.events != ()
    steps = await desk.rows(select(ledger.c.outcome).where(ledger.c.capture_id == key))
    assert [step.outcome for step in steps] == ["rejected"]


async def test_another_host_that_forgets_a_link_says_nothing_about_the_page(desk: Desk) -> None:
    proxy = desk.url.replace("paper.example", "feeds.example")
    event = await desk.receive(0)
    async with desk.engine.begin() as connection:
        await connection.execute(
            captures.update().where(captures.c.capture_id == event.capture_id).values(asked_url=proxy)
        )
    await desk.record(event, article("The one text of this page."))
    assert (await refuse(desk, 1, proxy)).events == ()
    assert await _gone_at(desk) is None
    await refuse(desk, 2)
    assert await _gone_at(desk) == START + timedelta(hours=2)
