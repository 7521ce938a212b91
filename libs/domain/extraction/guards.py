"""Makes markup safe to parse: hostile pages must cost no more than large ones.

In: the text of a page. Out: markup without scripts, styles and comments, with bounded tags, attributes and depth, and
the structured data that stood in the scripts. Everything here is linear in the length of the page. What is cut is
never text of the article, except on pages beyond `MAX_TAGS`, which are refused (`TooComplex`).
"""

import re
from dataclasses import dataclass

MAX_CHARS = 24_000_000  # markup beyond this is refused before any work; the fetcher's own cap lies below it
MAX_BYTES = 48_000_000  # of a file that comes by another way than the fetcher; two bytes a character
MAX_BODY_CHARS = 2_000_000  # days of hearings stay below, and the search engine highlights so far; 4 s at most to read
MAX_TAGS = 150_000  # after unwrapping inline tags; the largest of 3,600 real news pages had some 20,000
MAX_TAG_CHARS = 6_000  # a longer tag loses its attributes beyond the first ones (data: pictures, state in attributes)
MAX_DEPTH = 180  # libxml2 gives up at 256 open elements

_CUT = re.compile(r"<(script|style|svg|template|iframe|object|canvas|math|!--)(?=[\s>/-]|$)|<!--", re.I)
_CLOSE = {
    n: re.compile(f"</{n}", re.I) for n in ["script", "style", "svg", "template", "iframe", "object", "canvas", "math"]
}
_CLOSE["!--"] = re.compile("--!?>")
_JSON_TYPE = re.compile(r"""type\s*=\s*["']?\s*application/(?:[\w.-]+\+)?json""", re.I)
_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{MAX_TAG_CHARS},}}>")
_ATTRIBUTE = re.compile(r"""\s([A-Za-z][\w:-]{0,40})\s*=\s*("[^"]{0,400}"|'[^']{0,400}'|[^\s"'>]{1,400})""")
_INLINE = re.compile(r"</?(?:span|font|b|i|u|em|strong|small|big|a|center|tt|nobr|ins|s)(?=[\s>/])[^<>]*>", re.I)
_CONTAINER = "(?:div|span|font|section|blockquote|center|b|i|u|em|strong|small|big|ul|ol|li|a|table|tr|td)"
_NESTING = re.compile(rf"<(/?){_CONTAINER}(?=[\s>/])[^<>]*>", re.I)
_STEP = re.compile(
    rf"<(?:(/){_CONTAINER}\s*>|{_CONTAINER}(?=[\s>/]))", re.I
)  # opens wherever `_NESTING` does, closes less


class TooComplex(ValueError):
    """A page with more tags than any article needs."""


@dataclass(frozen=True, slots=True)
class SafeMarkup:
    """Markup that may be parsed, the JSON of its `application/ld+json` scripts as printed, and its style sheets."""

    html: str
    json_scripts: tuple[str, ...]
    css: str = ""


def make_safe(text: str) -> SafeMarkup:
    """Cut scripts and bound tags, attributes and depth. Raises TooComplex beyond MAX_CHARS or MAX_TAGS."""
    if len(text) > MAX_CHARS:
        raise TooComplex(f"{len(text)} characters of markup, the limit is {MAX_CHARS}")
    html, scripts, css = _cut(text)
    if max(map(len, html.split("<"))) >= MAX_TAG_CHARS:  # most pages have none, and this looks faster
        html = _LONG_TAG.sub(_shorten, html)
    if html.count("<") > MAX_TAGS // 3:
        html = _INLINE.sub(" ", html)
        if html.count("<") > MAX_TAGS:
            raise TooComplex(f"more than {MAX_TAGS} tags")
    return SafeMarkup(_flatten(html), tuple(scripts), css)


def _cut(text: str) -> tuple[str, list[str], str]:
    """Remove whole elements that hold no text; an element without an end loses only its tag."""
    kept: list[str] = []
    scripts: list[str] = []
    css: list[str] = []
    unclosed: set[str] = set()
    at = 0
    while (m := _CUT.search(text, at)) is not None:
        kept.append(text[at : m.start()])
        name = (m.group(1) or "!--").lower()
        opened = m.end() if name == "!--" else _tag_end(text, m.end())
        closing = None if name in unclosed else _CLOSE[name].search(text, opened)
        if closing is None:
            unclosed.add(name)
            at = opened
            continue
        end = closing.start()
        if name == "script" and _JSON_TYPE.search(text, m.end(), opened):
            scripts.append(text[opened:end])
        elif name == "style" and len(css) < 20:
            css.append(text[opened : min(end, opened + 100_000)])
        at = closing.end() if name == "!--" else _tag_end(text, end)
        kept.append(" " if name != "!--" else "")
    kept.append(text[at:])
    return "".join(kept), scripts[:30], "\n".join(css)


def _tag_end(text: str, start: int) -> int:
    end = text.find(">", start)
    return len(text) if end < 0 else end + 1


def _shorten(tag: re.Match[str]) -> str:
    """Keep the first twenty attributes of ordinary length."""
    text = tag.group(0)
    name = re.match(r"<[A-Za-z][\w:-]{0,30}", text)
    kept = []
    for m in _ATTRIBUTE.finditer(text[: 10 * MAX_TAG_CHARS]):
        kept.append(m.group(0))
        if len(kept) == 20:
            break
    return (name.group(0) if name else "<div") + "".join(kept) + ">"


def _may_nest_deeper(html: str) -> bool:
    """Whether tags might nest deeper than MAX_DEPTH; looks at their names alone, which takes half the time."""
    depth = 0
    for closing in _STEP.findall(html):
        if not closing:
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif depth:
            depth -= 1
    return False


def _flatten(html: str) -> str:
    """Drop container tags that would nest deeper than MAX_DEPTH; their text stays. Untouched where nothing does."""
    if html.count("<") < 2 * MAX_DEPTH or not _may_nest_deeper(html):
        return html
    depth, dropped, out, at = 0, 0, [], 0
    for m in _NESTING.finditer(html):
        closing = bool(m.group(1))
        if not closing:
            depth += 1
            drop = depth > MAX_DEPTH
        else:
            drop = depth > MAX_DEPTH
            depth = max(0, depth - 1)
        if drop:
            dropped += 1
            out.append(html[at : m.start()])
            at = m.end()
    if not dropped:
        return html
    out.append(html[at:])
    return " ".join(out)
