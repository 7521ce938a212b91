"""Feeds: what they list, in which spelling, and what is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.domain.feeds import Feed, FeedInvalid, read_feed

URL = "https://h.example/feeds/all.xml"


def rss(items: str, head: str = "", encoding: str = "utf-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    return text.encode(encoding)


def urls(data: bytes) -> list[str]:
    return [item.url for item in read_feed(data, URL).items]


def test_rss_gives_title_and_dates_as_spelt() -> None:
    feed = read_feed(
        rss(
            "<item><title>A &amp;  B</title><link>https://h.example/1</link><pubDate>Tue, 14 May 2024</pubDate></item>"
        ),
        URL,
    )
    [item] = feed.items
    assert (feed.title, item.title, item.published) == ("T", "A & B", "Tue, 14 May 2024")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "windows-1251", "iso-8859-5", "koi8-r"])
def test_cyrillic_titles_are_right_in_every_encoding(encoding: str) -> None:
    data = rss("<item><title>Вестник</title><link>/a</link></item>", encoding=encoding)
    assert read_feed(data, URL).items[0].title == "Вестник"


def test_windows_1252_titles_are_right() -> None:
    data = rss("<item><title>“Año” – señal</title><link>/a</link></item>", encoding="windows-1252")
    assert read_feed(data, URL).items[0].title == "“Año” – señal"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<link>/a/1</link>", "https://h.example/a/1"),
        ("<link>2.html</link>", "https://h.example/feeds/2.html"),
        ("<link>//other.example/3</link>", "https://other.example/3"),
        ("<link> https://h.example/4#part </link>", "https://h.example/4"),
        ("<link>https://h.example/я</link>", "https://h.example/%D1%8F"),
        ("<link><![CDATA[https://h.example/5?a=1&b=2]]></link>", "https://h.example/5?a=1&b=2"),
        ("<guid>https://h.example/6</guid>", "https://h.example/6"),
        ('<guid isPermaLink="false">x</guid><link>/7</link>', "https://h.example/7"),
        ("<link>https://H.Example:443/8</link>", "https://h.example/8"),
        ("<link xml:base='https://base.example/x/'>9</link>", "https://base.example/x/9"),
    ],
)
def test_addresses_of_rss_items(item: str, expected: str) -> None:
    assert urls(rss(f"<item>{item}</item>")) == [expected]


def test_atom_takes_the_page_not_the_other_links() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://h.example/base/"><title>A</title>
    <link rel="self" href="/feed"/>
    <entry><link rel="edit" href="/edit/1"/><link rel="enclosure" href="/1.mp3"/><link href="one"/>
      <updated>2024-05-14T10:00:00Z</updated></entry>
    <entry xml:base="sub/"><link rel="alternate" href="two"/></entry></feed>"""
    feed = read_feed(atom, URL)
    assert [item.url for item in feed.items] == ["https://h.example/base/one", "https://h.example/base/sub/two"]
    assert feed.items[0].updated == "2024-05-14T10:00:00Z"


