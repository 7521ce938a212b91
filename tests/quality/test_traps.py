"""Every trap in which grouping by shared words usually falls, a test each, on the whole judgement in memory.

Those in which time or size plays a part (an order of arrival, an archive, a new state of a page, 500 hosts) are in
`test_traps_on_the_stage`.
"""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from libs.domain.documents import ArticleKind, InterviewFacts, Turn
from libs.domain.extraction import extract_page
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.grades import LinkType
from libs.domain.stories.links import Link
from libs.domain.stories.texts import make_text
from tests.unit.stories.making import Document, agency_copies, document, edited, interview, pages_with_footer, words

PERSON = "Idris Halvani"


def _partition(folded: Folded) -> set[frozenset[str]]:
    return {frozenset(story.members) for story in folded.stories.values()}


def _sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in names}


def _link(folded: Folded, one: str, other: str) -> Link | None:
    texts = {folded.text_of[one], folded.text_of[other]}
    return next((link for link in folded.links if {link.a, link.b} == texts), None)


def _joined(folded: Folded) -> list[LinkType | None]:
    return [link.type for link in folded.links if link.joins]


def _answers(rng: random.Random, count: int = 8, size: int = 60) -> list[str]:
    return [words(rng, size) for _ in range(count)]


def _start(answer: str, count: int = 25) -> str:
    return " ".join(answer.split()[:count])


def _retelling(rng: random.Random, name: str, said: Iterable[str], **fields: Any) -> Document:
    """Own words around quotations."""
    quoted = tuple(said)
    return document(name, " ".join(f"{words(rng, 40)} {s}" for s in quoted), quoted=quoted, **fields)


def _asked(name: str, turns: Iterable[tuple[str, str]], *, before: str = "", **fields: Any) -> Document:
    """A printed interview from what is asked (or read out) and what is answered, perhaps with a summary before it."""
    body, answers = f"{before}\n\n", []
    for asked, answer in turns:
        body += f"{asked}\n\n"
        answers.append(Turn("answer", None, answer, len(body), len(body) + len(answer)))
        body += f"{answer}\n\n"
    article, _ = document(
        name, body, kind=ArticleKind.INTERVIEW, facts=InterviewFacts(questions=len(answers)), **fields
    )
    return article, make_text(body, answers)


# What a page has beside its article


def test_an_article_with_its_comments_is_the_same_story_as_without_them() -> None:
    rng = random.Random(1)
    body = words(rng, 580)
    folded = fold([document("alone", body), document("commented", f"{body} {words(rng, 730)}")])
    link = _link(folded, "alone", "commented")
    assert link is not None
    assert (link.type, link.grade.coverage) == (LinkType.COPY, 1000)


def test_the_sample_page_with_its_comments_is_the_same_story_as_without_them(shared_dir: Path) -> None:
    (path,) = (shared_dir / "seeds").glob("003_*.txt")
    page = path.read_bytes()
    (article,) = extract_page(page, url="https://seeds.example/003", content_type="text/plain").articles
    assert article.comments
    folded = fold([document("whole", page.decode()), document("article", article.body)])
    assert _partition(folded) == _sets("whole article")


def test_a_comment_that_quotes_an_interview_at_length_links_its_article_to_nothing() -> None:
    source = (
        "The harbour will stay closed until the last of the three cranes has been inspected, and nobody should expect "
        "me to open it for the sake of a single ship that could have been sent elsewhere a week ago."
    )
    paragraphs = [
        "The council met on Tuesday to talk about the price of parking beside the old market, which has doubled.",
        "Two members asked for a season ticket for people who live there; the treasurer wants to see figures first.",
        "A vote is planned for the second week of June, after the traffic count on the ring road has been finished.",
    ]
    html = (
        "<html><head><title>Parking</title><meta property='article:published_time' content='2024-05-14T08:00:00Z'></head>"
        "<body><article><h1>Parking</h1>"
        + "".join(f"<p>{p}</p>" for p in paragraphs)
        + f"</article><section id='comments' class='comments'><h3>1 comment</h3><div class='comment'>"
        f"<span class='comment-author'>Ada</span><time datetime='2024-05-14T10:00:00Z'>14 May 2024</time>"
        f"<p>As he said himself: {source}</p></div></section></body></html>"
    )
    (article,) = extract_page(html.encode(), url="https://courier.example/parking", content_type="text/html").articles
    assert "crane" not in article.body
    rng = random.Random(2)
    asked = interview("source", [source, *_answers(rng)], rng)
    assert fold([asked, document("parking", article.body)]).links == ()


