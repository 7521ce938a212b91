"""Which page a received file holds, and what names a receipt.

In: hosts, folders, relative paths, first bytes. Out: URLs, yes or no, ids. Nothing is opened here.
"""

import hashlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path, PurePath
from urllib.parse import quote

import can_ada

ID_HEX_DIGITS = 32
SNIFFED_BYTES = 1024  # as the WHATWG prescan, enough for a byte order mark, comments and a doctype

HTML_SUFFIXES = frozenset({".html", ".htm", ".xhtml"})
TEXT_SUFFIXES = frozenset({".txt", ".text"})
CONTENT_TYPES = dict.fromkeys(HTML_SUFFIXES, "text/html") | dict.fromkeys(TEXT_SUFFIXES, "text/plain")

# What RFC 3986 lets stand in a path, and "%" where it begins an escape already.
_SAFE = "/:@!$&'()*+,;=~-._?"
_ESCAPED = re.compile(r"(%[0-9A-Fa-f]{2})")
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta)[\s>]", re.IGNORECASE)
_OTHER_XML = re.compile(rb"<(?:rss|feed|rdf:rdf|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def mirror_url(host: str, relative: str | PurePath) -> str:
    """The page that `DIR/<host>/<relative>` mirrors: `https://<host>/<relative>`, `index.html` being its folder."""
    path = _escape(PurePath(relative).as_posix().removeprefix("./").lstrip("/"))
    folder, _, name = path.rpartition("/")
    if name == "index.html":
        path = f"{folder}/" if folder else ""
    return f"https://{host.lower()}/{path}"


def folder_url(base_url: str | None, root: Path, path: Path) -> str:
    """The page that a file of a plain folder holds, unless its canonical link says otherwise.

    `base_url` + path relative to `root`; without a base `file:` + path, spelt as the file system does. Both are absolute
    and without `..`.
    """
    if base_url is None:
        return f"file:{path_to_text(path)}"
    return f"{base_url.rstrip('/')}/{_escape(path.relative_to(root).as_posix())}"


def is_mirrored_page(relative: str | PurePath, head: bytes) -> bool:
    """Whether a file of a mirror is a page. Without a suffix its first bytes decide (`SNIFFED_BYTES` of them)."""
    suffix = PurePath(relative).suffix.lower()
    if suffix in HTML_SUFFIXES:
        return True
    return not _is_known_suffix(suffix) and looks_like_html(head)


def is_folder_page(relative: str | PurePath) -> bool:
    """Whether a file of a plain folder is taken in: HTML and plain text."""
    return PurePath(relative).suffix.lower() in HTML_SUFFIXES | TEXT_SUFFIXES


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes hold markup of HTML and none of XML. UTF-16 is read by leaving its zero bytes out."""
    head = head[:SNIFFED_BYTES].replace(b"\0", b"")
    return _MARKUP.search(head) is not None and _OTHER_XML.search(head) is None


def content_type_of(path: str | PurePath) -> str | None:
    """The media type that a file's name claims, None when it claims none."""
    return CONTENT_TYPES.get(PurePath(path).suffix.lower())


def path_to_text(path: Path) -> str:
    """A path as storable text. A name that is no UTF-8 has its odd bytes percent-escaped behind a `bytes:` mark."""
    text = os.fspath(path)
    if _LONE_SURROGATE.search(text) is None:
        return text
    return "bytes:" + quote(os.fsencode(text), safe="/")


def text_to_path(text: str) -> Path:
    """The inverse of `path_to_text`."""
    if not text.startswith("bytes:"):
        return Path(text)
    unescaped = re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text.removeprefix("bytes:").encode())
    return Path(os.fsdecode(unescaped))


def capture_id(url: str, captured_at: datetime, sha256: str | None) -> str:
    """Names a receipt by what it is, so that recording it twice is recording it once.

    First 32 hex digits of sha256 over asked URL, instant (UTC, microseconds as PostgreSQL keeps them) and content.
    """
    instant = captured_at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{url}\n{instant}\n{sha256 or ''}".encode()).hexdigest()[:ID_HEX_DIGITS]


def url_key(url: str) -> str:
    """A URL's fixed-length key; URLs themselves outgrow a database index."""
    return hashlib.sha256(url.encode()).hexdigest()[:ID_HEX_DIGITS]


def pacing_host(url: str) -> str:
    """Who is asked when `url` is: the host, with its port where that is unusual. Empty when nobody can be."""
    try:
        parsed = can_ada.parse(url)
    except ValueError:
        return ""
    return str(parsed.host)


def source_id(kind: str, url: str) -> str:
    """A standing source's id: adding it twice is adding it once."""
    return hashlib.sha256(f"{kind}\n{url}".encode()).hexdigest()[:ID_HEX_DIGITS]


def _is_known_suffix(suffix: str) -> bool:
    """A suffix that names a format; `.2` of `/release-1.2` does not."""
    return re.fullmatch(r"\.[a-z][a-z0-9]{0,4}", suffix) is not None


def _escape(path: str) -> str:
    """Percent-escape what may not stand in a URL path, keeping escapes that are there."""
    parts = _ESCAPED.split(path)
    return "".join(part if _ESCAPED.fullmatch(part) else quote(os.fsencode(part), safe=_SAFE) for part in parts)
