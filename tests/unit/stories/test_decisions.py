"""What editors decide holds against every rule, and the later decision against the earlier one."""

import random
from dataclasses import replace

from libs.domain.documents import InterviewFacts
from libs.domain.stories.corrections import Correction, CorrectionKind, decided
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.grades import LinkType
from tests.unit.stories.making import Document, document, interview, words

MERGE, SPLIT, PIN, WITHDRAW = CorrectionKind.MERGE, CorrectionKind.SPLIT, CorrectionKind.PIN, CorrectionKind.WITHDRAW


def _correction(number: int, kind: CorrectionKind, articles: str, apart: str = "") -> Correction:
    return Correction(number, kind, frozenset(articles.split()), frozenset(apart.split()))


def _partition(folded: Folded) -> set[frozenset[str]]:
    return {frozenset(story.members) for story in folded.stories.values()}


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in names}


def _copies(seed: int, names: str = "a b c") -> list[Document]:
    """Articles that share most of their words, published one after another, and one that shares nothing: `z`."""
    rng = random.Random(seed)
    body = words(rng, 150)
    shared = [
        document(name, f"{words(rng, 20)} {body}", published=f"2024-05-0{n + 1}")
        for n, name in enumerate(names.split())
    ]
    return [*shared, document("z", words(rng, 150), published="2024-05-09")]


def test_a_merge_joins_what_shares_nothing() -> None:
    assert _partition(fold(_copies(1), [_correction(1, MERGE, "c z")])) == _sets("a b c z")


def test_a_merge_joins_two_interviews_that_conflict() -> None:
    rng = random.Random(2)
    one, other = (
        interview(
            name,
            [words(rng, 40) for _ in range(5)],
            rng,
            facts=InterviewFacts("Mara Kessler", (outlet,), questions=5),
        )
        for name, outlet in (("one", "Harbour Radio"), ("other", "Daily Tide"))
    )
    assert _partition(fold([one, other])) == _sets("one", "other")
    assert _partition(fold([one, other], [_correction(1, MERGE, "one other")])) == _sets("one other")


def test_a_split_keeps_copies_apart_and_the_link_says_that_an_editor_did() -> None:
    folded = fold(_copies(3), [_correction(1, SPLIT, "a", "b c")])
    assert _partition(folded) == _sets("a", "b c", "z")
    cut = [x for x in folded.links if folded.text_of["a"] in (x.a, x.b)]
    assert {x.type for x in cut} == {LinkType.POSSIBLE}
    assert {x.grade.reasons[-1].rule for x in cut} == {"split"}


def test_what_comes_after_a_split_goes_to_its_nearest_side_and_does_not_join_them() -> None:
    corrections = [_correction(1, SPLIT, "a", "b")]
    assert len(_partition(fold(_copies(4, "a b c d e"), corrections))) == 3
    for story in fold(_copies(4, "a b c d e"), corrections).stories.values():
        assert not {"a", "b"} <= set(story.members)


def test_the_later_of_two_decisions_holds() -> None:
    documents = _copies(5)
    split, merge = (1, SPLIT, "a", "b"), (2, MERGE, "a b")
    assert _partition(fold(documents, [_correction(*split), _correction(*merge)])) == _sets("a b c", "z")
    merge, split = (1, MERGE, "a b z"), (2, SPLIT, "a", "b z")
    now = fold(documents, [_correction(*split), _correction(*merge)])
    assert frozenset("bz") <= next(g for g in _partition(now) if "b" in g)
    assert not any({"a", "b"} <= g for g in _partition(now))


def test_order_of_corrections_in_the_list_does_not_matter() -> None:
    corrections = [
        _correction(1, MERGE, "a z"),
        _correction(2, SPLIT, "b", "a c z"),
        _correction(3, PIN, "z"),
        _correction(4, WITHDRAW, "c"),
        _correction(5, PIN, "a"),
    ]
    expected = fold(_copies(6), corrections)
    for seed in range(10):
        random.Random(seed).shuffle(corrections)
        assert fold(_copies(6), corrections) == expected


def test_a_split_passes_over_articles_that_have_the_same_words() -> None:
    rng = random.Random(7)
    body = words(rng, 100)
    documents = [document("a", body), document("b", body)]
    assert _partition(fold(documents, [_correction(1, SPLIT, "a", "b")])) == _sets("a b")


def test_who_is_pinned_last_leads_until_its_page_is_gone() -> None:
    documents = _copies(8)
    pins = [_correction(1, PIN, "c"), _correction(2, PIN, "b")]

    def lead(corrections: list[Correction], gone: str = "") -> str:
        held = [(replace(a, gone=a.article_id in gone), t) for a, t in documents]
        return next(s.lead for s in fold(held, corrections).stories.values() if len(s.members) == 3)

    assert [lead([]), lead(pins[:1]), lead(pins)] == ["a", "c", "b"]
    assert [lead([], "a"), lead(pins, "b"), lead(pins, "abc")] == ["b", "c", "b"]


def test_a_withdrawn_article_is_as_if_it_had_never_been() -> None:
    documents = _copies(9)
    without = fold([d for d in documents if d[0].article_id != "a"])
    assert fold(documents, [_correction(1, WITHDRAW, "a"), _correction(2, MERGE, "a z")]) == without


def test_decisions_about_articles_that_are_not_there_mean_nothing() -> None:
    corrections = [_correction(1, MERGE, "a q"), _correction(2, SPLIT, "a", "r"), _correction(3, SPLIT, "q", "a")]
    assert decided(corrections, {"a": "1", "b": "2"}).rules == ()
