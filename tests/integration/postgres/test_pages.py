"""What becomes of captures: revisions, their order, their ends, and the events that follow."""

import asyncio
from itertools import permutations
from typing import Any

import pytest
from postgres_rig import Desk, article, commented
from sqlalchemy import func, select

from libs.adapters.postgres.tables import articles, captures, comments, filings, ledger, pages, revisions, turns
from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned
from libs.contracts.reasons import CaptureEnd, Reason, RevisionEnd
from libs.domain.documents import ExtractedArticle, Filing, Turn

OLD, NEW = article("The first text of it."), article("Another text altogether.")


async def _history(desk: Desk) -> list[tuple[Any, ...]]:
    """Per article, revisions in their order: title, body, hour, whether current, end."""
    a, r, p = articles.c, revisions.c, pages.c
    query = (
        select(r.title, r.body, r.captured_at, a.revision_id == r.revision_id, r.end)
        .join(articles, a.article_id == r.article_id)
        .join(pages, p.page_id == a.page_id)
        .where(p.url == desk.url)
        .order_by(a.article_id, r.captured_at, r.sha256)
    )
    return [(row[0], row[1], row[2].hour - 8, row[3], row[4]) for row in await desk.rows(query)]


async def test_a_new_page_is_one_article_with_one_revision_to_group(desk: Desk) -> None:
    recorded = await desk.take(0, OLD)
    [event] = recorded.events
    assert isinstance(event, ArticleNormalized)
    assert (recorded.end, recorded.reason) == (CaptureEnd.EXTRACTED, None)
    assert await _history(desk) == [("A title", OLD.body, 0, True, None)]
    [row] = await desk.rows(select(captures).where(captures.c.capture_id == desk.event(0).capture_id))
    assert (row.end, row.articles, row.ended_at is not None) == ("extracted", 1, True)
    [told] = await desk.rows(select(ledger).where(ledger.c.capture_id == row.capture_id))
    assert (told.stage, told.outcome, told.trace_id) == ("normalizer", "extracted", event.trace_id)


async def test_turns_are_stored_with_their_offsets(desk: Desk) -> None:
    body = "Why? Because."
    found = article(body, turns=(Turn("question", "A", "Why?", 0, 4), Turn("answer", "B", "Because.", 5, 13)))
    [event] = (await desk.take(0, found)).events
    assert isinstance(event, ArticleNormalized)
    rows = await desk.rows(select(turns).where(turns.c.revision_id == event.revision_id).order_by(turns.c.n))
    assert [(t.role, t.speaker, body[t.start : t.end]) for t in rows] == [
        ("question", "A", "Why?"),
        ("answer", "B", "Because."),
    ]


async def test_the_same_text_again_is_unchanged_and_leads_to_nothing(desk: Desk) -> None:
    await desk.take(0, OLD)
    recorded = await desk.take(1, OLD)
    assert (recorded.end, recorded.events) == (CaptureEnd.UNCHANGED, ())
    assert len(await _history(desk)) == 1
    assert await desk.end(1) == ("unchanged", None)


async def test_a_changed_text_is_a_second_revision_that_supersedes_the_first(desk: Desk) -> None:
    [first] = (await desk.take(0, OLD)).events
    [second] = (await desk.take(1, NEW)).events
    assert isinstance(first, ArticleNormalized)
    assert isinstance(second, ArticleNormalized)
    assert first.article_id == second.article_id
    assert await _history(desk) == [
        ("A title", OLD.body, 0, False, RevisionEnd.SUPERSEDED),
        ("A title", NEW.body, 1, True, None),
    ]


async def test_new_comments_alone_make_no_revision_but_are_indexed(desk: Desk) -> None:
    [first] = (await desk.take(0, commented(OLD, "One"))).events
    assert isinstance(first, ArticleNormalized)
    await desk.give_story(first.article_id)
    recorded = await desk.take(1, commented(OLD, "One", "Two"))
    [event] = recorded.events
    assert isinstance(event, StoryAssigned)
    assert (recorded.end, event.projection, event.article_id) == (CaptureEnd.UNCHANGED, 2, first.article_id)
    assert event.trace_id == desk.event(1).trace_id
    stored = await desk.rows(select(comments.c.text).where(comments.c.article_id == first.article_id))
    assert [row.text for row in stored] == ["One", "Two"]
    assert len(await _history(desk)) == 1


async def test_comments_of_a_late_older_capture_do_not_replace_newer_ones(desk: Desk) -> None:
    [first] = (await desk.take(1, commented(OLD, "One", "Two"))).events
    assert isinstance(first, ArticleNormalized)
    await desk.take(0, commented(OLD, "One"))
    stored = await desk.rows(select(comments.c.text).where(comments.c.article_id == first.article_id))
    assert [row.text for row in stored] == ["One", "Two"]


