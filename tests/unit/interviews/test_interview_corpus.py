"""Floors on the demo corpus (clean paragraphs) and, where they are at hand, on the documents of the mission.

The corpus was read while the patterns were written: these figures show that nothing got lost, not how unseen text fares.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.domain.documents import Block
from libs.domain.interviews import Interview, read_interview
from libs.domain.interviews.names import same_outlet, same_person

KINDS = {"strong": "strong", "em": "em", "h2": "heading", "blockquote": "blockquote"}


@pytest.fixture(scope="module")
def readings(corpus_dir: Path) -> list[tuple[dict[str, Any], Interview]]:
    return [(article, _read(article)) for article in _articles(corpus_dir)]


def _articles(corpus: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((corpus / "articles").glob("*.json")):
        article = json.loads(path.read_text(encoding="utf-8"))
        if not article["segments"]:
            yield article
        for segment in article["segments"] or []:
            yield {**article, "markup": {}, "questions": None, "speaker_labels": [], **segment}


def _read(article: dict[str, Any]) -> Interview:
    blocks, start = [], 0
    for i, text in enumerate(article["paragraphs"]):
        kind: Any = KINDS.get(article["markup"].get(str(i)), "paragraph")
        blocks.append(Block(text, start, kind))
        start += len(text) + 2
    return read_interview(
        "\n\n".join(article["paragraphs"]),
        blocks,
        title=article["title"],
        published=article["published"],
        language=article["lang"],
    )


def test_questions_are_counted_as_labelled(readings: list[tuple[dict[str, Any], Interview]]) -> None:
    counted = [(a["id"], found.facts.questions) for a, found in readings if a["questions"]]
    assert counted == [(a["id"], a["questions"]) for a, _ in readings if a["questions"]]


def test_only_printed_interviews_have_turns(readings: list[tuple[dict[str, Any], Interview]]) -> None:
    printed = [
        a["title"] for a, found in readings if found.turns and not a["speaker_labels"] and a["kind"] != "transcript"
    ]
    assert printed == []


def test_speakers_are_the_persons_of_the_labels(readings: list[tuple[dict[str, Any], Interview]]) -> None:
    wrong = [
        (a["id"], turn.speaker)
        for a, found in readings
        for turn in found.turns
        if turn.role == "answer"
        and turn.speaker
        and " " in turn.speaker
        and not same_person(turn.speaker, a["interviewee"])
    ]
    assert wrong == []


def test_interviewees_and_outlets_are_right_where_given(readings: list[tuple[dict[str, Any], Interview]]) -> None:
    wrong_people = [
        (a["id"], found.facts.interviewee)
        for a, found in readings
        if found.facts.interviewee and not (a["interviewee"] and same_person(found.facts.interviewee, a["interviewee"]))
    ]
    wrong_outlets = [
        (a["id"], outlet)
        for a, found in readings
        for outlet in found.facts.broadcasters
        if not any(same_outlet(outlet, truth) for truth in a["interviewer_outlets"])
    ]
    assert (wrong_people, wrong_outlets) == ([], [])


def test_most_retellings_give_person_and_outlet(readings: list[tuple[dict[str, Any], Interview]]) -> None:
    about = [(a, found) for a, found in readings if a["interviewee"] and a["kind"] != "single_quote"]
    people = sum(found.facts.interviewee is not None for _, found in about)
    outlets = sum(bool(found.facts.broadcasters) for _, found in about)
    assert people / len(about) >= 0.85
    assert outlets / len(about) >= 0.85


def test_pieces_without_an_interview_of_their_own_have_no_facts(
    readings: list[tuple[dict[str, Any], Interview]],
) -> None:
    passing = ("reaction", "independent", "other", "single_quote")
    given = [(a["id"], found.facts) for a, found in readings if a["kind"] in passing and found.facts.broadcasters]
    assert given == []


def _seed(shared: Path, number: str) -> str:
    (path,) = (shared / "seeds").glob(f"{number}_*.txt")
    return path.read_text(encoding="utf-8")


def _read_text(text: str) -> Interview:
    title, _, body = text.strip().partition("\n")
    body = body.strip()
    parts = re.finditer(r"\S(?:(?!\n\s*\n).)*", body, re.DOTALL)
    blocks = [Block(part[0].rstrip(), part.start()) for part in parts]
    return read_interview(body, blocks, title=title, published=None, language="en")


@pytest.mark.parametrize(
    ("number", "ends_before", "questions", "broadcasters"),
    [
        ("000", "Check Also", 15, {"Russia 24", "NTV"}),
        ("001", None, 0, {"Russia 24", "NTV"}),
        ("003", "Comments 24", 0, {"Europe 1", "TF1", "LCI"}),
        ("004", None, 0, {"Russia 24", "NTV"}),
    ],
)
def test_the_missions_documents_name_their_outlets(
    shared_dir: Path, number: str, ends_before: str | None, questions: int, broadcasters: set[str]
) -> None:
    text = _seed(shared_dir, number)
    facts = _read_text(text.split(f"\n{ends_before}")[0] if ends_before else text).facts
    assert (facts.questions, set(facts.broadcasters)) == (questions, broadcasters)
    assert same_person(facts.interviewee or "", "Bashar al-Assad")


def test_the_last_article_of_the_archive_page_is_the_third_interview(shared_dir: Path) -> None:
    articles = [part for part in re.split(r"\n{4,}", _seed(shared_dir, "002")) if part.strip()]
    readings = [_read_text(article) for article in articles]
    assert [len(found.turns) > 0 for found in readings] == [False] * 5 + [True]
    facts = readings[-1].facts
    assert facts.questions == 18
    assert [same_outlet(outlet, "Phoenix TV") for outlet in facts.broadcasters] == [True]
    assert facts.interviewee == "Bashar al-Assad"
