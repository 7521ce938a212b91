"""Several articles on one page: archive pages, digests, press reviews, blog fronts.

In: the paragraphs of the part of the page that holds its text. Out: the sections, each with the paragraph that prints
its title; none when the page is one article. Subheadings look like titles, so a split needs evidence at every boundary:
a separator, a title that links to the piece itself, a container of its own, or a byline, date or source of its own.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from libs.domain.extraction.bylines import credit_line
from libs.domain.extraction.dates import has_time, without_time
from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import attribute_words, fold, markers

_SEPARATOR = re.compile(r"^[\s*•·#~=_+–—.\-◆■●♦⁂]+$")
_POST = frozenset(
    (
        "post",
        "entry",
        "hentry",
        "article",
        "item",
        "story",
        "piece",
        "segment",
        "eintrag",
        "beitrag",
        "nota",
        "noticia",
        "billet",
    )
)
_MIN_WORDS = 45  # of running text in each section; teasers stay below
_TITLE_WORDS = 30
_BEFORE_SHARE = 0.3  # more text than this above the first title is an article, and what follows are its subheadings
_FULL_WORDS = 100  # excerpts under linked titles are shorter than the posts themselves


@dataclass(frozen=True, slots=True)
class Section:
    """One article of a page: the paragraph with its title, and what follows up to the next title."""

    title: Paragraph
    paragraphs: tuple[Paragraph, ...]


def is_separator(text: str) -> bool:
    """A line of asterisks, dashes or the like."""
    return len(text) >= 3 and _SEPARATOR.match(text) is not None


def split(part: Sequence[Paragraph], page_title: Paragraph | None, *, one_declared: bool = False) -> list[Section]:
    """The sections of a page with several articles; empty when it holds one. `one_declared`: the page calls itself one
    article, so that dates, links and containers of its parts prove nothing: live blogs and lists have these too."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for n, p in enumerate(part):
        if _title_like(p):
            groups[_signature(p)].append(n)
    for _, members in sorted(groups.items(), key=lambda g: (-len(g[1]), g[1][0])):
        if any(part[n] is page_title for n in members) and not _is_front(part, members, one_declared):
            members = [n for n in members if part[n] is not page_title]
        if len(members) < 2:
            continue
        sections = _sections(part, members)
        long_enough = [s for s in sections if _running(s.paragraphs) >= _MIN_WORDS]
        before = _running(part[: members[0]])
        if before > _BEFORE_SHARE * sum(_running(s.paragraphs) for s in sections):
            continue
        if (
            len(long_enough) >= 2
            and len(long_enough) >= len(sections) - 1
            and _proved(part, members, sections, one_declared)
        ):
            return long_enough
    return []


def _is_front(part: Sequence[Paragraph], members: Sequence[int], one_declared: bool) -> bool:
    """Whether the paragraph taken for the page's title is the first of several articles' titles: a front page without a
    title of its own. Every one of them must have a byline or date below it; subheadings have none."""
    return not one_declared and len(members) > 2 and all(_has_own_head(part, n, dates=True) for n in members)


def _title_like(p: Paragraph) -> bool:
    if p.noise is not None or p.comments is not None or not 2 <= p.words <= _TITLE_WORDS:
        return False
    if not p.level and p.kind != "strong":
        return False
    if p.text.rstrip().endswith((".", ":", ",")) or markers().teaser_heading.match(fold(p.text)):
        return False
    return not markers().comments_heading.match(fold(p.text))


def _signature(p: Paragraph) -> tuple[object, ...]:
    inner = next((e.tag for e in p.element.iter("u", "a")), "")
    return (p.element.tag, p.level, p.element.get("class") or "", p.kind, inner)


def _sections(part: Sequence[Paragraph], members: Sequence[int]) -> list[Section]:
    ends = [*members[1:], len(part)]
    return [
        Section(part[start], tuple(p for p in part[start + 1 : end] if not is_separator(p.text)))
        for start, end in zip(members, ends, strict=True)
    ]


def _running(paragraphs: Sequence[Paragraph]) -> int:
    return sum(
        p.words for p in paragraphs if p.noise is None and p.comments is None and p.words >= 5 and p.link_share < 0.5
    )


def _proved(part: Sequence[Paragraph], members: Sequence[int], sections: Sequence[Section], one_declared: bool) -> bool:
    """Evidence at every boundary, the first one excepted where only a separator can tell."""
    separated = all(n > 0 and any(is_separator(p.text) for p in part[max(0, n - 2) : n]) for n in members[1:])
    if separated:
        return True
    own = [_has_own_head(part, n, dates=not one_declared) for n in members]
    if one_declared:
        return all(own)
    linked = all(part[n].link_share > 0.8 for n in members)
    if linked:
        return _own_anchors(part, members) or _whole_posts(sections)
    return all(own) or (_contained(part, members) and sum(own) >= len(own) - 1)


def _own_anchors(part: Sequence[Paragraph], members: Sequence[int]) -> bool:
    """Whether each title links to its own place on this page."""
    hrefs = [[str(h) for h in part[n].element.xpath(".//a/@href | ancestor::a/@href")] for n in members]
    return all(h and all(x.startswith("#") for x in h) for h in hrefs)


def _whole_posts(sections: Sequence[Section]) -> bool:
    """Whether the texts under linked titles are too long for excerpts."""
    words = sorted(_running(s.paragraphs) for s in sections)
    several = sum(1 for s in sections if sum(p.words >= 8 and p.noise is None for p in s.paragraphs) >= 2)
    return words[len(words) // 2] >= _FULL_WORDS and several >= 0.7 * len(sections)


def _has_own_head(part: Sequence[Paragraph], at: int, *, dates: bool) -> bool:
    """A byline, a source or a date on a line of its own right after a title."""
    rules = markers()
    for p in part[at + 1 : at + 4]:
        if p.words > 20:
            break
        text = fold(p.text)
        if credit_line(p.text) or (rules.byline_prefix.match(text) and p.words <= 8):
            return True
        if dates and has_time(p.text) and len(without_time(p.text).split()) <= 6:
            return True
    return False


def _contained(part: Sequence[Paragraph], members: Sequence[int]) -> bool:
    """Whether each title stands in an element of its own that holds a whole piece: siblings of one kind."""
    boxes = []
    ends = [*members[1:], len(part)]
    for start, end in zip(members, ends, strict=True):
        box = _box(part[start], [part[m].element for m in members if m != start])
        if box is None:
            return False
        inside = set(box.iter())
        running = [p for p in part[start + 1 : end] if p.words >= 8 and p.noise is None]
        if not running or running[0].element not in inside:
            return False
        boxes.append(box)
    kinds = {(b.tag, (b.get("class") or "").split()[0] if b.get("class") else "") for b in boxes}
    named = all(b.tag == "article" or attribute_words(b.get("class") or "") & _POST for b in boxes)
    return len(kinds) == 1 and named


def _box(title: Paragraph, others: Sequence[HtmlElement]) -> HtmlElement | None:
    """The largest element around a title that holds no other title."""
    box = None
    for element in title.element.iterancestors():
        inside = set(element.iter())
        if any(o in inside for o in others):
            break
        box = element
    return box
