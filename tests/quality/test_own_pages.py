"""The own set of pages: ten layouts, six languages, every way to print interviews and comments, with exact truth.

Each page must be right in every field. What is not yet right stands in `pages/misses.toml` with its reason, by page and
field; a listed miss that has become right fails too, so that the list stays true.
"""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from libs.domain.documents import ExtractedArticle
from libs.domain.extraction import extract_page
from libs.domain.interviews.names import same_outlet, same_person
from tests.quality.pages.catalogue import Page, Truth, pages

_MISSES = Path(__file__).parent / "pages" / "misses.toml"
PAGES = {page.name: page for page in pages()}


def listed() -> dict[str, set[str]]:
    """Fields that may be wrong, by page."""
    rows = tomllib.loads(_MISSES.read_text(encoding="utf-8")).get("miss", [])
    found: dict[str, set[str]] = {}
    for row in rows:
        assert row["reason"].strip(), row
        for name in row["pages"]:
            found.setdefault(name, set()).update(row["fields"])
    return found


def wrong(page: Page) -> dict[str, object]:
    """The fields of a page that are not right, with what was found."""
    read = extract_page(page.html.encode(), url=page.url, content_type="text/html")
    if page.rejected or read.rejected:
        return {} if read.rejected == page.rejected else {"verdict": read.rejected or [a.title for a in read.articles]}
    if len(read.articles) != len(page.articles):
        return {"articles": [a.title for a in read.articles]}
    return dict(
        row for article, truth in zip(read.articles, page.articles, strict=True) for row in _wrong(article, truth)
    )


def _wrong(found: ExtractedArticle, truth: Truth) -> Iterator[tuple[str, object]]:
    simple = {
        "title": (found.title, truth.title),
        "bylines": (found.bylines, truth.bylines),
        "published": (found.published, truth.published),
        "language": (found.language, truth.language),
        "credit": (found.credit, truth.credit),
        "comments": (tuple((c.author, c.published and c.published[:10], c.text) for c in found.comments), truth.comments),
    }  # fmt: skip
    yield from ((name, got) for name, (got, wanted) in simple.items() if got != wanted)
    if not _same_body(found, truth):
        yield "body", found.body
    speakers = {quote.speaker for quote in found.quotes}
    if speakers != ({truth.quoted} if truth.quoted else set()) and not truth.turns:
        yield "quoted", speakers
    if tuple((turn.role, turn.text) for turn in found.turns) != truth.turns:
        yield "turns", [(turn.role, turn.text) for turn in found.turns]
    elif truth.turns:
        yield from _wrong_facts(found, truth)


def _same_body(found: ExtractedArticle, truth: Truth) -> bool:
    """A report is its paragraphs; an interview its introduction and its turns, with nothing behind the last."""
    if not truth.turns:
        return tuple(found.body.split("\n\n")) == truth.body
    whole = found.turns and found.turns[-1].end >= len(found.body.rstrip(" »"))
    return bool(whole) and found.body.startswith("\n\n".join(truth.body) + "\n\n")


def _wrong_facts(found: ExtractedArticle, truth: Truth) -> Iterator[tuple[str, object]]:
    """Speakers and facts. Russian inflects the asker's name in its sentence, so that any case of it is right."""
    facts = found.facts
    asking = [turn.speaker for turn in found.turns if turn.role == "question"]
    answering = {turn.speaker for turn in found.turns if turn.role == "answer"}
    if answering != {truth.interviewee}:
        yield "answering", answering
    if facts.interviewee != truth.interviewee:
        yield "interviewee", facts.interviewee
    if not all(speaker and _asked(speaker, truth) for speaker in asking) or len(set(asking)) != 1:
        yield "asking", set(asking)
    if not _same_outlets(facts.broadcasters, truth):
        yield "broadcasters", facts.broadcasters
    if facts.aired != truth.aired:
        yield "aired", facts.aired


def _asked(speaker: str, truth: Truth) -> bool:
    return same_person(speaker, truth.interviewer or "") or same_outlet(speaker, truth.outlet or "")


def _same_outlets(names: Sequence[str], truth: Truth) -> bool:
    return len(names) == 1 and same_outlet(names[0], truth.outlet or "")


def test_the_set_has_the_pages_that_it_promises() -> None:
    assert len(PAGES) == len(pages()) >= 60
    assert set(listed()) <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_right_in_every_field_that_is_not_listed(name: str) -> None:
    found = wrong(PAGES[name])
    allowed = listed().get(name, set())
    assert {field: value for field, value in found.items() if field not in allowed} == {}
    assert allowed <= set(found), f"right now, take it off the list: {allowed - set(found)}"
