"""The values that pass between the stages: what a page holds, as the normalizer found it.

Words are those of the design: a *page* stands at one canonical URL and holds *articles*; an article has *turns*
(questions and answers), *quotes* and *comments*. Offsets count characters of `ExtractedArticle.body`, end exclusive,
so `body[turn.start:turn.end] == turn.text`. Texts are NFC, free of NUL and of lone surrogates.

Times are ISO 8601 strings: an instant with zone (`2024-05-14T21:40:00+03:00`) or, where only the day is known, a bare
date (`2024-05-14`). Unknown is `None`, never a guess from fetch or file time.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Role = Literal["question", "answer", "other"]
BlockKind = Literal["paragraph", "heading", "strong", "em", "blockquote", "list_item", "term", "definition"]


class ArticleKind(StrEnum):
    """What an article is, by its form."""

    INTERVIEW = "interview"  # printed as questions and answers
    REPORT = "report"  # everything else


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph of an article's body, with the markup that matters to find speakers.

    `kind` is `strong` or `em` when the whole paragraph is set so; `term`/`definition` come from `<dl>`.
    `label` is text set apart inside the paragraph at its start (bold, italic, small caps), as interviews mark speakers.
    """

    text: str
    start: int  # offset of `text` in the body
    kind: BlockKind = "paragraph"
    label: str | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Turn:
    """One question or answer of an interview."""

    role: Role
    speaker: str | None
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quote:
    """Words in quotation marks, or a block quotation. `text` is without the marks."""

    text: str
    speaker: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A reader's comment: kept apart, never part of a body."""

    author: str | None
    published: str | None
    text: str


@dataclass(frozen=True, slots=True)
class InterviewFacts:
    """Who was asked, by whom and when, as far as the article says so."""

    interviewee: str | None = None  # the fullest spelling in the article
    broadcasters: tuple[str, ...] = ()  # outlets that asked, in order of mention
    interviewers: tuple[str, ...] = ()  # persons who asked
    aired: str | None = None  # ISO date of broadcast
    questions: int = 0  # numbered or labelled questions; follow-ups and farewells are turns, not questions


@dataclass(frozen=True, slots=True)
class Filing:
    """How a page presents and files an article. No part of a revision: outlets change it without touching the text."""

    image: str | None = None  # absolute address of the main picture
    section: str | None = None  # the part of the outlet it stands in, as printed
    tags: tuple[str, ...] = ()  # as printed, each once
    paywall: bool | None = None  # whether the page says that it is for payers; None where it says nothing


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """One journalistic text found in a page."""

    title: str
    body: str
    language: str | None  # ISO 639-1
    bylines: tuple[str, ...] = ()
    credit: str | None = None  # a named source ("Source: SANA")
    published: str | None = None
    modified: str | None = None
    kind: ArticleKind = ArticleKind.REPORT
    blocks: tuple[Block, ...] = ()
    turns: tuple[Turn, ...] = ()
    quotes: tuple[Quote, ...] = ()
    comments: tuple[Comment, ...] = ()
    facts: InterviewFacts = field(default_factory=InterviewFacts)
    filing: Filing = field(default_factory=Filing)


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """A page taken apart. Without articles, `rejected` says why, in a word of `libs.contracts.reasons`."""

    articles: tuple[ExtractedArticle, ...]
    canonical_url: str | None = None  # rel=canonical as declared, made absolute, not yet trusted
    outlet: str | None = None  # the site's name, where the page says so
    rejected: str | None = None