def test_a_page_of_six_articles_read_as_one_brings_no_two_interviews_together() -> None:
    rng = random.Random(3)
    one, other = _answers(rng), _answers(rng)
    said = [_start(a, 40) for a in (*one[:3], *other[:3])]
    page = " ".join(f"{words(rng, 30)} {s}" for s in said) + f" {words(rng, 100)}"
    folded = fold(
        [
            interview("one", one, rng, language="en"),
            interview("other", other, rng, language="en"),
            document("page", page, quoted=tuple(said)),
        ]
    )
    assert not any({"one", "other"} <= set(story.members) for story in folded.stories.values())


def test_the_sample_page_of_six_articles_read_as_one_joins_none_of_the_others(shared_dir: Path) -> None:
    pages = {p.name[:3]: p.read_text(encoding="utf-8") for p in (shared_dir / "seeds").glob("*.txt")}
    folded = fold([document(name, body) for name, body in pages.items()])
    assert _partition(folded) == _sets("000 001 004", "002", "003")


# One interview told by several


def test_quotations_in_reversed_order_join_their_interview() -> None:
    rng = random.Random(4)
    answers = _answers(rng)
    straight, reversed_ = [_start(a) for a in answers[:3]], [_start(a) for a in answers[5:2:-1]]
    folded = fold([interview("source", answers, rng), _retelling(rng, "a", straight), _retelling(rng, "b", reversed_)])
    assert _partition(folded) == _sets("source a b")
    link = _link(folded, "source", "b")
    assert link is not None
    assert link.pair is not None
    assert [p.b for p in link.pair.passages] == sorted((p.b for p in link.pair.passages), reverse=True)


def test_two_transcribers_of_one_broadcast_tell_one_story() -> None:
    rng = random.Random(5)
    answers = _answers(rng)
    heard = [edited(rng, answer, 0.08) for answer in answers]
    one = interview("one", answers, rng, language="en", facts=InterviewFacts(PERSON, ("Radio Sefar",), questions=8))
    other = interview("other", heard, rng, language="en", facts=InterviewFacts("I. Halwani", (), questions=8))
    assert _partition(fold([one, other])) == _sets("one other")


def test_two_retellings_that_each_name_one_of_two_broadcasters_tell_one_story() -> None:
    rng = random.Random(6)
    answers = _answers(rng)
    said = [_start(a) for a in answers[:3]]
    both = InterviewFacts(PERSON, ("Rossiya 24", "NTV"), questions=8)
    folded = fold(
        [
            interview("source", answers, rng, facts=both),
            _retelling(rng, "one", said, facts=InterviewFacts("Halvani", ("Rossiya 24",))),
            _retelling(rng, "two", said, facts=InterviewFacts("Halvani", ("NTV",))),
        ]
    )
    assert _partition(folded) == _sets("source one two")


