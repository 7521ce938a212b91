"""Which fields of a page of the own set are wrong: what the reading found, held against the page's truth."""

from collections.abc import Iterator, Sequence

from libs.domain.documents import ExtractedArticle, Filing
from libs.domain.extraction import extract_page
from libs.domain.interviews.names import same_outlet, same_person
from tests.quality.pages.catalogue import Page, Truth


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
    if truth.filing is not None:
        yield from _wrong_filing(found.filing, truth.filing)
    if not _same_body(found, truth):
        yield "body", found.body
    speakers = {quote.speaker for quote in found.quotes}
    if speakers != ({truth.quoted} if truth.quoted else set()) and not truth.turns:
        yield "quoted", speakers
    if tuple((turn.role, turn.text) for turn in found.turns) != truth.turns:
        yield "turns", [(turn.role, turn.text) for turn in found.turns]
    elif truth.turns:
        yield from _wrong_facts(found, truth)


def _wrong_filing(found: Filing, truth: Filing) -> Iterator[tuple[str, object]]:
    if found.image != truth.image:
        yield "image", found.image
    if found.section != truth.section:
        yield "section", found.section
    if found.tags != truth.tags:
        yield "tags", found.tags
    if found.paywall != truth.paywall:
        yield "paywall", found.paywall


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
