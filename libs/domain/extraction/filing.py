"""How a page presents and files its article: main picture, section, tags, and whether it is for payers.

In: what the page declares, its paragraphs, those of the text. Out: `Filing`. What is declared for the article comes
first (JSON-LD, meta tags), then what is printed (breadcrumbs, lists of tags, the first picture beside the text).
Stand-ins that a site declares on every page (its logo, "Home", its own list of keywords) are left out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import chain
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from libs.domain.documents import Filing
from libs.domain.extraction.decode import clean
from libs.domain.extraction.paragraphs import Paragraph
from libs.domain.extraction.rules import attribute_words, class_words, declared_names, fold, markers
from libs.domain.extraction.structured import Declared
from libs.domain.extraction.titles import is_site_name, plain, site_names

_URL_CHARS = 2_000
_SECTION_CHARS = 60
_TAG_CHARS, _TAG_WORDS, _TAGS = 60, 8, 30
_SMALL_PIXELS = 120  # of a side; smaller pictures are faces and buttons
_BETWEEN_TAGS = re.compile(r"\s*[,;،、|·•#]\s*")
_MACHINE_TAG = re.compile(r"[\w-]+[:=/]\S|@|\S*_|\W*\d*\W*$")  # "type:article", "@river", "type_news", a number
_NAME = re.compile(r"[^\W\d_]{2,}")
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")
_LEVELS = 4  # ancestors that may name a list of tags or breadcrumbs
_KICKER_WORDS = 4
_NEAR = 8  # paragraphs above the text among which its kicker stands
_ABOVE, _BELOW = 30, 12  # paragraphs above and below the text that may show where it is filed


def read_filing(
    declared: Declared, paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph], *, title: str, url: str
) -> Filing:
    """The filing of the article with the text `kept`, which stands at `url`."""
    names = site_names(declared, url)
    return Filing(
        image=_image(chain(declared.images, _pictures(kept)), url, names),
        section=_section(
            chain(declared.sections, declared.crumbs[::-1], _crumbs(paragraphs, kept), _kickers(paragraphs, kept)),
            title,
            names,
        ),
        tags=_tags(declared, paragraphs, kept, title, names),
        paywall=_paywall(declared, kept, paragraphs),
    )


def _image(candidates: Iterable[str], url: str, names: set[str]) -> str | None:
    """The first address that is no stand-in for a picture."""
    for candidate in candidates:
        try:
            address = urljoin(url, clean(candidate.strip()))
            parts = urlsplit(address)
        except ValueError:
            continue
        web = parts.scheme in ("http", "https") and parts.hostname and len(address) <= _URL_CHARS
        if web and not _is_stand_in(parts.path, names):
            return address.replace(" ", "%20")
    return None


def _is_stand_in(path: str, names: set[str]) -> bool:
    """Whether nothing but words like "logo" and the site's name are in a file's name."""
    stem = path.rstrip("/").rpartition("/")[2].rpartition(".")
    words = [w.lower() for w in _NAME.findall(stem[0] or stem[2])]
    spare = declared_names().stand_ins | {word for name in names for word in (name.replace(" ", ""), *name.split())}
    return bool(words) and all(word in spare for word in words)


def _pictures(kept: Sequence[Paragraph]) -> Iterator[str]:
    """Sources of the pictures in the article's element, down to the end of its text."""
    if not kept:
        return
    first, last = kept[0].element, kept[-1].element
    home = next((e for e in first.iterancestors() if e.tag in ("article", "main")), first.getparent())
    for element in home.iter() if home is not None else ():
        if element.tag in ("img", "amp-img") and not (_is_small(element) or _is_face(element)):
            yield from (source for name in _SOURCES if (source := element.get(name)) and not source.startswith("data:"))
        if element is last:
            return


def _is_small(element: HtmlElement) -> bool:
    sides = (element.get("width", ""), element.get("height", ""))
    return any(side.isdigit() and int(side) < _SMALL_PIXELS for side in sides)


def _is_face(element: HtmlElement) -> bool:
    """Whether the picture shows an author."""
    named = attribute_words(element.get("class") or "")
    return bool(named & (class_words().author | {"avatar"})) or "gravatar" in (element.get("src") or "")


def _section(candidates: Iterable[str], title: str, names: set[str]) -> str | None:
    """The first candidate that names a part of the outlet."""
    for candidate in candidates:
        text = " ".join(candidate.split())
        if not 1 < len(text) <= _SECTION_CHARS or fold(text) in declared_names().no_sections:
            continue
        if is_site_name(text, names) or plain(text) in plain(title) or "://" in text or not _NAME.search(text):
            continue
        return text
    return None


