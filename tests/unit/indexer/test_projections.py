"""Documents are a pure function of the state."""

from dataclasses import replace

import pytest

from libs.adapters.opensearch.schema import properties
from libs.domain.documents import Quote, Turn
from libs.domain.projections import (
    ArticleState,
    Member,
    StoryState,
    Unindexable,
    article_document,
    article_writes,
    story_document,
    story_writes,
    turn_documents,
    turn_id,
    voices,
)

BODY = "When?\n\nTomorrow, I hope."
ARTICLE = ArticleState(
    article_id="a1",
    projection=3,
    revision_id="r1",
    key="https://x.example/1",
    url="https://x.example/1",
    title="Tomorrow",
    body=BODY,
    outlet="X",
    publisher="x",
    language="en",
    published="2025-03-10T12:00:00+01:00",
    interviewee="Ada Lind",
    interviewers=("Bo Ek",),
    turns=(Turn("question", "Bo Ek", "When?", 0, 5), Turn("answer", "A. Lind", "Tomorrow, I hope.", 7, 24)),
    quotes=(Quote("Tomorrow", None, 7, 15),),
    story_id="s1",
    past_languages=("en",),
    most_turns=2,
)


def member(article_id: str, outlet: str, publisher: str, published: str | None = None, **more: object) -> Member:
    base = Member(article_id, f"https://{article_id}", article_id, outlet, publisher, "en",
                  published, "report", None, ())  # fmt: skip
    return replace(base, **more)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("articles", article_document(ARTICLE)),
        ("turns", turn_documents(ARTICLE)[0]),
        ("stories", story_document(StoryState("s1", 1, "a", "body", (member("a", "X", "x"),)))),
    ],
)
def test_documents_have_exactly_the_mapped_fields(kind, document):
    assert set(document) == set(properties(kind))


def test_people_are_everyone_who_speaks_or_asks_once():
    assert article_document(ARTICLE)["people"] == ["Ada Lind", "Bo Ek", "A. Lind"]
    assert article_document(ARTICLE)["speakers"] == ["Bo Ek", "A. Lind"]


@pytest.mark.parametrize("time", ["20250310", "2025-03-10T12:00:00", "2025-02-30", "yesterday", "2025-03-10 12:00Z"])
def test_a_time_that_the_engine_could_misread_is_refused(time):
    with pytest.raises(Unindexable):
        article_document(replace(ARTICLE, published=time))


def test_an_article_is_written_with_its_turns_at_its_projection_number():
    writes = article_writes(ARTICLE)
    assert [(w.kind, w.id, w.version, w.language, w.document is not None) for w in writes] == [
        ("articles", "a1", 3, "en", True),
        ("turns", "a1:0", 3, "en", True),
        ("turns", "a1:1", 3, "en", True),
    ]


def test_turns_beyond_the_present_ones_and_other_languages_are_taken_away():
    writes = article_writes(replace(ARTICLE, language="ru", past_languages=("en", "ru"), most_turns=3))
    gone = {(w.kind, w.id, w.language) for w in writes if w.document is None}
    assert gone == {("turns", "a1:2", "ru"), ("articles", "a1", "en")} | {
        ("turns", turn_id("a1", n), "en") for n in range(3)
    }


def test_a_withdrawn_article_is_taken_away_with_all_its_turns():
    writes = article_writes(ArticleState("a1", 4, "r2", withdrawn=True, language="en", most_turns=2))
    assert {(w.kind, w.id, w.document) for w in writes} == {
        ("articles", "a1", None),
        ("turns", "a1:0", None),
        ("turns", "a1:1", None),
    }


def test_a_story_is_told_by_its_lead_and_lists_members_in_time():
    late = member("late", "Y", "y", "2025-03-11")
    early = member("early", "Z", "z", "2025-03-09T23:00:00-05:00", interviewee="Ada Lind")
    unknown = member("unknown", "Y2", "y")
    document = story_document(StoryState("s1", 2, "late", "text", (early, unknown, late)))
    assert document["title"] == "late"
    assert document["members"] == ["late", "early", "unknown"]
    assert (document["first_published"], document["last_published"]) == ("2025-03-09T23:00:00-05:00", "2025-03-11")
    assert document["interviewee"] == "Ada Lind"
    assert (document["size"], document["publisher_count"]) == (3, 2)


def test_member_order_in_the_state_does_not_matter():
    members = tuple(member(name, name, "p", "2025-03-09") for name in "cab")
    one = story_document(StoryState("s", 1, "a", "", members))
    assert one == story_document(StoryState("s", 1, "a", "", members[::-1]))


def test_voices_count_outlets_by_publisher():
    members = [
        member("a", "North", "n"),
        member("b", "North", "n"),
        member("c", "South", "n"),
        member("d", "East", "e"),
    ]
    assert voices(members) == [
        {"publisher": "n", "outlets": ["North", "South"], "articles": 3},
        {"publisher": "e", "outlets": ["East"], "articles": 1},
    ]


def test_a_story_without_members_is_taken_away_and_one_with_a_strange_lead_refused():
    (write,) = story_writes(StoryState("s1", 5))
    assert (write.version, write.document) == (5, None)
    with pytest.raises(Unindexable, match="lead"):
        story_writes(StoryState("s1", 5, "stranger", "", (member("a", "X", "x"),)))
