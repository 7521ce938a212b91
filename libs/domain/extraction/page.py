"""An HTML page taken apart into its articles.

In: the decoded text of a page and its address. Out: `ExtractedPage`. The steps, each in a module of its own: make safe,
parse, list paragraphs, find the part with the text, read declared facts and title, set comments apart, split, trim,
read bylines and times, judge, build.
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urljoin

from htmldate import find_date
from lxml.html import HtmlElement

from libs.domain.documents import Block, Comment, ExtractedArticle, ExtractedPage
from libs.domain.extraction import body, bylines, segments
from libs.domain.extraction.comments import comment_lines, comment_regions, records
from libs.domain.extraction.dates import Moment, day_in_url, read_declared_time, settle
from libs.domain.extraction.decode import clean, repair
from libs.domain.extraction.filing import read_filing
from libs.domain.extraction.guards import MAX_BODY_CHARS, TooComplex, make_safe
from libs.domain.extraction.language import language_of
from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import count_words
from libs.domain.extraction.structured import Declared, read_declared
from libs.domain.extraction.titles import expose_title, find_title
from libs.domain.extraction.tree import parse
from libs.domain.extraction.trust import read_paragraphs
from libs.domain.extraction.verdict import judge
from libs.domain.interviews import read_interview

_TEXT_WORDS = 40  # running words below which a page shows no text of its own
_HEAD_LINES = 14  # short lines between title and text that are looked at for author and date


def read_html(text: str, *, url: str, hint: str | None = None) -> ExtractedPage:
    """Take a page apart. `hint` is the publication time that a feed or sitemap states for it."""
    try:
        safe = make_safe(text)
    except TooComplex:
        return ExtractedPage((), rejected="not_article")
    root = parse(safe.html)
    if root is None:
        return ExtractedPage((), rejected="empty")
    alive = list(root.iter())  # lxml makes its element objects anew each time unless somebody holds them
    paragraphs, part = read_paragraphs(root, _choose, safe.css)
    declared = read_declared(root, safe.json_scripts)
    canonical = urljoin(url, declared.canonical) if declared.canonical else None
    found = ExtractedPage((), canonical_url=canonical, outlet=declared.site_name)
    told = [] if _has_text(part) else _declared_text(declared, root, after=len(paragraphs))
    if told:
        paragraphs, part = [*paragraphs, *told], told
    if not paragraphs:
        return _rejected(found, "empty")
    if sum(len(p.text) for p in part) > MAX_BODY_CHARS:
        return _rejected(found, "not_article")
    paragraphs, part = _part_title_lines(declared, paragraphs, part, url)
    title, printed = find_title(declared, paragraphs, url)
    del alive
    articles, reason = _articles(root, paragraphs, part, declared, title, printed, url, hint)
    if reason:
        return _rejected(found, reason)
    return ExtractedPage(tuple(articles), canonical_url=canonical, outlet=declared.site_name)


def _has_text(part: Sequence[Paragraph]) -> bool:
    return sum(p.words for p in part if body.weight(p) > 0) >= _TEXT_WORDS


def _declared_text(declared: Declared, root: HtmlElement, *, after: int) -> list[Paragraph]:
    """The text that a page without any visible text, drawn by scripts in the browser, declares as its article's."""
    lines = [" ".join(clean(line).split()) for line in declared.body.splitlines()]
    told = [
        Paragraph(line, root, "paragraph", None, 0, None, None, 0, count_words(line), after + n)
        for n, line in enumerate(filter(None, lines))
    ]
    return told if _has_text(told) else []


def _rejected(found: ExtractedPage, reason: str) -> ExtractedPage:
    return ExtractedPage((), canonical_url=found.canonical_url, outlet=found.outlet, rejected=reason)


