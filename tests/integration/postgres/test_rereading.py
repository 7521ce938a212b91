"""Captures that are read again by newer rules: what becomes of revisions, in whatever order that is done."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest
from postgres_rig import Desk, article
from sqlalchemy import func, select, update

from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.event_rows import PAGE_FETCHED, page_fetched
from libs.adapters.postgres.tables import articles, captures, pages, quotes, revisions
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.records import Recorded
from libs.domain.documents import ExtractedArticle, Quote

Rows = list[tuple[Any, ...]]


async def _open(desk: Desk, hours: Sequence[int]) -> dict[int, PageFetched]:
    """Open captures again, as a replay does; their events by hour."""
    keys = {desk.event(hour).capture_id: hour for hour in hours}
    opened = {"end": None, "reason": None, "ended_at": None, "articles": None, "attempt": captures.c.attempt + 1}
    async with desk.engine.begin() as connection:
        rows = await connection.execute(
            update(captures).where(captures.c.capture_id.in_(keys)).values(opened).returning(*PAGE_FETCHED)
        )
        return {keys[row.capture_id]: page_fetched(row) for row in rows}


async def _read_all(desk: Desk, rules: str, order: Sequence[int]) -> list[Recorded]:
    """Read the captures of all hours by other rules, in `order`, and whatever is opened again on the way."""
    hours = {desk.event(hour).capture_id: hour for hour in range(len(rules))}
    opened = await _open(desk, order)
    waiting, told = [opened[hour] for hour in order], []
    while waiting:
        event = waiting.pop(0)
        found = rules[hours[event.capture_id]]
        recorded = await desk.record(event, *_state(found))
        told.append(recorded)
        waiting += [follow for follow in recorded.events if isinstance(follow, PageFetched)]
    return told


def _state(word: str) -> tuple[ExtractedArticle, ...]:
    """`x` and `X` are one text with other details."""
    return (article(f"The text is {word.upper()}.", modified="2024-05-15" if word.islower() else None),)


async def _history(desk: Desk) -> Rows:
    """Per revision in its order: hour, text, whether with the details of the newer rules, whether current, its end."""
    a, r, p = articles.c, revisions.c, pages.c
    query = (
        select(r.captured_at, r.body, r.modified, a.revision_id == r.revision_id, r.end)
        .join(articles, a.article_id == r.article_id)
        .join(pages, p.page_id == a.page_id)
        .where(p.url == desk.url)
        .order_by(a.article_id, r.captured_at, r.sha256, r.reading)
    )
    return [(row[0].hour - 8, row[1], row[2] is not None, row[3], row[4]) for row in await desk.rows(query)]


def _words(history: Rows) -> str:
    return " ".join(f"{hour}{body[-2].lower() if newer else body[-2]}" for hour, body, newer, _, _ in history)


async def _told_again(desk: Desk, old: str, new: str) -> Rows:
    """The history after captures that showed `old` are read again and show `new`, the same in every order."""
    seen = []
    for n, order in enumerate(permutations(range(len(old)))):
        one = Desk(desk.engine, url=f"{desk.url}/{old}{new}/{n}")
        for hour, word in enumerate(old):
            await one.take(hour, *_state(word))
        await _read_all(one, new, order)
        history = await _history(one)
        seen.append((history, tuple([await one.end(hour) for hour in range(len(old))])))
        assert [current for _, _, _, current, _ in history] == [False] * (len(history) - 1) + [True]
        assert [end for *_, end in history] == ["superseded"] * (len(history) - 1) + [None]
    assert all(one == seen[0] for one in seen), (old, new, [_words(one[0]) for one in seen])
    return seen[0][0]


@pytest.mark.parametrize(
    ("old", "new", "history"),
    [
        ("XX", "XX", "0X"),  # the rules read what they read before
        ("XY", "XY", "0X 1Y"),
        ("XX", "ZZ", "0X 0Z"),  # the page stood there unchanged, and still does
        ("XY", "XZ", "0X 1Y 1Z"),  # one state reads otherwise
        ("XY", "ZY", "0X 0Z 1Y"),
        ("XY", "ZZ", "0X 0Z 1Y 1Z"),  # what was a change was none: the newer reading follows the older one
        ("XX", "XZ", "0X 1Z"),
        ("XX", "ZX", "0X 0Z 1X"),
        ("XY", "YY", "0X 0Y"),  # the later state was there before
        ("XX", "xx", "0x"),  # details alone
        ("XY", "xy", "0x 1y"),
        ("XXX", "ZZX", "0X 0Z 2X"),  # the third is another state than the first now
        ("XYX", "ZYZ", "0X 0Z 1Y 2X 2Z"),
    ],
)
async def test_only_what_reads_otherwise_is_a_new_revision(desk: Desk, old: str, new: str, history: str) -> None:
    assert _words(await _told_again(desk, old, new)) == history


@pytest.mark.slow
@pytest.mark.parametrize("first", "XYZ")
@pytest.mark.parametrize("old", ["XXX", "XXY", "XYX", "XYY", "XYZ"])
async def test_any_rules_in_any_order_give_the_same_history(desk: Desk, old: str, first: str) -> None:
    for rest in map("".join, product("XYZ", repeat=2)):
        history = await _told_again(desk, old, first + rest)
        assert history[-1][1] == f"The text is {rest[-1]}.", (old, first + rest, _words(history))


async def test_a_second_reading_by_the_same_rules_changes_no_row(desk: Desk) -> None:
    for hour, word in enumerate("XYyX"):
        await desk.take(hour, *_state(word))
    before = await desk.rows(select(revisions).order_by(revisions.c.revision_id))
    told = await _read_all(desk, "XYyX", (2, 0, 3, 1))
    assert await desk.rows(select(revisions).order_by(revisions.c.revision_id)) == before
    assert [event for one in told for event in one.events] == []


async def test_details_of_a_current_revision_that_read_otherwise_bring_it_to_the_index(desk: Desk) -> None:
    [first] = (await desk.take(0, *_state("X"))).events
    assert isinstance(first, ArticleNormalized)
    await desk.give_story(first.article_id)
    [told] = await _read_all(desk, "x", (0,))
    [event] = told.events
    assert isinstance(event, ArticleNormalized)
    assert (event.revision_id, event.lane, event.attempt) == (first.revision_id, "replay", 1)


async def test_quotations_that_read_otherwise_replace_the_old_ones(desk: Desk) -> None:
    said = article("He said: «We go.»", quotes=(Quote("We go.", None, 10, 16),))
    [first] = (await desk.take(0, said)).events
    assert isinstance(first, ArticleNormalized)
    event = (await _open(desk, [0]))[0]
    await desk.record(event, replace(said, quotes=(Quote("We go.", "Ana Kovač", 10, 16),)))
    [row] = await desk.rows(select(quotes).where(quotes.c.revision_id == first.revision_id))
    assert row.speaker == "Ana Kovač"


async def test_an_article_keeps_its_id_when_newer_rules_find_another_title(desk: Desk) -> None:
    apples, boats = article("About apples and pears on trees.", "Apples"), article("Boats lie on the lake.", "Boats")
    first = {e.article_id for e in (await desk.take(0, apples, boats)).events if isinstance(e, ArticleNormalized)}
    event = (await _open(desk, [0]))[0]
    told = await desk.record(event, replace(apples, title="Apples and pears"), boats)
    [renamed] = [e.article_id for e in told.events if isinstance(e, ArticleNormalized)]
    assert renamed in first
    count = select(func.count()).select_from(articles).join(pages).where(pages.c.url == desk.url)
    assert (await desk.rows(count))[0][0] == 2


async def test_no_rule_of_the_ledger_breaks_on_the_way(desk: Desk) -> None:
    for hour, word in enumerate("XYX"):
        await desk.take(hour, *_state(word))
    account = PostgresConsistency(desk.engine)
    before = {violation.rule for violation in await account.violations()}
    opened = await _open(desk, (0, 1, 2))
    for hour, word in enumerate("ZYZ"):
        await desk.record(opened[hour], *_state(word))
        assert {violation.rule for violation in await account.violations()} <= before
