"""What a share of sentences makes of a link, by what both sides say of their interview."""

import random

import pytest

from libs.domain.documents import InterviewFacts
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.grades import LinkType
from libs.domain.stories.identity import Identity
from libs.domain.stories.links import Link
from libs.domain.stories.meaning import Share
from libs.domain.stories.meant import Verdicts, may_mean_one
from libs.domain.stories.naming import asked_keys, named_keys
from tests.unit.stories.making import Document, document, interview, words

PERSON = "Mirjam Tolvanen"
NAMED = asked_keys([PERSON])
DAY = 86_400.0
RNG = random.Random(5)
ASKED = InterviewFacts(PERSON, ("Radio Vaskenholm",))
UNSAID = InterviewFacts(PERSON)
OTHERS = InterviewFacts(PERSON, ("Kanal Brusewitz",))


def _transcript(name: str = "transcript", facts: InterviewFacts = ASKED) -> Document:
    told = InterviewFacts(facts.interviewee, facts.broadcasters, questions=4)
    answers = [words(RNG, 30) for _ in range(4)]
    return interview(name, answers, RNG, facts=told, published="2024-05-14", language="en")


def _retelling(facts: InterviewFacts = UNSAID, published: str = "2024-05-15", name: str = "retelling") -> Document:
    return document(name, words(RNG, 90), facts=facts, published=published, language="en")


def _judged(*documents: Document, per_mille: int) -> Folded:
    ids = sorted(text.text_id for _, text in documents)
    shares = {(a, b): Share(per_mille // 10, 100) for a in ids for b in ids if a < b}
    return fold(documents, verdicts=Verdicts(dict.fromkeys(ids, NAMED), shares))


def _link(folded: Folded) -> Link | None:
    return next((x for x in folded.links if any(r.rule == "meaning" for r in x.grade.reasons)), None)


@pytest.mark.parametrize(
    ("facts", "per_mille", "stories", "type_"),
    [
        (UNSAID, 400, 1, LinkType.IDENTITY),
        (UNSAID, 390, 2, LinkType.POSSIBLE),
        (UNSAID, 300, 2, LinkType.POSSIBLE),
        (UNSAID, 290, 2, None),
        (ASKED, 300, 1, LinkType.IDENTITY),
        (ASKED, 290, 2, LinkType.POSSIBLE),
        (ASKED, 200, 2, LinkType.POSSIBLE),
        (ASKED, 190, 2, None),
        (OTHERS, 1000, 2, None),
    ],
)
def test_what_both_sides_say_decides_how_much_is_enough(
    facts: InterviewFacts, per_mille: int, stories: int, type_: LinkType | None
) -> None:
    folded = _judged(_transcript(), _retelling(facts), per_mille=per_mille)
    link = _link(folded)
    assert len(folded.stories) == stories
    assert (link and link.type) == type_


def test_two_printed_interviews_in_one_language_never_join() -> None:
    assert len(_judged(_transcript("one", UNSAID), _transcript("other", UNSAID), per_mille=1000).stories) == 2


def test_a_cut_link_says_why() -> None:
    link = _link(_judged(_transcript(), _retelling(UNSAID), per_mille=390))
    assert link is not None
    assert [r.rule for r in link.grade.reasons] == ["meaning", "veto"]
    assert "too little" in link.grade.reasons[-1].text
    conflict = _link(_judged(_transcript(), _retelling(OTHERS), per_mille=990))
    assert conflict is not None
    assert "different interviews" in conflict.grade.reasons[-1].text


def test_the_nearer_of_two_interviews_gets_the_retelling_whatever_the_order() -> None:
    first, second, retelling = _transcript("first", UNSAID), _transcript("second", UNSAID), _retelling()
    told = retelling[1].text_id
    shares = {
        (min(told, text.text_id), max(told, text.text_id)): Share(matched, 10)
        for (_, text), matched in ((first, 6), (second, 5))
    }
    documents = [first, second, retelling]
    verdicts = Verdicts(dict.fromkeys((text.text_id for _, text in documents), NAMED), shares)
    expected = fold(documents, verdicts=verdicts)
    assert sorted(s.members for s in expected.stories.values()) == [("first", "retelling"), ("second",)]
    assert fold(documents[::-1], verdicts=verdicts) == expected


def test_without_verdicts_nothing_is_said() -> None:
    documents = [_transcript(), _retelling(ASKED)]
    assert fold(documents) == fold(
        documents, verdicts=Verdicts(dict.fromkeys((t.text_id for _, t in documents), NAMED))
    )


@pytest.mark.parametrize(
    ("days", "named", "worth"),
    [
        (0, f"said {PERSON} yesterday", True),
        (14, f"{PERSON} said", True),
        (15, f"{PERSON} said", False),
        (0, "she said", False),
    ],
)
def test_only_who_names_the_person_within_two_weeks_is_compared(days: float, named: str, worth: bool) -> None:
    one = Identity(frozenset([PERSON]), published=0.0)
    other = Identity(published=days * DAY)
    assert may_mean_one(one, other, frozenset(), named_keys(named.split())) is worth
    assert may_mean_one(other, one, named_keys(named.split()), frozenset()) is worth


def test_undated_texts_are_not_compared() -> None:
    one = Identity(frozenset([PERSON]))
    assert not may_mean_one(one, one, NAMED, NAMED)