def test_rdf_and_json_feeds_are_read() -> None:
    rdf = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
    <channel><title>R</title></channel><item rdf:about="https://h.example/1"><title>one</title></item></rdf:RDF>"""
    json = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/2", "date_modified": "x"}, {}, 7]}'
    assert urls(rdf) == ["https://h.example/1"]
    feed = read_feed(json, URL)
    assert ([item.url for item in feed.items], feed.items[0].updated, feed.skipped) == (["https://h.example/2"], "x", 2)


def test_each_page_is_listed_once_in_the_feeds_order() -> None:
    data = rss("".join(f"<item><link>/{n}</link></item>" for n in (3, 1, 3, 2, 1)))
    assert urls(data) == [f"https://h.example/{n}" for n in (3, 1, 2)]


@pytest.mark.parametrize("link", ["", "mailto:a@h.example", "javascript:alert(1)", "http://[half", "ftp://h.example/x"])
def test_items_that_cannot_be_asked_for_are_counted_not_guessed(link: str) -> None:
    feed = read_feed(rss(f"<item><link>{link}</link></item><item><link>/ok</link></item>"), URL)
    assert ([item.url for item in feed.items], feed.skipped) == (["https://h.example/ok"], 1)


def test_a_broken_feed_keeps_its_addresses_whole() -> None:
    data = b'<?xml version="1.0"?><rss><channel><item><title>a &nbsp; b & c</title><link>/1?a=1&b=2</link></item>'
    feed = read_feed(data, URL)
    assert feed.items[0].url == "https://h.example/1?a=1&b=2"
    assert feed.items[0].title == "a b & c"


def test_a_doctype_without_entities_is_harmless() -> None:
    head = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.example/rss-0.91.dtd">'
    assert urls(rss("<item><link>/1</link></item>", head)) == ["https://h.example/1"]


LAUGHS = "<!DOCTYPE rss [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (LAUGHS, "utf-8"),
        (LAUGHS, "utf-16"),
        (LAUGHS, "utf-32"),
        ('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "utf-8"),
        ('<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]>', "utf-8"),
        (f'<!DOCTYPE rss [<!ENTITY q "{"x" * 50_000}">]>', "utf-8"),
    ],
)
def test_entity_declarations_are_refused(head: str, encoding: str) -> None:
    with pytest.raises(FeedInvalid):
        read_feed(rss("<item><title>&x;&a9;&q;</title><link>/1</link></item>", head, encoding), URL)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  ",
        b"no feed",
        b"<html><body></body></html>",
        b"\x00\xff" * 99,
        b"{",
        b"[1]",
        b'{"a": 1}',
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_no_feed_says_so(data: bytes) -> None:
    with pytest.raises(FeedInvalid):
        read_feed(data, URL)


def test_very_deep_feeds_neither_crash_nor_hang() -> None:
    for data in (b"<rss><channel>" + b"<a>" * 200_000, b"{" * 200_000, b'{"version":' + b"[" * 200_000):
        with suppress(FeedInvalid):
            assert read_feed(data, URL).items == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Fire &#55357;&#56613;", "Fire \U0001f525"),
        ("Fire &#xD83D;&#xDD25;!", "Fire \U0001f525!"),
        ("Half &#xD83D; of it", "Half \ufffd of it"),
    ],
)
def test_characters_that_are_written_in_halves_are_joined(written: str, read: str) -> None:
    feed = read_feed(
        f"<rss><channel><item><title>{written}</title><link>{URL}/1</link></item></channel></rss>".encode(), URL
    )
    assert [item.title for item in feed.items] == [read]


def test_a_feed_of_bytes_that_are_no_characters_is_refused() -> None:
    with suppress(FeedInvalid):
        read_feed(b"<rss><channel><item><title>\xed\xa0\x80</title><link>https://a.example/1</link></item>", URL)


@given(st.binary(max_size=400), st.sampled_from([b"", b"<rss><channel>", b"<?xml version='1.0'?><feed>", b"{"]))
def test_any_bytes_end_in_a_feed_or_a_refusal(rubbish: bytes, head: bytes) -> None:
    with suppress(FeedInvalid):
        assert isinstance(read_feed(head + rubbish, URL), Feed)


def test_a_json_feed_s_texts_hold_nothing_that_a_database_refuses() -> None:
    feed = read_feed(
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://a.example/1",'
        b' "title": "A\\u0000B", "date_published": "2024\\ud800-05-17"}]}',
        "https://a.example/feed.json",
    )
    assert (feed.items[0].title, feed.items[0].published) == ("AB", "2024-05-17")


def test_a_sitemap_is_read_as_a_feed() -> None:
    feed = read_feed(
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        b' xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://a.example/1</loc>'
        b"<lastmod>2024-05-18</lastmod><n:news><n:publication_date>2024-05-17T08:00:00Z</n:publication_date>"
        b"<n:title>One</n:title></n:news></url></urlset>",
        "https://a.example/sitemap.xml",
    )
    (item,) = feed.items
    assert (item.url, item.title, item.published, item.updated) == (
        "https://a.example/1", "One", "2024-05-17T08:00:00Z", "2024-05-18",
    )  # fmt: skip
