"""The whole judgement on small sets of made-up articles."""

import random

from libs.domain.documents import InterviewFacts
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.grades import LinkType
from tests.unit.stories.making import Document, document, edited, interview, words


def _partition(folded: Folded) -> set[frozenset[str]]:
    return {frozenset(story.members) for story in folded.stories.values()}


def _together(folded: Folded, *names: str) -> bool:
    return any(set(names) <= set(story.members) for story in folded.stories.values())


def _rewrite(rng: random.Random, name: str, answers: list[str], **fields: object) -> Document:
    """Own words around three quoted sentences."""
    said = [" ".join(a.split()[:25]) for a in answers]
    return document(name, " ".join(f"{words(rng, 40)} {s}" for s in said), quoted=tuple(said), **fields)


def _story(rng: random.Random) -> list[Document]:
    answers = [words(rng, 60) for _ in range(8)]
    source = interview("source", answers, rng, published="2024-05-14T10:00:00+00:00")
    return [
        source,
        _rewrite(rng, "one", answers[:3], published="2024-05-14T09:00:00+00:00"),
        _rewrite(rng, "two", answers[3:6], published="2024-05-15"),
        document("elsewhere", f"{words(rng, 100)} {answers[6][:120]} {words(rng, 100)}", quoted=(answers[6][:120],)),
        document("unrelated", words(rng, 200)),
    ]


def test_rewrites_join_the_interview_and_a_single_quotation_does_not() -> None:
    folded = fold(_story(random.Random(1)))
    assert _partition(folded) == {
        frozenset({"source", "one", "two"}),
        frozenset({"elsewhere"}),
        frozenset({"unrelated"}),
    }
    (story,) = [s for s in folded.stories.values() if len(s.members) == 3]
    assert story.lead == "source"
    assert folded.quoted["elsewhere"] == (story.story_id,)
    assert folded.quoted["source"] == ()


def test_nothing_depends_on_the_order_of_articles() -> None:
    documents = _story(random.Random(2))
    expected = fold(documents)
    for seed in range(20):
        random.Random(seed).shuffle(documents)
        assert fold(documents) == expected


def test_the_first_published_names_the_story_and_an_article_without_time_never_does() -> None:
    rng = random.Random(3)
    body = words(rng, 100)
    timed = document("z", body, published="2024-05-14")
    untimed = document("a", body)
    folded = fold([untimed, timed])
    assert set(folded.stories) == set(fold([timed]).stories)
    assert [s.members for s in folded.stories.values()] == [("z", "a")]


def test_copies_of_one_agency_text_are_no_boilerplate() -> None:
    rng = random.Random(4)
    agency = words(rng, 300)
    copies = [document(f"copy{n}", f"{words(rng, 25)} {agency} {words(rng, 15)}") for n in range(60)]
    folded = fold(copies)
    assert not folded.boilerplate
    assert len(folded.stories) == 1


def test_identical_bodies_are_one_text_with_many_carriers() -> None:
    rng = random.Random(5)
    body = words(rng, 300)
    folded = fold([document(f"copy{n}", body) for n in range(2000)])
    assert [len(s.members) for s in folded.stories.values()] == [2000]
    assert folded.links == ()


def test_follow_ups_that_repeat_an_answer_keep_their_words() -> None:
    rng = random.Random(6)
    said = words(rng, 70)
    pieces = [document(f"piece{n}", f"{words(rng, 60)} {said} {words(rng, 60)}", quoted=(said,)) for n in range(5)]
    folded = fold(pieces)
    assert not folded.boilerplate
    assert len(folded.stories) == 1


def test_a_footer_on_many_hosts_links_nothing() -> None:
    rng = random.Random(7)
    footer = words(rng, 60)
    folded = fold([document(f"host{n}", f"{words(rng, 120)} {footer}") for n in range(40)])
    assert len(folded.stories) == 40
    assert all(link.type is None for link in folded.links)


def test_a_background_paragraph_of_an_agency_joins_no_other_matters() -> None:
    rng = random.Random(8)
    background = words(rng, 63)
    report = f"{words(rng, 150)} {background} {words(rng, 150)}"
    others = [document(f"other{n}", f"{words(rng, 90)} {background} {words(rng, 50)}") for n in range(4)]
    copy = document("copy", f"{words(rng, 10)} {report}")
    folded = fold([document("report", report), copy, *others])
    assert _together(folded, "report", "copy")
    assert len(folded.stories) == 5


def test_a_crowd_that_shares_one_paragraph_makes_it_boilerplate_whatever_it_is_about() -> None:
    rng = random.Random(16)
    vocabulary = words(rng, 60).split()
    paragraph = words(rng, 30)
    pieces = [
        document(
            f"piece{n}",
            f"{' '.join(rng.choices(vocabulary, k=150))} {paragraph} {' '.join(rng.choices(vocabulary, k=90))}",
        )
        for n in range(12)
    ]
    assert not fold(pieces[:10]).boilerplate
    folded = fold(pieces)
    assert folded.boilerplate
    assert all(link.type is None for link in folded.links)


