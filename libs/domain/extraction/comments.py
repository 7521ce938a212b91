"""Readers' comments as records, whatever markup they stand in.

In: the paragraphs of a page, or the lines of a text, that belong to a comment section. Out: `Comment`s with author, time
and text. One idea serves class names, microdata, tables, `<details>` and plain text alike: a comment begins with a short
line that holds a name and a time, and its text follows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from libs.domain.documents import Comment
from libs.domain.extraction.dates import has_time, read_comment_time, without_time
from libs.domain.extraction.paragraphs import BLOCK, Paragraph
from libs.domain.extraction.rules import attribute_words, class_words, fold, markers

_HEADER_WORDS = 14
_NAME_WORDS = 8
_PARTS = re.compile(r"\s*(?:[|·•♥♡▲▼👍👎★☆]|\s[–—-]\s)\s*|\s{2,}|\n")
_EDGES = re.compile(r"^[\s,;:|·•–—(\[#-]+|[\s,;:|·•–—)\]-]+$")
_END = re.compile(r"[.!?…]\W*$")
_INITIAL = re.compile(r"\s[^\W\d_]{1,2}\.$")  # "Peter W."
_NICKNAME = re.compile(r"(?:Le|El) [A-ZÀ-Þ]")  # "Le Râleur", but "le 4 mai"
_NUMBER = re.compile(r"[#\d().,+-]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a comment section, with what its markup adds: `time` is a machine-readable time, `author` a name
    that stands in an element marked as the author's, `opens` tells that a comment element begins here."""

    text: str
    time: str | None = None
    author: str | None = None
    opens: bool = False


def records(lines: Sequence[Line], published: str | None) -> tuple[Comment, ...]:
    """The comments in `lines`. `published` is the article's time; it gives a year to "14 May, 21:40"."""
    useful = [line for line in lines if not is_notice(line.text)]
    heads = [n for n, line in enumerate(useful) if is_header(line)]
    if not heads and not any(line.opens for line in useful):
        return ()
    useful, heads = _heads_first(useful, heads)
    starts = _starts(useful, heads)
    found = []
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else len(useful)
        comment = _record(useful[start:end], published)
        if comment.text:
            found.append(comment)
    return tuple(found)


def _heads_first(lines: list[Line], heads: list[int]) -> tuple[list[Line], list[int]]:
    """Lines in which each comment's name and time stand above its text, also where the page prints them below."""
    if not heads or heads[0] == 0 or heads[-1] != len(lines) - 1 or _is_name(lines[0].text):
        return lines, heads
    turned: list[Line] = []
    above = 0
    for head in heads:
        turned += [lines[head], *lines[above:head]]
        above = head + 1
    return turned, [n for n, line in enumerate(turned) if is_header(line)]


def _starts(lines: Sequence[Line], heads: Sequence[int]) -> list[int]:
    """Indices where comments begin: at headers, one line earlier where the name has its own line, else at elements."""
    opened = [n for n, line in enumerate(lines) if line.opens]
    if len(opened) > len(heads):
        return opened
    starts = []
    for head in heads:
        bare = not _author_of(lines[head])
        named = bare and head > 0 and head - 1 not in heads and _is_name(lines[head - 1].text)
        starts.append(head - 1 if named else head)
    return sorted(set(starts))


def _record(lines: Sequence[Line], published: str | None) -> Comment:
    author = time = None
    body: list[str] = []
    for n, line in enumerate(lines):
        if (
            n < 4
            and not body
            and (is_header(line) or line.author or (n == 0 and len(lines) > 1 and _is_name(line.text)))
        ):
            author = author or line.author or _author_of(line)
            time = time or line.time or read_comment_time(line.text, published)
        else:
            body.append(line.text)
    return Comment(author or None, time, "\n\n".join(body))


def is_header(line: Line) -> bool:
    """Whether a line names who wrote when, and says nothing else."""
    words = len(line.text.split())
    if words > _HEADER_WORDS:
        return False
    if line.time is None and not has_time(line.text):
        return False
    rest = _rest(line.text)
    return len(rest.split()) <= _NAME_WORDS and not (_END.search(rest) and len(rest.split()) > 5)


def _rest(text: str) -> str:
    parts = [p for p in _PARTS.split(without_time(text)) if p.strip() and not is_action(p)]
    return " ".join(parts)


def _author_of(line: Line) -> str | None:
    if line.author:
        return line.author
    rest = _rest(line.text)
    rules = markers()
    avatar = rules.avatar.match(fold(rest))
    if avatar:
        rest = rest[avatar.end() :]
    words = rest.split()
    while (
        words
        and not _NICKNAME.match(" ".join(words))
        and (fold(words[0]).strip(".,:;") in rules.said or _NUMBER.fullmatch(words[0]))
    ):
        words.pop(0)
    while words and (fold(words[-1]).strip(".,:;") in rules.said or not any(c.isalnum() for c in words[-1])):
        words.pop()
    name = " ".join(words)
    return (name if name.endswith(")") and "(" in name else _EDGES.sub("", name)).strip(" ,") or None


def _is_name(text: str) -> bool:
    if not 0 < len(text.split()) <= 5 or not any(c.isalpha() for c in text) or is_action(text):
        return False
    return not _END.search(text) or _INITIAL.search(text) is not None