def _choose(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Mark comments that no name marks, then find the part of the page with the text."""
    for n in comment_regions(paragraphs):
        if paragraphs[n].comments is None:
            paragraphs[n].comments = paragraphs[n].element
    return body.main_part(paragraphs)


def _part_title_lines(
    declared: Declared, paragraphs: list[Paragraph], part: list[Paragraph], url: str
) -> tuple[list[Paragraph], list[Paragraph]]:
    """Give the lines of a paragraph that holds date, title and author together a paragraph each."""
    short = [p for p in paragraphs if p.words <= 80]
    joined = [*filter(None, [expose_title(declared, short, url)]), *filter(bylines.is_joined_head, short)]
    if not joined:
        return paragraphs, part
    lines = {p: [_line(p, text) for text in p.text.split("\n")] for p in joined}
    paragraphs, part = ([q for p in ps for q in lines.get(p, [p])] for ps in (paragraphs, part))
    for index, p in enumerate(paragraphs):
        p.index = index
    return paragraphs, part


def _line(p: Paragraph, text: str) -> Paragraph:
    kind = "strong" if text == p.label else p.kind
    return replace(p, text=text, label=None, links=0, words=count_words(text), kind=kind)


def _articles(
    root: HtmlElement,
    paragraphs: Sequence[Paragraph],
    part: Sequence[Paragraph],
    declared: Declared,
    title: str,
    printed: Paragraph | None,
    url: str,
    hint: str | None,
) -> tuple[list[ExtractedArticle], str | None]:
    day_first = not (declared.language or "").lower().replace("_", "-").startswith(("en-us", "en-ph"))
    sections = segments.split(part, printed, one_declared=declared.article)
    if sections:
        found = [_section(s, declared, day_first, last=s is sections[-1]) for s in sections]
        return [a for a in found if a.body], None
    kept = body.trim(part, printed, declared.summary)
    head = bylines.read_head(_head_lines(paragraphs, kept, printed), printed, day_first=day_first)
    times = _moments(declared.published) + head.moments
    sourced = head.credit or any(bylines.credit_line(p.text) for p in kept[-2:])
    reason = judge(kept, part, declared, title=title, url=url, dated=bool(times or sourced or head.bylines))
    if reason:
        return [], reason
    published = settle(times or _fallback_times(root, url), hint)
    names = bylines.declared_names(declared.authors) or head.bylines or bylines.signature(paragraphs, kept)
    closing, cut = bylines.closing_byline(kept, names or head.dated or head.weak)
    kept = kept[: len(kept) - cut] if cut else kept
    names = names or head.dated[:1] or head.weak[:1] or ([closing] if closing else [])
    comments = _comments(paragraphs, published)
    modified = settle(_moments(declared.modified))
    article = _build(title, kept, names, head.credit, published, modified, comments, declared)
    return [replace(article, filing=read_filing(declared, paragraphs, kept, title=title, url=url))], None


def _section(section: segments.Section, declared: Declared, day_first: bool, *, last: bool) -> ExtractedArticle:
    """One article of several: its own title, byline, source and time; nothing is taken from the page, whose own byline
    may stand below the last article."""
    kept = body.trim(section.paragraphs, None)
    kept = kept[: len(kept) - bylines.closing_byline(kept, ())[1]] if last else kept
    lines = [p for p in section.paragraphs[:6] if p.words <= 20]
    head = bylines.read_head(
        [p for p in lines if not kept or p.index <= kept[0].index + 3], section.title, day_first=day_first
    )
    kept = [p for p in kept if p.index not in head.used]
    return _build(
        " ".join(section.title.text.split()), kept, head.bylines, head.credit, settle(head.moments), None, (), declared
    )


def _head_lines(
    paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph], printed: Paragraph | None
) -> list[Paragraph]:
    """Short lines from shortly before the title to the beginning of the text, furniture by name included."""
    first = kept[0].index if kept else len(paragraphs)
    start = printed.index if printed is not None and printed.index < first else max(0, first - 6)
    before = [p for p in paragraphs[max(0, start - 3) : start] if p.words <= 20]
    between = [p for p in paragraphs[start:first] if p is not printed and p.words <= 28 and p.comments is None]
    return before + between[:_HEAD_LINES]


def _moments(texts: Sequence[str]) -> list[Moment]:
    return [m for t in texts if (m := read_declared_time(t)) is not None]


def _fallback_times(root: HtmlElement, url: str) -> list[Moment]:
    """The day in the address, else what htmldate finds. It answers 1 January for a footer's year: that is no date."""
    named = day_in_url(url)
    if named:
        return [named]
    found = find_date(root, original_date=True, extensive_search=False)
    moment = read_declared_time(found) if found else None
    return [moment] if moment and (moment.day.month, moment.day.day) != (1, 1) else []


def _comments(paragraphs: Sequence[Paragraph], published: str | None) -> tuple[Comment, ...]:
    marked = [p for p in paragraphs if p.comments is not None]
    return records(comment_lines(marked), published) if marked else ()


def _build(
    title: str,
    kept: Sequence[Paragraph],
    names: Sequence[str],
    credit: str | None,
    published: str | None,
    modified: str | None,
    comments: tuple[Comment, ...],
    declared: Declared,
) -> ExtractedArticle:
    lines = [(p, bylines.credit_line(p.text)) for p in kept]
    edge = set(range(3)) | set(range(len(lines) - 3, len(lines)))
    credit = credit or next((c for n, (_, c) in enumerate(lines) if c and n in edge), None)
    paragraphs = [p for n, (p, c) in enumerate(lines) if not (c and n in edge)]
    credit = credit or (bylines.agency_of(paragraphs[0].text, paragraphs[-1].text) if paragraphs else None)
    if len(paragraphs) > 1 and bylines.is_agency(paragraphs[-1].text):
        paragraphs = paragraphs[:-1]
    text, blocks = build_blocks(paragraphs)
    language = language_of(title, text, declared.language)
    interview = read_interview(text, blocks, title=title, published=published, language=language)
    return ExtractedArticle(
        title=repair(clean(title)),
        body=text,
        language=language,
        bylines=tuple(clean(n) for n in names),
        credit=credit,
        published=published,
        modified=modified,
        kind=interview.kind,
        blocks=blocks,
        turns=interview.turns,
        quotes=interview.quotes,
        comments=comments,
        facts=interview.facts,
    )


def build_blocks(paragraphs: Sequence[Paragraph]) -> tuple[str, tuple[Block, ...]]:
    """The body, paragraphs parted by an empty line, and its blocks with their offsets."""
    texts = [repair(p.text) for p in paragraphs]
    asked = _question_class(paragraphs)
    blocks, at = [], 0
    for p, text in zip(paragraphs, texts, strict=True):
        kind = "strong" if p.kind == "paragraph" and asked and p.element.get("class") == asked else p.kind
        blocks.append(Block(text, at, kind, p.label if p.label and text.startswith(p.label) else None))
        at += len(text) + 2
    return "\n\n".join(texts), tuple(blocks)


def _question_class(paragraphs: Sequence[Paragraph]) -> str | None:
    """The class of paragraphs that a style sheet elsewhere sets apart as questions: three at least, most of which end
    with a question mark, while few of the others do."""
    counts: dict[str, list[bool]] = {}
    for p in paragraphs:
        if p.kind == "paragraph":
            question = p.text.rstrip(' »”"').endswith(("?", "？", "؟"))
            counts.setdefault(p.element.get("class") or "", []).append(question)
    total = sum(map(sum, counts.values()))
    for name, asks in counts.items():
        if name and len(asks) >= 3 and sum(asks) >= 0.7 * len(asks) and sum(asks) >= 0.7 * total and len(counts) > 1:
            return name
    return None
