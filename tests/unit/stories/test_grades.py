"""From shared words to a grade."""

import random

import pytest

from libs.domain.stories.grades import Grade, LinkType, grade
from libs.domain.stories.pairs import Pair, compare
from libs.domain.stories.texts import mark
from tests.unit.stories.making import Document, document, words


def _pair(one: Document, other: Document) -> Pair:
    texts = one[1], other[1]
    return compare(*texts, {t.text_id: mark(t) for t in texts})


def _grade(one: Document, other: Document) -> Grade:
    return grade(_pair(one, other), frozenset())


@pytest.mark.parametrize(
    ("run_lengths", "expected"),
    [
        ([50], LinkType.COPY),
        ([49], LinkType.REWRITE),
        ([25], LinkType.REWRITE),
        ([24], None),
        ([11], None),
        ([8, 8], LinkType.REWRITE),
        ([11, 4], None),
    ],
)
def test_grade_by_the_share_of_the_shorter_text(run_lengths: list[int], expected: LinkType | None) -> None:
    rng = random.Random(1)
    runs = [words(rng, n) for n in run_lengths]
    long = " ".join(f"{words(rng, 60)} {run}" for run in runs) + " " + words(rng, 200)
    own = 100 - sum(run_lengths)
    gap = own // (len(runs) + 1)
    short = " ".join(f"{words(rng, gap)} {run}" for run in runs)
    short += " " + words(rng, 100 - len(short.split()))
    assert _grade(document("long", long), document("short", short)).type is expected


def test_twelve_quoted_words_are_a_quotation_and_eleven_are_not() -> None:
    rng = random.Random(2)
    for count, expected in ((12, LinkType.QUOTES), (11, None)):
        said = words(rng, count)
        one = document("one", f"{words(rng, 150)} {said} {words(rng, 150)}")
        other = document("other", f"{words(rng, 150)} {said} {words(rng, 150)}", quoted=(said,))
        assert _grade(one, other).type is expected


def test_twelve_words_that_nobody_says_are_no_quotation() -> None:
    rng = random.Random(3)
    told = words(rng, 14)
    one = document("one", f"{words(rng, 150)} {told} {words(rng, 150)}")
    other = document("other", f"{words(rng, 150)} {told} {words(rng, 150)}")
    assert _grade(one, other).type is None


def test_a_sentence_split_by_an_attribution_is_one_place() -> None:
    rng = random.Random(4)
    first, second = words(rng, 13), words(rng, 13)
    source = document("source", f"{words(rng, 300)} {first} {second} {words(rng, 300)}")
    body = f"{words(rng, 80)} {first} the foreign minister told reporters there {second} {words(rng, 80)}"
    assert _grade(source, document("other", body, quoted=(first, second))).type is LinkType.QUOTES


def test_boilerplate_weighs_nothing_and_is_not_part_of_the_length() -> None:
    rng = random.Random(5)
    dull, said = words(rng, 60), words(rng, 60)
    pair = _pair(
        document("one", f"{words(rng, 200)} {dull} {words(rng, 20)} {said}"),
        document("other", f"{said} {words(rng, 40)} {dull}"),
    )
    known = {p.hash for p in pair.prints if pair.passages[0].a[0] <= p.at < pair.passages[0].a[1]}
    assert grade(pair, frozenset()).weight == 120
    graded = grade(pair, known, dull_a=60, dull_b=60)
    assert (graded.weight, graded.coverage_b, graded.longest_run) == (60, 600, 60)
    assert "boilerplate" in {reason.rule for reason in graded.reasons}


def test_a_pair_does_not_depend_on_which_text_comes_first() -> None:
    rng = random.Random(6)
    shared = words(rng, 30)
    one = document("one", f"{words(rng, 40)} {shared} {words(rng, 30)}")
    other = document("other", f"{shared} {words(rng, 70)}")
    assert _pair(one, other) == _pair(other, one)