def is_action(text: str) -> bool:
    """Whether a line is made of buttons only ("Reply · Recommend · Report", "Like 12")."""
    parts = [_NUMBER.sub("", fold(p)).strip(" :()…") for p in re.split(r"[|·•/,\n♥]|\s{2,}", text)]
    parts = [p for p in parts if p]
    actions = markers().comment_actions
    return all(p in actions or all(w in actions for w in p.split()) for p in parts)


def is_notice(text: str) -> bool:
    """Whether a line speaks about the comment section itself, or only offers buttons."""
    if is_action(text):
        return True
    folded = fold(text)
    rules = markers()
    words = len(folded.split())
    return (words <= 8 and rules.comments_heading.match(folded) is not None) or (
        words <= 30 and rules.comment_notice.search(folded) is not None
    )


def comment_lines(paragraphs: Sequence[Paragraph], *, nested: bool = True) -> list[Line]:
    """Lines of a comment section on a page. `nested` looks for elements that hold one comment each."""
    items = _items(paragraphs) if nested else {}
    seen: set[HtmlElement] = set()
    lines = []
    for p in paragraphs:
        item = items.get(p)
        opens = item is not None and item not in seen
        if item is not None:
            seen.add(item)
        short = p.words <= _HEADER_WORDS
        lines.append(
            Line(
                p.text,
                _machine_time(p.element) if short else None,
                _marked_author(p.element, p.text) if short else None,
                opens,
            )
        )
    return lines


def _items(paragraphs: Sequence[Paragraph]) -> dict[Paragraph, HtmlElement]:
    """The innermost element marked as one comment around each paragraph."""
    found: dict[Paragraph, HtmlElement] = {}
    for p in paragraphs:
        if p.comments is None:
            continue
        for element in (p.element, *p.element.iterancestors()):
            kind = (element.get("itemtype") or "").rsplit("/", 1)[-1]
            marked = kind in ("Comment", "UserComments") or element.get("data-kind") == "comment"
            if marked or ((element is not p.element or _holds_blocks(element)) and _repeats(element)):
                found[p] = element
                break
            if element is p.comments:
                break
    return found


def _repeats(element: HtmlElement) -> bool:
    """Whether the class says that it has to do with comments, and an element of the same kind stands right beside it."""
    kind = _kind(element)
    return bool(kind and attribute_words(kind[1]) & class_words().comments) and kind in (
        _kind(beside) for beside in (element.getprevious(), element.getnext()) if beside is not None
    )


def _holds_blocks(element: HtmlElement) -> bool:
    """Whether a paragraph's element is more than the paragraph: what stands in it directly came before its blocks."""
    return any(child.tag in BLOCK for child in element)


def _kind(element: HtmlElement) -> tuple[str, str] | None:
    """Tag and first class: what follows in the class differs from comment to comment ("comment odd depth-2")."""
    classes = (element.get("class") or "").split()
    return (element.tag, classes[0]) if classes and isinstance(element.tag, str) else None


def _machine_time(element: HtmlElement) -> str | None:
    for node in element.iter("time", "abbr", "meta"):
        value = node.get("datetime") or (node.get("title") if node.tag == "abbr" else None)
        if value:
            return read_comment_time(value, None)
    return None


def _marked_author(element: HtmlElement, text: str) -> str | None:
    """The name in an element that says it holds one: itemprop, rel or class words."""
    words = class_words().author
    for node in element.iter():
        if not isinstance(node.tag, str):
            continue
        marked = (
            node.get("itemprop") in ("author", "creator", "name") or node.get("rel") == "author" or node.tag == "cite"
        )
        if marked or attribute_words(node.get("class") or "") & words:
            name = " ".join(node.text_content().split())
            if (
                name
                and len(name.split()) <= _NAME_WORDS
                and not has_time(name)
                and not is_action(name)
                and not _END.search(name)
            ):
                return _author_of(Line(name))
    return None


def comment_regions(paragraphs: Sequence[Paragraph]) -> set[int]:
    """Indices of paragraphs that are comments though nothing marks them so: what follows a comment heading inside its
    part of the page, and rows of lines with name and time that each precede a text."""
    found: set[int] = set()
    rules = markers()
    before = 0
    for n, p in enumerate(paragraphs):
        if p.comments is None and p.noise is None and p.words <= 8 and before >= 25 and n not in found:
            text = fold(p.text)
            if rules.comments_heading.match(text) and (p.level or p.kind == "strong" or any(c.isdigit() for c in text)):
                found |= _region(paragraphs, n)
        before += p.words if p.words >= 8 and p.noise is None else 0
    return found


def _region(paragraphs: Sequence[Paragraph], head: int) -> set[int]:
    """Paragraphs after a comment heading that stand inside the smallest element holding a comment besides it."""
    box = paragraphs[head].element.getparent()
    while box is not None and box.tag not in ("body", "html"):
        inside = set(box.iter())
        region = [n for n in range(head, len(paragraphs)) if paragraphs[n].element in inside]
        lines = comment_lines([paragraphs[n] for n in region[1:]], nested=False)
        if any(is_header(line) for line in lines):
            return set(_until_heading(paragraphs, region))
        if sum(paragraphs[n].words for n in region) > 60:
            return set()
        box = box.getparent()
    return set()


def _until_heading(paragraphs: Sequence[Paragraph], region: Sequence[int]) -> list[int]:
    level = paragraphs[region[0]].level
    rules = markers()
    for at, n in enumerate(region[1:], 1):
        p = paragraphs[n]
        if p.level and level and p.level <= level and rules.teaser_heading.match(fold(p.text)):
            return list(region[:at])
    return list(region)