def _filed(*tags: str) -> ExtractedArticle:
    return article(OLD.body, filing=Filing("https://paper.example/i.jpg", "Town", tags, paywall=False))


async def _tags(desk: Desk) -> list[list[str]]:
    of_page = (
        articles.c.article_id == filings.c.article_id,
        pages.c.page_id == articles.c.page_id,
        pages.c.url == desk.url,
    )
    return [row.tags for row in await desk.rows(select(filings.c.tags).where(*of_page))]


async def test_a_new_filing_alone_makes_no_revision_but_is_indexed(desk: Desk) -> None:
    [first] = (await desk.take(0, _filed("tides"))).events
    assert isinstance(first, ArticleNormalized)
    await desk.give_story(first.article_id)
    assert (await desk.take(1, _filed("tides"))).events == ()
    recorded = await desk.take(2, _filed("tides", "piers"))
    [event] = recorded.events
    assert isinstance(event, StoryAssigned)
    assert (recorded.end, event.projection, event.article_id) == (CaptureEnd.UNCHANGED, 2, first.article_id)
    assert await _tags(desk) == [["tides", "piers"]]
    assert len(await _history(desk)) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_filing_is_that_of_the_newest_capture_that_showed_the_article(
    desk: Desk, order: tuple[int, ...]
) -> None:
    other, third = article("Something else stands there now.", "Another title"), article("Words.", "A third title")
    states = (_filed("old"), other), (_filed("new"), other), (other, third)
    for hour in order:
        await desk.take(hour, *states[hour])
    assert sorted(await _tags(desk)) == [[], [], ["new"]]


States = dict[int, tuple[ExtractedArticle, ...]]


async def _take_all(desk: Desk, states: States, order: tuple[int, ...], *, patient: bool) -> None:
    """Take captures in `order`, and whatever is opened again at once or, if `patient`, in the end."""
    hours = {desk.event(hour).capture_id: hour for hour in states}
    waiting: list[PageFetched] = []
    for hour in order:
        recorded = await desk.take(hour, *states[hour])
        waiting += [event for event in recorded.events if isinstance(event, PageFetched)]
        while waiting and not (patient and hour != order[-1]):
            event = waiting.pop()
            again = await desk.record(event, *states[hours[event.capture_id]])
            waiting += [e for e in again.events if isinstance(e, PageFetched)]


@pytest.mark.parametrize("patient", [False, True], ids=["at-once", "later"])
@pytest.mark.parametrize(
    "texts", ["XYZ", "XYX", "XXY", "XYY", *(pytest.param(t, marks=pytest.mark.slow) for t in ("XYXY", "XYYX", "XXYX"))]
)
async def test_captures_in_every_order_give_the_same_history(desk: Desk, texts: str, patient: bool) -> None:
    states: States = {hour: (article(f"The text is {text}."),) for hour, text in enumerate(texts)}
    seen = set()
    for n, order in enumerate(permutations(states)):
        one = Desk(desk.engine, url=f"{desk.url}/{n}")
        await _take_all(one, states, order, patient=patient)
        ends = tuple([await one.end(hour) for hour in states])
        seen.add((tuple(await _history(one)), ends))
    assert len(seen) == 1
    [(history, ends)] = seen
    changes = [hour for hour, text in enumerate(texts) if hour == 0 or texts[hour - 1] != text]
    assert [row[2] for row in history] == changes
    assert [row[3] for row in history] == [False] * (len(changes) - 1) + [True]
    assert [end for end, _ in ends] == ["extracted" if hour in changes else "unchanged" for hour in states]


@pytest.mark.parametrize("texts", ["Ax Bx|Ay Bx|Ay By", "Ax Bx|Ax By|Ay Bx", "Ax|Ax Bx|Ax By"])
async def test_pages_of_several_articles_in_every_order_give_the_same_histories(desk: Desk, texts: str) -> None:
    def found(word: str) -> ExtractedArticle:
        return article(f"It says {word[1]} about {word[0]}.", f"Title {word[0]}")

    # a page that always held several: with one article alone the page's own id is meant
    states: States = {
        hour: (found("Cx"), *(found(word) for word in state.split())) for hour, state in enumerate(texts.split("|"))
    }
    seen = set()
    for n, order in enumerate(permutations(states)):
        one = Desk(desk.engine, url=f"{desk.url}/{n}")
        await _take_all(one, states, order, patient=False)
        seen.add((tuple(sorted(await _history(one))), tuple([await one.end(hour) for hour in states])))
    assert len(seen) == 1