def test_a_summary_that_repeats_answers_counts_no_word_twice() -> None:
    rng = random.Random(7)
    answers = _answers(rng)
    said = [_start(a) for a in answers[:3]]
    source = _asked("source", [(words(rng, 10), a) for a in answers], before=" ".join(said))
    folded = fold([source, _retelling(rng, "told", said)])
    link = _link(folded, "source", "told")
    assert link is not None
    assert (link.type, link.grade.weight, link.grade.coverage) == (LinkType.REWRITE, 75, 1000 * 75 // 195)


def test_a_piece_made_of_the_summary_above_an_interview_joins_it() -> None:
    rng = random.Random(17)
    summary = words(rng, 90)
    source = _asked("source", [(words(rng, 10), a) for a in _answers(rng)], before=summary)
    folded = fold([source, document("told", f"{words(rng, 20)} {summary} {words(rng, 30)}")])
    assert _partition(folded) == _sets("source told")


def test_three_follow_ups_of_one_outlet_that_quote_one_answer_make_no_boilerplate_of_it() -> None:
    rng = random.Random(8)
    answers = _answers(rng)
    said = _start(answers[0], 45)
    source = interview("source", answers, rng, published="2024-05-14")
    follow_ups = [
        document(f"piece{n}", f"{words(rng, 110)} {said} {words(rng, 110)}", quoted=(said,), outlet="tide")
        for n in range(3)
    ]
    folded = fold([source, *follow_ups])
    assert not folded.boilerplate
    assert {folded.quoted[f"piece{n}"] for n in range(3)} == {(_story_of(folded, "source"),)}
    assert len(folded.stories) == 4


def _story_of(folded: Folded, name: str) -> str:
    return next(s.story_id for s in folded.stories.values() if name in s.members)


@pytest.mark.parametrize(("said", "together"), [((44,), False), ((22, 22), True)])
def test_a_notice_that_quotes_one_answer_retells_nothing_and_one_that_quotes_two_does(
    said: tuple[int, ...], together: bool
) -> None:
    rng = random.Random(22)
    answers = _answers(rng, 13)
    quoted = tuple(_start(answer, size) for answer, size in zip(answers[4:], said, strict=False))
    notice = document("notice", " ".join(f"{words(rng, 45 // len(said))} {q}" for q in quoted), quoted=quoted)
    folded = fold([interview("source", answers, rng, published="2024-05-14"), notice])
    assert len(notice[1]) in (88, 89)
    assert (len(folded.stories) == 1) is together
    assert bool(folded.quoted["notice"]) is not together


# Two interviews of one person


def test_a_clip_of_one_interview_inside_another_joins_neither() -> None:
    rng = random.Random(9)
    clip = words(rng, 63)
    first, second = (
        interview(
            name,
            [*_answers(rng, 4), clip],
            rng,
            language="en",
            facts=InterviewFacts(PERSON, (outlet,), questions=5),
        )
        for name, outlet in (("first", "Radio Sefar"), ("second", "Orsen"))
    )
    unnamed = interview("third", [clip, *_answers(rng, 4)], rng, language="en")
    folded = fold([first, second, unnamed])
    assert _partition(folded) == _sets("first", "second", "third")
    assert {link.type for link in folded.links} == {LinkType.QUOTES}


def test_a_slogan_that_a_person_says_in_two_interviews_links_nothing() -> None:
    rng = random.Random(10)
    slogan = words(rng, 11)
    one, other = _answers(rng), _answers(rng)
    one[2], other[4] = f"{one[2]} {slogan} {words(rng, 9)}", f"{other[4]} {slogan} {words(rng, 9)}"
    retold = [f"{_start(one[n])}" for n in range(2)]
    folded = fold(
        [
            interview("one", one, rng),
            interview("other", other, rng),
            _retelling(rng, "retold", [*retold, slogan]),
        ]
    )
    assert _partition(folded) == _sets("one retold", "other")
    assert [link.type for link in folded.links if link.type] == [LinkType.REWRITE]


# Words that say nothing


def test_an_advertisement_read_out_in_interviews_and_printed_in_articles_links_nothing() -> None:
    rng = random.Random(11)
    script = words(rng, 70)
    shows = [
        _asked(f"show{n}", [(script if k == 2 else words(rng, 10), a) for k, a in enumerate(_answers(rng, 5))])
        for n in range(3)
    ]
    printed = document("printed", f"{words(rng, 400)} {script}")
    for documents in (shows[:2], [shows[0], printed], [*shows, printed]):
        folded = fold(documents)
        assert len(folded.stories) == len(documents)
        assert not any(folded.quoted.values())


def test_a_footer_on_all_pages_of_many_hosts_links_nothing() -> None:
    documents = [document(name, body) for name, body in pages_with_footer(random.Random(12), hosts=40)]
    folded = fold(documents)
    assert len(folded.stories) == len(documents)
    assert all(link.type is None for link in folded.links)


def test_a_background_paragraph_of_an_agency_in_ten_stories_brings_no_two_of_them_together() -> None:
    rng = random.Random(13)
    background = words(rng, 63)
    stories = []
    for n in range(10):
        report = f"{words(rng, 120)} {background}"
        stories += [document(f"report{n}", report), document(f"copy{n}", f"{words(rng, 15)} {report} {words(rng, 9)}")]
    folded = fold(stories)
    assert _partition(folded) == _sets(*(f"report{n} copy{n}" for n in range(10)))


def test_two_thousand_copies_of_one_agency_text_are_one_story_and_no_boilerplate() -> None:
    rng = random.Random(14)
    documents = [document(name, body) for name, body in agency_copies(rng, 2000, 40)]
    rng.shuffle(documents)
    folded = fold(documents)
    assert not folded.boilerplate
    assert [len(story.members) for story in folded.stories.values()] == [2000]
