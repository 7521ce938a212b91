"""What makes a revision, and which article a segment of a page is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from libs.domain.documents import Comment, ExtractedArticle, InterviewFacts, Quote, Turn
from libs.domain.revisions import (
    Segment,
    article_key,
    content_hash,
    digest,
    page_id,
    published_at,
    revision_id,
    segment_ids,
)

BASE = ExtractedArticle(title="A title", body="Why? Because it rains today.", language="en")


def article(title: str, body: str) -> ExtractedArticle:
    return ExtractedArticle(title=title, body=body, language="en")


@pytest.mark.parametrize(
    "changed",
    [
        replace(BASE, title="Another"),
        replace(BASE, body="Why? Because it snows."),
        replace(BASE, bylines=("A. Writer",)),
        replace(BASE, published="2024-05-14"),
        replace(BASE, turns=(Turn("question", None, "Why?", 0, 4),)),
        replace(BASE, credit="SANA"),
        replace(BASE, facts=InterviewFacts(interviewee="A. Person")),
    ],
)
def test_what_readers_see_makes_a_revision(changed: ExtractedArticle) -> None:
    assert content_hash(changed) != content_hash(BASE)


@pytest.mark.parametrize(
    "changed",
    [
        replace(BASE, comments=(Comment("Reader", None, "I agree."),)),
        replace(BASE, quotes=(Quote("it rains", None, 14, 22),)),
        replace(BASE, modified="2024-05-15"),
    ],
)
def test_comments_alone_and_what_follows_from_the_text_make_none(changed: ExtractedArticle) -> None:
    assert content_hash(changed) == content_hash(BASE)


def test_ids_say_where_a_part_ends() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert len({page_id("u"), revision_id("a", "u"), revision_id("a", "u", 1), digest("article", "u")}) == 4


def test_a_page_of_one_article_keeps_it_whatever_changes() -> None:
    [first] = segment_ids("p", [article("One", "Apples and pears.")], [])
    [second] = segment_ids("p", [article("Two", "Boats.")], [Segment(first, "One", "Apples and pears.")])
    assert first == second


def test_segments_are_matched_by_title_then_by_words() -> None:
    before = [Segment("a", "Apples", "red and green fruit"), Segment("b", "Boats", "wood upon water")]
    found = [article("New", "something else entirely"), article("BOATS!", "steel"), article("Fruit", "red green fruit")]
    new, b, a = segment_ids("p", found, before)
    assert (b, a) == ("b", "a")
    assert new not in {"a", "b"}


def test_segments_with_the_same_title_get_ids_of_their_own() -> None:
    ids = segment_ids("p", [article("Letter", "Dear sir."), article("Letter", "Dear madam.")], [])
    assert len(set(ids)) == 2


def test_what_an_earlier_reading_found_is_known_where_the_state_before_is_silent() -> None:
    before = [Segment("a", "Apples", "red and green fruit")]
    earlier = [Segment("a", "Apples", "red and green fruit"), Segment("b", "Boats", "wood upon water")]
    found = [article("Of boats", "wood upon water"), article("Apples", "red and green fruit")]
    assert segment_ids("p", found, before, earlier) == ["b", "a"]
    assert segment_ids("p", found[:1], [], earlier) == ["b"]
    assert segment_ids("p", found[:1], [], earlier[:1]) == ["a"]  # the only one there was


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-14T21:40:00+03:00", datetime(2024, 5, 14, 18, 40, tzinfo=UTC)),
        ("2024-05-14", datetime(2024, 5, 14, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_an_instant_or_unknown(text: str | None, moment: datetime | None) -> None:
    assert published_at(text) == moment


def test_an_article_is_called_by_its_page_and_by_its_place_where_there_are_several() -> None:
    url, article_id = "https://a.example/x", "0123456789abcdef" * 2

    assert article_key(url, article_id, 0, 1) == url
    assert article_key(url, article_id, 2, 3) == f"{url}#2"
    assert article_key(url, article_id, None, 3) == f"{url}#01234567"