def test_two_articles_alone_do_not_make_boilerplate() -> None:
    rng = random.Random(9)
    shared = words(rng, 63)
    folded = fold([document(f"other{n}", f"{words(rng, 90)} {shared} {words(rng, 50)}") for n in range(2)])
    assert not folded.boilerplate
    assert len(folded.stories) == 1


def test_a_slogan_in_two_interviews_links_nothing() -> None:
    rng = random.Random(10)
    slogan = words(rng, 10)
    one, other = (
        interview(name, [words(rng, 60), f"{words(rng, 20)} {slogan} {words(rng, 20)}", words(rng, 60)], rng)
        for name in ("one", "other")
    )
    folded = fold([one, other])
    assert len(folded.stories) == 2
    assert all(link.type is None for link in folded.links)


def test_a_clip_of_one_interview_inside_another_joins_neither() -> None:
    rng = random.Random(11)
    clip = words(rng, 130)
    facts = {
        name: InterviewFacts("Idris Halvani", (outlet,), questions=4)
        for name, outlet in (("first", "Radio Sefar"), ("second", "Orsen"))
    }
    first = interview("first", [words(rng, 80), clip, words(rng, 80), words(rng, 80)], rng, facts=facts["first"])
    second = interview("second", [words(rng, 80), clip, words(rng, 80), words(rng, 80)], rng, facts=facts["second"])
    retold = _rewrite(rng, "retold", [clip, clip[300:]], facts=InterviewFacts("I. Halvani", ("Orsen",)))
    folded = fold([first, second, retold])
    assert not _together(folded, "first", "second")
    clip_link = next(link for link in folded.links if link.grade.weight == 130)
    assert clip_link.type is LinkType.QUOTES
    assert "veto" in {reason.rule for reason in clip_link.grade.reasons}


def test_two_rewrites_may_each_name_one_of_two_broadcasters() -> None:
    rng = random.Random(12)
    answers = [words(rng, 60) for _ in range(6)]
    both = InterviewFacts("Idris Halvani", ("Rossiya 24", "NTV"), questions=6)
    folded = fold(
        [
            interview("source", answers, rng, facts=both),
            _rewrite(rng, "one", answers[:3], facts=InterviewFacts("Halvani", ("Rossiya 24",))),
            _rewrite(rng, "two", answers[:3], facts=InterviewFacts("Halvani", ("NTV",))),
        ]
    )
    assert len(folded.stories) == 1


def test_edited_quotations_still_find_their_interview() -> None:
    rng = random.Random(13)
    answers = [words(rng, 60) for _ in range(10)]
    source = interview("source", answers, rng)
    retold = _rewrite(rng, "retold", [edited(rng, a, 0.08) for a in answers[:3]])
    assert len(fold([source, retold]).stories) == 1


def test_pieces_that_share_no_words_join_by_person_broadcaster_and_day() -> None:
    rng = random.Random(14)
    facts = InterviewFacts("Idris Halvani", ("Radio Sefar",))
    held = InterviewFacts("Idris Halvani", ("Radio Sefar",), questions=4)
    source = interview(
        "source", [words(rng, 60) for _ in range(4)], rng, facts=held, in_focus=True, published="2024-05-14"
    )
    told = document("told", words(rng, 200), facts=facts, in_focus=True, published="2024-05-15", language="ar")
    late = document("late", words(rng, 200), facts=facts, in_focus=True, published="2024-06-15", language="ar")
    mention = document("mention", words(rng, 200), facts=facts, published="2024-05-15")
    folded = fold([source, told, late, mention])
    assert _partition(folded) == {frozenset({"source", "told"}), frozenset({"late"}), frozenset({"mention"})}


def test_a_piece_that_fits_two_printed_interviews_abstains() -> None:
    rng = random.Random(15)
    held = InterviewFacts("Idris Halvani", ("Radio Sefar",), questions=4)
    evening, morning = (
        interview(n, [words(rng, 60) for _ in range(4)], rng, facts=held, in_focus=True, published=d, language="en")
        for n, d in (("evening", "2024-05-14"), ("morning", "2024-05-15"))
    )
    told = document(
        "told",
        words(rng, 200),
        facts=InterviewFacts("Idris Halvani", ("Radio Sefar",)),
        in_focus=True,
        published="2024-05-15",
        language="fr",
    )
    folded = fold([evening, morning, told])
    assert len(folded.stories) == 3
    assert {link.type for link in folded.links} == {LinkType.POSSIBLE}