async def test_a_late_older_capture_opens_the_unchanged_one_after_it_again(desk: Desk) -> None:
    await desk.take(0, OLD)
    await desk.take(2, OLD)
    recorded = await desk.take(1, NEW)
    reopened = [event for event in recorded.events if isinstance(event, PageFetched)]
    assert [(event.capture_id, event.attempt) for event in reopened] == [(desk.event(2).capture_id, 1)]
    assert await desk.end(2) == (None, None)


async def test_articles_of_a_page_keep_their_ids_when_one_is_added_above(desk: Desk) -> None:
    a, b, c = article("About apples and pears.", "A"), article("Boats on a lake.", "B"), article("Cold winds.", "C")
    first = {e.article_id: e for e in (await desk.take(0, a, b)).events if isinstance(e, ArticleNormalized)}
    for article_id in first:
        await desk.give_story(article_id)
    recorded = await desk.take(1, c, a, b)
    [new] = [event for event in recorded.events if isinstance(event, ArticleNormalized)]
    assert new.article_id not in first
    places = await desk.rows(
        select(articles.c.article_id, articles.c.position, articles.c.segments, revisions.c.title)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .where(articles.c.article_id.in_([*first, new.article_id]))
        .order_by(articles.c.position)
    )
    assert [(row.title, row.segments) for row in places] == [("C", 3), ("A", 3), ("B", 3)]
    # their keys (`URL#N`) changed, so the index must hear of it
    assert {event.article_id for event in recorded.events if isinstance(event, StoryAssigned)} == set(first)


async def test_an_article_that_left_the_page_has_no_place_there_and_is_indexed_again(desk: Desk) -> None:
    a, b = article("About apples and pears.", "A"), article("Boats on a lake.", "B")
    events = [e for e in (await desk.take(0, a, b)).events if isinstance(e, ArticleNormalized)]
    for event in events:
        await desk.give_story(event.article_id)
    recorded = await desk.take(1, a)
    gone = await desk.rows(
        select(revisions.c.title)
        .join(articles, articles.c.revision_id == revisions.c.revision_id)
        .where(articles.c.article_id.in_([e.article_id for e in events]), articles.c.position.is_(None))
    )
    assert [row.title for row in gone] == ["B"]
    assert len([event for event in recorded.events if isinstance(event, StoryAssigned)]) == 2


async def test_a_redelivery_answers_the_same_events_under_the_same_ids(desk: Desk) -> None:
    a, b = article("About apples and pears.", "A"), article("Boats on a lake.", "B")
    recorded = await desk.take(0, a, b)
    again = await desk.pages.recorded(await desk.capture(desk.event(0)))
    assert {e.message_id for e in again.events} == {e.message_id for e in recorded.events}
    assert len(again.events) == 2
    assert again.end == recorded.end


async def test_a_redelivery_answers_what_comments_and_late_captures_led_to(desk: Desk) -> None:
    [first] = (await desk.take(0, OLD)).events
    assert isinstance(first, ArticleNormalized)
    await desk.give_story(first.article_id)
    for hour, found in ((3, commented(OLD, "One")), (2, NEW)):
        recorded = await desk.take(hour, found)
        capture = await desk.capture(desk.event(hour))
        again = {e.message_id for e in (await desk.pages.recorded(capture)).events}
        assert recorded.events
        assert {e.message_id for e in recorded.events} <= again


async def test_one_message_in_two_hands_is_recorded_once_and_both_answer_its_events(desk: Desk) -> None:
    event = await desk.receive(0)
    both = await asyncio.gather(desk.record(event, OLD), desk.record(event, OLD))
    assert [[e.message_id for e in recorded.events] for recorded in both] == [[both[0].events[0].message_id]] * 2
    [[told]] = await desk.rows(select(func.count()).where(ledger.c.capture_id == event.capture_id))
    assert told == 1


async def test_captures_of_one_page_in_many_hands_give_one_article(desk: Desk) -> None:
    events = [await desk.receive(hour) for hour in range(6)]
    await asyncio.gather(*(desk.record(event, article(f"Text {n}.")) for n, event in enumerate(events)))
    history = await _history(desk)
    assert len(history) == 6
    assert [row[3] for row in history] == [False] * 5 + [True]


async def test_a_page_without_article_ends_rejected_with_its_reason(desk: Desk) -> None:
    recorded = await desk.record(await desk.receive(0), rejected=Reason.NOT_ARTICLE)
    assert (recorded.end, recorded.reason, recorded.events) == (CaptureEnd.REJECTED, Reason.NOT_ARTICLE, ())
    assert await desk.end(0) == ("rejected", "not_article")
    assert await _history(desk) == []


async def test_a_rejected_capture_between_two_equal_ones_changes_nothing(desk: Desk) -> None:
    await desk.take(0, OLD)
    await desk.record(await desk.receive(1), rejected=Reason.SOFT_404)
    assert (await desk.take(2, OLD)).end == CaptureEnd.UNCHANGED
