"""Bytes that nobody would write: every reader of what comes from outside answers or refuses, and never raises.

Pages and feeds are bent at random places: bytes changed, pieces cut out, repeated or swapped. The seed of a failure is
its parameter.
"""

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from integration.fetcher.hostile_server import HTML
from support.pages import article

from libs.domain.extraction import extract_page
from libs.domain.extraction.dates import read_declared_time, read_visible_time
from libs.domain.feeds import FeedInvalid, read_feed
from libs.domain.urls import UrlInvalid, canonicalize

URL = "https://news.example/a/page.html"
FEED = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>'
    + b"".join(
        b"<item><title>Item &amp; %d</title><link>https://news.example/%d</link><pubDate>Tue, 05 Mar 2024 10:00:00 GMT</pubDate></item>"
        % (n, n)
        for n in range(20)
    )
    + b"</channel></rss>"
)
SITEMAP = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    + b"".join(b"<url><loc>https://news.example/%d</loc><lastmod>2024-05-17</lastmod></url>" % n for n in range(20))
    + b"</urlset>"
)
DATE = "Wednesday, 17 May 2024, 10:05 CET — 2024-05-17T10:05:00+02:00"
ROUNDS = 20  # of each seed


def bent(data: bytes, chance: random.Random) -> bytes:
    """`data` with a few accidents."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        at, length = chance.randrange(len(found) + 1), chance.choice((1, 2, 8, 200))
        piece = bytes(found[at : at + length])
        match chance.randrange(4):
            case 0:
                found[at : at + length] = chance.randbytes(len(piece))
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = piece * chance.choice((2, 500))
            case 3:
                found[at:at] = chance.choice(
                    (b"<!--", b"<![CDATA[", b"\x00", b"\xff\xfe", b"<table>", b"&#xD800;", b"</", b"<!")
                )
    return bytes(found)


def read_page(data: bytes) -> None:
    page = extract_page(data, url=URL, content_type="text/html")
    assert bool(page.articles) != bool(page.rejected)
    for one in page.articles:
        one.body.encode()  # no lone surrogates, which no database takes
        assert "\x00" not in one.body + one.title


def read_list(data: bytes) -> None:
    with suppress(FeedInvalid):
        for item in read_feed(data, URL).items:
            item.url.encode("ascii")


def read_time(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    read_visible_time(text)
    read_declared_time(text)


def read_address(data: bytes) -> None:
    with suppress(UrlInvalid):
        known = canonicalize(data.decode("utf-8", "replace"))
        assert canonicalize(known) == known


READERS: dict[str, tuple[bytes, Callable[[bytes], None]]] = {
    "page": (article(1).encode(), read_page),
    "short page": (HTML, read_page),
    "feed": (FEED, read_list),
    "sitemap": (SITEMAP, read_list),
    "time": (DATE.encode(), read_time),
    "address": ("https://üser@news.example:443/a/../b?utm_source=x&id=1#part".encode(), read_address),
}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 60))])
@pytest.mark.parametrize("kind", READERS)
def test_random_bytes_are_read_or_refused_and_never_raise(kind: str, seed: int) -> None:
    data, read = READERS[kind]
    chance = random.Random(f"{kind} {seed}")
    for _ in range(ROUNDS):
        read(bent(data, chance))
