"""A parsed page as a flat list of paragraphs, each with what the markup around it tells.

In: an lxml tree. Out: `Paragraph`s in reading order. One walk over the tree; nothing is thrown away here but scripts,
form controls and pictures. What stands inside navigation, boxes or reader comments is marked, not dropped: a later step
decides, because class names lie.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from lxml.html import HtmlElement

from libs.domain.documents import BlockKind
from libs.domain.extraction.rules import attribute_words, class_words, count_words
from libs.domain.extraction.runs import APART, BOLD, ITALIC, LINK, Run, label_of, split, tidy

_SKIP = frozenset((
    "script", "style", "noscript", "iframe", "svg", "canvas", "audio", "video", "object", "embed", "template",
    "head", "title", "select", "option", "textarea", "input", "button", "map", "math", "applet", "frameset",
    "progress", "meter", "dialog",
))  # fmt: skip
BLOCK = frozenset((
    "html", "body", "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "h1", "h2", "h3",
    "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td",
    "th", "blockquote", "pre", "figure", "figcaption", "form", "fieldset", "legend", "details", "summary",
    "address", "hr", "center", "dir", "menu", "hgroup", "search",
))  # fmt: skip
_HARD = frozenset(("nav", "figcaption", "footer", "menu", "legend"))
_SOFT = frozenset(("aside", "form", "address"))
_BOLD = frozenset(("b", "strong"))
_ITALIC = frozenset(("i", "em", "cite"))
_KINDS: dict[str, BlockKind] = {
    "dt": "term", "dd": "definition", "li": "list_item", "blockquote": "blockquote",
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading", "h6": "heading",
}  # fmt: skip
_ROLES = frozenset(
    (
        "navigation",
        "banner",
        "contentinfo",
        "complementary",
        "dialog",
        "alertdialog",
        "search",
        "menu",
        "menubar",
        "toolbar",
        "alert",
        "tooltip",
    )
)
_SECTIONS = frozenset(("section", "div", "aside", "ol", "ul"))
_CAPTION = frozenset(("caption", "captions", "credit", "credits"))
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_SPACE = re.compile(r"\s(?:(?<! )\s*|\s+)")  # not the single blanks, which may stay
_JOINED = frozenset(("sup", "sub", "wbr", "bdi", "bdo", "abbr"))  # inline elements that stand inside words
_MAX_DEPTH = 400  # open elements; text nested deeper is taken without looking at its markup


@dataclass(slots=True, eq=False)
class Paragraph:
    """Text of one block. `links` counts characters inside links; `noise` and `comments` are the outermost ancestors
    that mark furniture or reader comments; `level` is 1 to 6 in headings, else 0."""

    text: str
    element: HtmlElement
    kind: BlockKind
    label: str | None
    links: int
    noise: HtmlElement | None
    comments: HtmlElement | None
    level: int
    words: int
    index: int = 0

    @property
    def link_share(self) -> float:
        return self.links / max(1, len(self.text))


class _Context(NamedTuple):  # one is made for every block: a tuple is made in a third of a dataclass's time
    style: int
    kind: BlockKind
    level: int
    noise: HtmlElement | None
    comments: HtmlElement | None
    pre: bool = False


class _Named(NamedTuple):
    """What the class and the id of an element say that it is."""

    comments: bool
    furniture: bool


_NAMELESS = _Named(comments=False, furniture=False)


@lru_cache(maxsize=20_000)
def _told_by_names(names: str | None, identifier: str | None) -> _Named:
    words = attribute_words(names or "") | attribute_words(identifier or "")
    told = class_words()
    furniture = bool(words & told.noise) or any(w.startswith(told.noise_prefixes) for w in words)
    return _Named(
        comments=bool(words & told.comments) and not words & told.not_comments,
        furniture=furniture and (not words & told.keep or bool(words & _CAPTION)),
    )


class Walk:
    """One pass over a tree. `trusted` are elements whose class names are not believed."""

    def __init__(self, classes: dict[str, int], trusted: Iterable[HtmlElement] = ()) -> None:
        self._classes = classes
        self._trusted = set(trusted)
        self._runs: list[Run] = []
        self._depth = 0
        self.found: list[Paragraph] = []

    def read(self, root: HtmlElement) -> list[Paragraph]:
        """All paragraphs of `root` in order."""
        self._visit(root, _Context(0, "paragraph", 0, None, None))
        self._flush(root, _Context(0, "paragraph", 0, None, None))
        for index, paragraph in enumerate(self.found):
            paragraph.index = index
        return self.found

    def _visit(self, element: HtmlElement, context: _Context) -> None:
        if element.text:
            self._add(element.text, context)
        self._depth += 1
        beside = False  # whether an inline element ended right here: pages set names and times side by side
        for child in element:
            tag = child.tag
            if not isinstance(tag, str) or tag in _SKIP:
                if tag == "button":
                    self._runs.append((" ", context.style))
            elif tag == "br":
                self._runs.append(("\n", context.style))
            elif self._depth > _MAX_DEPTH:
                self._add(" ".join(child.itertext()), context)
            elif tag in BLOCK:
                if self._runs:
                    self._flush(element, context)
                inside = self._enter(child, tag, context)
                self._visit(child, inside)
                if self._runs:
                    self._flush(child, inside)
            else:
                if beside and tag not in _JOINED:
                    self._runs.append((" ", context.style))
                self._visit(child, self._inline(child, tag, context))
                beside = not child.tail and tag not in _JOINED and len(child.text or "") > 1
            if child.tail:
                beside = False
                self._add(child.tail, context)
        self._depth -= 1

    def _add(self, text: str, context: _Context) -> None:
        if context.pre:
            self._runs.append((text, context.style))
        elif text.isspace():
            if self._runs:
                self._runs.append((" ", context.style))
        else:
            self._runs.append((_SPACE.sub(" ", text), context.style))

    def _inline(self, element: HtmlElement, tag: str, context: _Context) -> _Context:
        style = context.style
        if tag in _BOLD:
            style |= BOLD
        elif tag in _ITALIC:
            style |= ITALIC
        elif tag == "a" and element.get("href"):
            style |= LINK
        names = element.get("class")
        if tag == "font" or names:
            style |= APART
            style |= self._style_of(names)
        noise, comments = context.noise, context.comments
        if names or element.get("id") or element.get("style"):
            noise, comments = self._marks(element, tag, context)
        if style == context.style and noise is context.noise and comments is context.comments:
            return context
        return _Context(style, context.kind, context.level, noise, comments, context.pre)

    def _style_of(self, names: str | None) -> int:
        style = 0
        for name in (names or "").split()[:8]:
            style |= self._classes.get(name, 0)
        return style

    def _enter(self, element: HtmlElement, tag: str, context: _Context) -> _Context:
        kind, level = context.kind, context.level
        if tag in _KINDS:
            if not (kind in ("blockquote", "term", "definition") and tag == "li"):
                kind = _KINDS[tag]
            level = int(tag[1]) if tag[0] == "h" and tag[1:].isdigit() else 0
        elif kind == "heading":  # an unclosed heading does not make headings of all that follows
            kind, level = "paragraph", 0
        noise, comments = self._marks(element, tag, context)
        style = context.style & ~APART | self._style_of(element.get("class"))
        return _Context(style, kind, level, noise, comments, context.pre or tag == "pre")

    def _marks(
        self, element: HtmlElement, tag: str, context: _Context
    ) -> tuple[HtmlElement | None, HtmlElement | None]:
        """The furniture and comment marks inside `element`: those around it, or the element itself."""
        noise, comments = context.noise, context.comments
        if (noise is not None and comments is not None) or element in self._trusted:
            return noise, comments
        attributes = dict(element.items())
        named = _told_by_names(attributes.get("class"), attributes.get("id")) if attributes else _NAMELESS
        if comments is None and attributes and self._comments(tag, attributes, named):
            comments = element
        if noise is None and (tag in _HARD or tag in _SOFT or (attributes and self._furniture(tag, attributes, named))):
            noise = element
        return noise, comments

    def _comments(self, tag: str, attributes: dict[str, str], named: "_Named") -> bool:
        kind = attributes.get("itemtype")
        if kind and kind.rstrip("/").rsplit("/", 1)[-1] in ("Comment", "UserComments"):
            return True
        if attributes.get("data-kind") == "comment" or attributes.get("data-component") == "comments":
            return True
        if named.comments:
            return tag not in ("body", "html", "main")
        label = attributes.get("aria-label")
        return label is not None and tag in _SECTIONS and bool(attribute_words(label) & class_words().comments)

    def _furniture(self, tag: str, attributes: dict[str, str], named: "_Named") -> bool:
        if attributes.get("role") in _ROLES or attributes.get("aria-hidden") == "true" or "hidden" in attributes:
            return True
        style = attributes.get("style")
        if style and _HIDDEN.search(style):
            return True
        return named.furniture and tag not in ("body", "html", "main", "h1")

    def _flush(self, element: HtmlElement, context: _Context) -> None:
        runs, self._runs = self._runs, []
        for part in split(runs):
            self._emit(part, element, context)

    def _emit(self, runs: list[Run], element: HtmlElement, context: _Context) -> None:
        text = tidy("".join(t for t, _ in runs))
        if not text:
            return
        solid = [(t, s) for t, s in runs if t and not t.isspace()]
        common = solid[0][1]
        for _, style in solid:
            common &= style
        kind = context.kind
        if kind == "paragraph":
            kind = "strong" if common & BOLD else "em" if common & ITALIC else kind
        links = sum([len(t.strip()) for t, s in solid if s & LINK])
        self.found.append(
            Paragraph(
                text,
                element,
                kind,
                label_of(solid, common, text) if len(solid) > 1 else None,
                links,
                context.noise,
                context.comments,
                context.level,
                count_words(text),
            )
        )
