"""From the bytes of a page to its articles. Pure: no network, no clock, no files but the project's own rules.

In: the bytes of a capture, the address it stands at, its Content-Type. Out: `ExtractedPage`. HTML and plain text; what
is neither is rejected with a reason. Hostile pages cost bounded time, but callers still run this in a process that they
can end: a parser written in C cannot be stopped from within.
"""

import re

from libs.domain.documents import ExtractedPage
from libs.domain.extraction.decode import to_text, unreadable
from libs.domain.extraction.guards import MAX_BYTES
from libs.domain.extraction.page import read_html
from libs.domain.extraction.plaintext import read_text

_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|p|div|table|br|span|article|h[1-6]|meta|title|a|ul|font)(?=[\s>/])", re.I
)
_OTHER = re.compile(
    r"^\s*(?:<\?xml[^>]*>\s*)?<(?:rss|feed|urlset|sitemapindex|svg|opml|rdf:RDF)\b|^\s*[\[{]\s*[\"\[{]", re.I
)

__all__ = ["extract_page"]


def extract_page(
    raw: bytes, *, url: str, content_type: str | None = None, published_hint: str | None = None
) -> ExtractedPage:
    """Take a page apart into its articles.

    `content_type` decides between HTML and plain text; where it is None the bytes do. `published_hint` is the ISO 8601
    instant that a feed or sitemap states for the page: it completes a date that the page prints without time or zone,
    and never overrules one. Never raises on any bytes; `rejected` is a word of `libs.contracts.reasons`.
    """
    reason = unreadable(raw)
    if reason:
        return ExtractedPage((), rejected=reason)
    if len(raw) > MAX_BYTES:
        return ExtractedPage((), rejected="not_article")
    kind = (content_type or "").split(";")[0].strip().lower()
    text = to_text(raw, content_type)
    if _OTHER.match(text[:2_000]) or kind.startswith(("image/", "audio/", "video/", "font/")):
        return ExtractedPage((), rejected="not_html")
    marked_up = _HTML.search(text[:50_000]) is not None
    if (kind == "text/plain" and not re.match(r"\s*<(?:!doctype|html)", text, re.I)) or not marked_up:
        return read_text(text, url=url)
    return read_html(text, url=url, hint=published_hint)