def _crumbs(paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph]) -> Iterator[str]:
    """Links of breadcrumbs above the text, the nearest to it first."""
    wanted = declared_names().crumb_classes
    first = kept[0].index if kept else 0
    for p in reversed(paragraphs[max(0, first - _ABOVE) : first]):
        if p.noise is not None and p.links and p.words <= 20 and _is_marked(p, wanted):
            yield from reversed(_link_texts(p))


def _kickers(paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph]) -> Iterator[str]:
    """Short lines above the text that repeat an entry of the page's menu: other kickers name a topic or a format."""
    first = kept[0].index if kept else 0
    menu = {fold(p.text) for p in paragraphs if p.link_share > 0.8 and p.words <= _KICKER_WORDS}
    for p in reversed(paragraphs[max(0, first - _NEAR) : first]):
        if not p.links and p.words <= _KICKER_WORDS and fold(p.text) in menu:
            yield p.text


def _is_marked(p: Paragraph, wanted: frozenset[str]) -> bool:
    """Whether the element or one of the nearest around it has one of these words as class, id or label."""
    node: HtmlElement | None = p.element
    for _ in range(_LEVELS):
        if node is None or node.tag in ("body", "main", "article"):
            return False
        named = " ".join(filter(None, (node.get("class"), node.get("id"), node.get("aria-label"))))
        if named and attribute_words(named) & wanted:
            return True
        node = node.getparent()
    return False


def _link_texts(p: Paragraph) -> list[str]:
    links = list(p.element.iter("a")) or list(p.element.iterancestors("a"))
    return [text for a in links if (text := clean(" ".join(a.text_content().split())))]


def _tags(
    declared: Declared, paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph], title: str, names: set[str]
) -> tuple[str, ...]:
    """The tags of the first source that has any."""
    for source in declared.tags:
        if tags := _split_tags(source, names):
            return tags
    if tags := _split_tags(_printed_tags(paragraphs, kept), names):
        return tags
    tags = _split_tags(declared.keywords, names)
    # The site's own list is the same on every page; one of the article's has words of its text.
    text = fold(" ".join([title, *(p.text for p in kept)])) if tags else ""
    return tags if any(fold(tag) in text for tag in tags) else ()


def _split_tags(source: Iterable[str], names: set[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    spare = declared_names().no_sections
    for tag in (part.strip(" .\"'") for text in source for part in _BETWEEN_TAGS.split(unescape(text))):
        if not 1 < len(tag) <= _TAG_CHARS or len(tag.split()) > _TAG_WORDS or _MACHINE_TAG.match(tag):
            continue
        if fold(tag) not in spare and not is_site_name(tag, names):
            found.setdefault(fold(tag), tag)
    return tuple(found.values())[:_TAGS]


def _printed_tags(paragraphs: Sequence[Paragraph], kept: Sequence[Paragraph]) -> list[str]:
    """Links that are marked as tags, else a line below the text that begins "Tags:"."""
    wanted = declared_names()
    first, last = (kept[0].index, kept[-1].index + 1) if kept else (len(paragraphs), len(paragraphs))
    near = [p for p in paragraphs[max(0, first - _ABOVE) : last + _BELOW] if p.links and p.comments is None]
    marked = [a for p in near for a in p.element.iter("a") if "tag" in (a.get("rel") or "").split()]
    if marked:
        return [" ".join(a.text_content().split()) for a in marked if "category" not in a.get("rel").split()]
    below = [p for p in paragraphs[last:] if p.comments is None][:_BELOW]  # tags may stand below the comments
    for p in below:
        label = wanted.tag_label.match(fold(p.text)) if p.words <= 60 else None
        if label and ":" in p.text.replace("：", ":"):
            return _link_texts(p) if p.links else [p.text.replace("：", ":").split(":", 1)[1]]
    return [text for p in below if p.link_share > 0.5 and _is_marked(p, wanted.tag_classes) for text in _link_texts(p)]


def _paywall(declared: Declared, kept: Sequence[Paragraph], paragraphs: Sequence[Paragraph]) -> bool | None:
    """As declared, else whether a notice that the rest is for payers stands right below the text."""
    if declared.locked is not None:
        return declared.locked
    start = kept[-1].index + 1 if kept else 0
    notices = [p for p in paragraphs[start : start + 3] if p.words <= 40 and p.comments is None]
    return True if any(markers().paywall.search(fold(p.text)) for p in notices) else None
