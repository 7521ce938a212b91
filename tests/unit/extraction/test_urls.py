"""One spelling for each page, and whose pages they are."""

import pytest

from libs.domain.publishers import outlet_of, publisher_of
from libs.domain.urls import UrlInvalid, canonicalize, host, is_home, registrable_domain, resolve_canonical

A = "https://a.example/news/1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Www.A.example:80/x/../News?b=2&a=1#top", "http://www.a.example/News?b=2&a=1"),
        ("https://a.example/n?utm_source=x&id=3&fbclid=9", "https://a.example/n?id=3"),
        ("https://a.example/?p=12&ref=home", "https://a.example/?p=12&ref=home"),
        ("https://a.example/n/amp/?amp=1", "https://a.example/n/"),
        ("https://a.example/n.amp.html", "https://a.example/n.html"),
        ("https://a.example/n?print=1&x=", "https://a.example/n?x="),
        ("https://a-example.cdn.ampproject.org/c/s/a.example/n", "https://a.example/n"),
        ("https://user:secret@a.example/n", "https://a.example/n"),
        ("file:/home/x/My File#1.txt", "file:/home/x/My File#1.txt"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example/amp", "https://a.example/amp"),
    ],
)
def test_addresses_get_one_spelling(url: str, expected: str) -> None:
    assert canonicalize(url) == expected
    assert canonicalize(expected) == expected


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "http://", "ftp://a.example/x", "http://[1/", "mailto:a@b.example"]
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(UrlInvalid):
        canonicalize(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://news.bbc.co.uk/1", "bbc.co.uk"),
        ("www.a.example", "a.example"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("http://localhost/x", "localhost"),
        ("file:/a/b", ""),
    ],
)
def test_the_registrable_domain(url: str, expected: str) -> None:
    assert registrable_domain(url) == expected


@pytest.mark.parametrize(
    ("declared", "page", "original"),
    [
        (None, A, None),
        ("/news/one?utm_source=x", "https://a.example/news/one", None),
        ("https://www.a.example/news/1", "https://www.a.example/news/1", None),
        ("https://b.example/news/1", A, "https://b.example/news/1"),
        ("https://a.example/", A, None),
        ("https://a.example/en/", A, None),
        ("https://b.example/", A, None),
        ("http://[broken", A, None),
        ("javascript:void(0)", A, None),
    ],
)
def test_a_canonical_link_counts_at_home_only(declared: str | None, page: str, original: str | None) -> None:
    assert resolve_canonical(A, declared, trust_any=False) == (page, original)


def test_a_local_file_takes_the_address_it_declares() -> None:
    assert resolve_canonical("file:/n/a.html", A, trust_any=True) == (A, None)
    assert resolve_canonical("file:/n/a.html", None, trust_any=True) == ("file:/n/a.html", None)


def test_front_pages_are_known() -> None:
    assert [
        is_home(u)
        for u in (
            "https://a.example/",
            "https://a.example/index.html",
            "https://a.example/fr/",
            A,
            "https://a.example/?p=1",
        )
    ] == [True, True, True, False, False]
    assert host("https://A.example:8080/x") == "a.example"


def test_outlets_belong_to_families() -> None:
    assert publisher_of("https://www.express.co.uk/x") == publisher_of("mirror.co.uk") == "Reach"
    assert publisher_of("SANA") == "SANA"
    assert publisher_of("news.a.example") == "a.example"
    assert publisher_of("Harbour Post") == "Harbour Post"
    assert outlet_of("https://en.a.example/x", "The A") == "a.example"
    assert outlet_of("file:/x", "The A") == "The A"
    assert outlet_of("file:/x", None) == "local"
