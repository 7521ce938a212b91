"""A feed's bytes to the pages it lists: RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom, JSON Feed, and sitemaps (also of news).

In: decoded bytes and the URL they came from. Out: `Feed`. Bytes that are no feed, or that declare entities, raise
`FeedInvalid`. Texts inside items are not read: a page is judged by what stands at its own URL. Dates stay as the feed
spells them, for they only tell one state of an item from another. Run it in a child process: the bytes are hostile.
"""

import html.entities
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import can_ada
from lxml import etree

ATOM_PAGE_RELS = frozenset({"", "alternate"})  # RFC 4287 4.2.7.2: a link without rel is an alternate
PUBLISHED = ("published", "pubDate", "issued", "date", "created", "publication_date")
UPDATED = ("updated", "modified", "lastModified", "lastmod")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# UTF-16 and UTF-32 are read by leaving their zero bytes out.
_ENTITY_DECLARATION = re.compile(rb"<!ENTITY", re.IGNORECASE)
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_AMPERSAND = re.compile(rb"&(?!#\d{1,7};|#x[0-9A-Fa-f]{1,6};)(?:([A-Za-z]\w{1,31});)?")
_NUMBERS = re.compile(rb"(?:&#(?:\d{1,7}|x[0-9A-Fa-f]{1,6});)+")
_NUMBER = re.compile(rb"&#(\w+);")
_HALVES = range(0xD800, 0xE000)  # what UTF-16 writes in pairs, no characters by themselves


class FeedInvalid(ValueError):
    """The bytes are no feed that is read; the message says why."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A page that a feed lists. `url` is absolute, http or https, without fragment."""

    url: str
    title: str | None = None
    published: str | None = None
    updated: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed lists, in its own order, each page once. `skipped` items had no address that can be asked."""

    title: str | None
    items: tuple[FeedItem, ...]
    skipped: int


def read_feed(data: bytes, url: str) -> Feed:
    """Read the feed that stood at `url`. Raises FeedInvalid."""
    stripped = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not stripped:
        raise FeedInvalid("nothing was received where a feed should be")
    if stripped.startswith(b"{"):
        return _read_json(stripped, url)
    return _read_xml(stripped, url)


# --- XML ------------------------------------------------------------------------------------------------------------


def _read_xml(data: bytes, url: str) -> Feed:
    if _ENTITY_DECLARATION.search(data.replace(b"\0", b"")):
        raise FeedInvalid("the feed declares entities, which can blow up or read files; they are refused")
    try:
        return _listed(_parse(data, url), url)
    except UnicodeDecodeError as error:  # a repaired tree may hold bytes that are no characters
        raise FeedInvalid(f"the feed holds what is no character: {error.reason}") from error


def _listed(root: etree._Element, url: str) -> Feed:
    listed = ("{*}url",) if _name(root) == "urlset" else ("{*}item", "{*}entry")
    entries = [e for e in root.iter(*listed) if isinstance(e.tag, str)]
    if not entries and _name(root) not in {"rss", "feed", "RDF", "channel", "urlset"}:
        raise FeedInvalid(f"<{_name(root)}> is no feed; RSS, Atom, RDF, JSON Feed or a sitemap is expected")
    channel = next(root.iter("{*}channel"), root)
    return _feed(_text(channel, ("title",)), [_item(entry, url) for entry in entries])


def _parse(data: bytes, url: str) -> etree._Element:
    """The root element; not well-formed feeds are repaired as far as that keeps their addresses whole."""
    try:
        return _checked(etree.fromstring(data, _parser(recover=False), base_url=url))
    except etree.XMLSyntaxError:
        pass
    parts = _CDATA.split(data)
    repaired = b"".join(p if p.startswith(b"<![CDATA[") else _with_references(p) for p in parts)
    try:
        root = etree.fromstring(repaired, _parser(recover=True), base_url=url)
    except etree.XMLSyntaxError as error:
        raise FeedInvalid(f"this is no XML: {error.msg}") from error
    if root is None:
        raise FeedInvalid("this is no XML")
    return _checked(root)


def _with_references(part: bytes) -> bytes:
    return _AMPERSAND.sub(_as_character, _NUMBERS.sub(_as_whole_characters, part))


def _as_whole_characters(references: re.Match[bytes]) -> bytes:
    """References by number, where halves of UTF-16 are joined to the character they mean, or replaced when alone."""
    numbers = [int(n[1:], 16) if n.startswith(b"x") else int(n) for n in _NUMBER.findall(references[0])]
    if not any(n in _HALVES for n in numbers) or max(numbers) > sys.maxunicode:
        return references[0]
    halves = "".join(map(chr, numbers)).encode("utf-16-le", "surrogatepass")
    return "".join(f"&#{ord(c)};" for c in halves.decode("utf-16-le", "replace")).encode()


def _as_character(reference: re.Match[bytes]) -> bytes:
    """HTML's names, which XML does not know, as numbers; an ampersand that begins no reference as itself."""
    characters = html.entities.html5.get(f"{reference[1].decode('ascii', 'replace')};") if reference[1] else None
    if characters is None:
        return b"&#38;" + reference[0][1:]
    return "".join(f"&#{ord(c)};" for c in characters).encode()


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )


def _checked(root: etree._Element) -> etree._Element:
    """Entities declared in an encoding that the first look could not see through."""
    subset = root.getroottree().docinfo.internalDTD
    if subset is not None and any(e.name not in _XML_ENTITIES for e in subset.entities()):  # type: ignore[attr-defined]  # not in the stubs
        raise FeedInvalid("the feed declares entities, which can blow up or read files; they are refused")
    return root


def _item(entry: etree._Element, url: str) -> FeedItem | None:
    """One `<item>` or `<entry>`; None without an address."""
    found = _address(entry)
    if found is None:
        return None
    link, base = found
    absolute = page_url(link, urljoin(url, base or ""))
    if absolute is None:
        return None
    told = next(entry.iterchildren("{*}news"), entry)  # what a sitemap for news says of a page is one level down
    return FeedItem(absolute, _text(told, ("title",)), _text(told, PUBLISHED), _text(entry, UPDATED))


def _address(entry: etree._Element) -> tuple[str, str | None] | None:
    """The page's address as written, and the base that xml:base sets for it."""
    links = [e for e in entry if _name(e) == "link"]
    for link in links:
        href = link.get("href")
        if href and link.get("rel", "").strip().lower() in ATOM_PAGE_RELS:
            return href, link.base
    for link in links:
        if link.text and link.text.strip():
            return link.text, link.base
    for place in (e for e in entry if _name(e) == "loc" and (e.text or "").strip()):
        return str(place.text), place.base
    for guid in (e for e in entry if _name(e) == "guid"):
        if guid.get("isPermaLink", "true").lower() == "true" and (guid.text or "").strip():
            return str(guid.text), guid.base
    about = entry.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about")
    return (about, entry.base) if about else None


def _text(element: etree._Element, names: Iterable[str]) -> str | None:
    """The words of the first child with one of the names, in the order of the names."""
    for name in names:
        for child in element:
            if _name(child) == name:
                words = " ".join("".join(map(str, child.itertext())).split())
                if words:
                    return words
    return None


def _name(element: etree._Element) -> str:
    """The local name, empty for processing instructions and entities."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


# --- JSON -----------------------------------------------------------------------------------------------------------


def _read_json(data: bytes, url: str) -> Feed:
    """JSON Feed 1.0 and 1.1."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FeedInvalid(f"this is no JSON: {error}") from error
    version = str(document.get("version", "")) if isinstance(document, dict) else ""
    if "jsonfeed.org/version/" not in version:
        raise FeedInvalid("this JSON is no JSON Feed: its `version` does not say so")
    listed = document.get("items")
    return _feed(_string(document.get("title")), list(_json_items(listed if isinstance(listed, list) else [], url)))


def _json_items(listed: list[Any], url: str) -> Iterator[FeedItem | None]:
    for entry in listed:
        fields = entry if isinstance(entry, dict) else {}
        absolute = page_url(_string(fields.get("url")) or "", url)
        dates = (_string(fields.get("date_published")), _string(fields.get("date_modified")))
        yield FeedItem(absolute, _string(fields.get("title")), *dates) if absolute else None


def _string(value: object) -> str | None:
    """A text without what no database holds: NUL, halves of surrogate pairs."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8").strip() or None


# --- both -----------------------------------------------------------------------------------------------------------


def page_url(link: str, base: str) -> str | None:
    """`link` made absolute as browsers do, without fragment; None when it is nothing that HTTP can ask."""
    link = link.strip()
    if not link:
        return None
    try:
        parsed = can_ada.parse(urljoin(base, link))
    except ValueError:
        return None
    if parsed.protocol not in ("http:", "https:"):
        return None
    return str(parsed.href).partition("#")[0]


def _feed(title: str | None, found: list[FeedItem | None]) -> Feed:
    items: dict[str, FeedItem] = {}
    for item in found:
        if item is not None:
            items.setdefault(item.url, item)
    return Feed(title, tuple(items.values()), skipped=sum(item is None for item in found))
