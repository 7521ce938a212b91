"""Plain text taken apart into its articles.

In: the text of a file. Out: `ExtractedPage`. The first line is the title; empty lines part paragraphs. What pages lose
when they become text is found again by the lines themselves: bylines, sources, readers' comments, teasers at the end,
and further articles below the first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from libs.domain.documents import Block, BlockKind, ExtractedArticle, ExtractedPage
from libs.domain.extraction import bylines
from libs.domain.extraction.body import LABEL_WORDS
from libs.domain.extraction.comments import Line, is_header, records
from libs.domain.extraction.dates import Moment, has_time, read_visible_time, settle, without_time
from libs.domain.extraction.decode import repair
from libs.domain.extraction.guards import MAX_BODY_CHARS
from libs.domain.extraction.language import language_of
from libs.domain.extraction.rules import count_words, fold, markers
from libs.domain.extraction.segments import is_separator
from libs.domain.interviews import read_interview

_TITLE_WORDS = 30
_GAP_LINES = 2  # empty lines above a further article; paragraphs of one article stand one apart
_MIN_WORDS = 40
_TAIL_SHARE = 0.25
_END = re.compile(r"[.!?…:;,。！？»”\"’')]\W*$")
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(slots=True)
class Chunk:
    """Lines that stand together, and the number of empty lines above them."""

    lines: list[str]
    gap: int

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def words(self) -> int:
        return count_words(self.text)


def read_text(text: str, *, url: str) -> ExtractedPage:
    """Take a text apart. `url` is not part of the evidence, and is kept for symmetry with HTML."""
    del url
    text = text.strip()
    if len(text) > MAX_BODY_CHARS:
        return ExtractedPage((), rejected="not_article")
    chunks = _chunks(repair(text))
    total = sum(c.words for c in chunks)
    if total < _MIN_WORDS:
        return ExtractedPage((), rejected="empty" if not total else "not_article")
    articles = [a for group in _split(chunks) if (a := _article(group)) is not None]
    return ExtractedPage(tuple(articles), rejected=None if articles else "not_article")


def _chunks(text: str) -> list[Chunk]:
    chunks: list[Chunk] = []
    gap = 0
    current: list[str] = []
    for raw in [*text.splitlines(), ""]:
        line = _SPACES.sub(" ", raw).strip()
        if line:
            current.append(line)
            continue
        if current:
            chunks.append(Chunk(current, gap))
            current, gap = [], 0
        gap += 1
    return chunks


def _split(chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """Groups of chunks, one for each article."""
    starts = [0]
    for n in range(1, len(chunks)):
        above = sum(c.words for c in chunks[starts[-1] : n])
        below = sum(c.words for c in chunks[n : n + 12])
        if above >= _MIN_WORDS and below >= _MIN_WORDS and _opens(chunks, n):
            starts.append(n)
    return [list(chunks[start:end]) for start, end in zip(starts, [*starts[1:], len(chunks)], strict=True)]


def _opens(chunks: Sequence[Chunk], n: int) -> bool:
    """Whether a further article begins at a chunk: a title after a gap, with byline, source or date right below it."""
    chunk = chunks[n]
    title = chunk.lines[0]
    separated = is_separator(chunks[n - 1].text)
    if chunk.gap < _GAP_LINES and not separated:
        return False
    if not 2 <= len(title.split()) <= _TITLE_WORDS or title.endswith((".", ":", ",")):
        return False
    following = [*chunk.lines[1:3], *(line for c in chunks[n + 1 : n + 3] for line in c.lines[:2])][:4]
    return separated or any(_is_head_line(line) for line in following)


def _is_head_line(line: str) -> bool:
    words = len(line.split())
    if words > 14:
        return False
    return (
        bool(bylines.credit_line(line))
        or _byline(line) is not None
        or (words <= 10 and has_time(line) and len(without_time(line).split()) <= 4)
    )


def _byline(line: str) -> str | None:
    prefix = markers().byline_prefix.match(fold(line))
    if not prefix or len(line.split()) > 10 or line.endswith((".", "?", "!", ";")):
        return None
    name = bylines.clean_name(line)
    return name if (name and name != line and name[0].isupper()) or (name and not name[0].isascii()) else None


def _article(chunks: list[Chunk]) -> ExtractedArticle | None:
    title, rest = _title(chunks)
    rest, talk = _comments(rest)
    names, credit, moments, rest = _head(rest)
    rest = _tail(rest)
    published = settle(moments)
    paragraphs = [c.text for c in rest if not is_separator(c.text)]
    if not paragraphs:
        return None
    text, blocks = _blocks(paragraphs)
    language = language_of(title, text)
    interview = read_interview(text, blocks, title=title, published=published, language=language)
    credit = credit or bylines.agency_of(paragraphs[0], paragraphs[-1])
    return ExtractedArticle(
        title=title, body=text, language=language, bylines=tuple(names), credit=credit, published=published, kind=interview.kind,
        blocks=blocks, turns=interview.turns, quotes=interview.quotes, comments=records(talk, published) if talk else (), facts=interview.facts,
    )  # fmt: skip


def _title(chunks: Sequence[Chunk]) -> tuple[str, list[Chunk]]:
    """The first line, unless it is a paragraph; what follows it in its chunk is text."""
    first = chunks[0]
    if len(first.lines[0].split()) > _TITLE_WORDS + 10:
        return "", list(chunks)
    rest = [Chunk(first.lines[1:], 0)] if first.lines[1:] else []
    return first.lines[0], [*rest, *chunks[1:]]


def _head(chunks: Sequence[Chunk]) -> tuple[list[str], str | None, list[Moment], list[Chunk]]:
    """Bylines, source and times of the lines between title and text, and the chunks without these lines."""
    names: list[str] = []
    credit: str | None = None
    moments: list[Moment] = []
    rest = [Chunk(list(c.lines), c.gap) for c in chunks]
    while rest:
        line = rest[0].lines[0]
        source, name = bylines.credit_line(line), _byline(line)
        if source:
            credit = credit or source
        elif name:
            names += [n for n in bylines.split_names(line) if n not in names]
        elif _is_head_line(line):
            moment = read_visible_time(line)
            moments += [moment] if moment else []
        elif not _caption(rest):
            break
        rest[0].lines.pop(0)
        if not rest[0].lines:
            rest.pop(0)
    return names, credit, moments, rest


def _caption(chunks: Sequence[Chunk]) -> bool:
    """A short line of its own above the text: a picture's caption, a link to another language."""
    first = chunks[0]
    if len(first.lines) > 1 or len(chunks) < 2 or chunks[1].words < 15:
        return False
    folded = fold(first.text)
    rules = markers()
    if first.words <= 12 and (
        rules.teaser_start.match(folded)
        or rules.promo_start.match(folded)
        or rules.caption_start.match(folded)
        or (first.words <= LABEL_WORDS and rules.promo_label.match(folded))
    ):
        return True
    return first.words <= 8 and not _END.search(first.text) and first.text[:1].isupper()


