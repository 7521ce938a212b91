"""Pages that say who was asked by whom, in the layouts and languages of the own set, and what the reading makes of them.

In: `data/asked.toml`. Out: pages with their truth, and how often a fact is given and right. A fact counts as given where
the reading names anything; a page that names no outlet counts only where one is named all the same.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from libs.domain.extraction import extract_page
from libs.domain.interviews.names import same_outlet, same_person
from tests.quality.pages.layouts import LAYOUTS, Print
from tests.quality.pages.texts import texts

_PIECES = Path(__file__).parent / "data" / "asked.toml"


@dataclass(frozen=True, slots=True)
class Piece:
    """One page. `broadcasters` are the outlets that asked; none where the page's own outlet did."""

    name: str
    html: str
    language: str
    interviewee: str
    broadcasters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reading says of a piece: each fact is right, wrong or not given (None)."""

    name: str
    found: str
    interviewee: bool | None
    broadcasters: bool | None
    language: bool | None


def pieces() -> Iterator[Piece]:
    """All pages; layouts take turns."""
    layouts = cycle(LAYOUTS.values())
    for n, row in enumerate(tomllib.loads(_PIECES.read_text(encoding="utf-8"))["piece"]):
        t, layout = texts(row["language"]), next(layouts)
        inner = "\n".join(
            layout.wrap.format(f"<strong>{text[1:]}</strong>" if text.startswith("*") else text)
            for text in row["paragraphs"]
        )
        html = layout.render(Print(t.words, row["language"], row["title"], "", t.stories[0].author, inner))
        name = f"{row['language']}-{n}"
        yield Piece(name, html, row["language"], row["interviewee"], tuple(row["broadcasters"]))


def answer(piece: Piece) -> Answer:
    """Read a page and hold its facts against the truth."""
    read = extract_page(piece.html.encode(), url="https://site.example/talk/two", content_type="text/html")
    if len(read.articles) != 1:
        return Answer(piece.name, str(read.rejected), None, None, None)
    (article,) = read.articles
    who, outlets = article.facts.interviewee, article.facts.broadcasters
    named = all(any(same_outlet(a, b) for b in piece.broadcasters) for a in outlets)
    whole = named and len(outlets) == len(piece.broadcasters)
    return Answer(
        piece.name,
        f"{article.kind}: {who}, {list(outlets)}",
        same_person(who, piece.interviewee) and len(who.split()) >= len(piece.interviewee.split()) if who else None,
        whole if outlets else None if piece.broadcasters else True,
        article.language == piece.language if article.language else None,
    )