def _comments(chunks: list[Chunk]) -> tuple[list[Chunk], list[Line]]:
    """Cut the readers' comments: they follow a heading and each begins with a line of name and time."""
    rules = markers()
    for n, chunk in enumerate(chunks):
        if n == 0 or not rules.comments_heading.match(fold(chunk.lines[0])):
            continue
        lines = [Line(text) for c in [Chunk(chunk.lines[1:], 0), *chunks[n + 1 :]] for text in _parts(c)]
        if any(is_header(line) for line in lines):
            return chunks[:n], lines
    return chunks, []


def _parts(chunk: Chunk) -> list[str]:
    """A chunk as one line, or parted where a comment's first line stands inside it."""
    parts: list[str] = []
    for line in chunk.lines:
        if parts and not is_header(Line(line)) and not is_header(Line(parts[-1])):
            parts[-1] += "\n" + line
        else:
            parts.append(line)
    return parts


def _tail(chunks: list[Chunk]) -> list[Chunk]:
    """Cut teasers and notices that end the text."""
    rules = markers()
    total = sum(c.words for c in chunks)
    for n in range(1, len(chunks)):
        rest = sum(c.words for c in chunks[n:])
        if rest < _TAIL_SHARE * total and chunks[n].words <= 8 and rules.teaser_heading.match(fold(chunks[n].text)):
            chunks = chunks[:n]
            break
    while len(chunks) > 1 and chunks[-1].words <= 25 and _notice(chunks[-1].text):
        chunks = chunks[:-1]
    return chunks


def _notice(text: str) -> bool:
    folded = fold(text)
    rules = markers()
    return bool(
        rules.comment_notice.search(folded)
        or rules.promo_start.match(folded)
        or (len(text.split()) <= LABEL_WORDS and rules.promo_label.match(folded))
        or (rules.teaser_start.match(folded) and len(text.split()) <= 20)
    )


def _blocks(paragraphs: Sequence[str]) -> tuple[str, tuple[Block, ...]]:
    blocks, at = [], 0
    for text in paragraphs:
        short = len(text.split()) <= 10 and "\n" not in text and not _END.search(text) and text[:1].isalnum()
        kind: BlockKind = "heading" if short else "paragraph"
        blocks.append(Block(text, at, kind))
        at += len(text) + 2
    return "\n\n".join(paragraphs), tuple(blocks)
