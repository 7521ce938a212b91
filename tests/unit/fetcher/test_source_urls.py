"""Which page a file holds, and what names a receipt."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.domain.sources import (
    capture_id,
    content_type_of,
    folder_url,
    is_folder_page,
    is_mirrored_page,
    mirror_url,
    pacing_host,
    path_to_text,
    text_to_path,
)


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("index.html", "https://h.example/"),
        ("news/index.html", "https://h.example/news/"),
        ("news/2024/a.html", "https://h.example/news/2024/a.html"),
        ("news/story", "https://h.example/news/story"),
        ("a b/ü.html", "https://h.example/a%20b/%C3%BC.html"),
        ("kept%20escape.html", "https://h.example/kept%20escape.html"),
        ("100%.html", "https://h.example/100%25.html"),
        ("a.php?id=3", "https://h.example/a.php?id=3"),
        ("a#b.html", "https://h.example/a%23b.html"),
        ("myindex.html", "https://h.example/myindex.html"),
    ],
)
def test_a_mirrored_file_is_the_page_it_mirrors(relative: str, expected: str) -> None:
    assert mirror_url("H.example", relative) == expected


def test_a_folders_files_have_urls_under_its_base_or_of_their_own() -> None:
    root, path = Path("/data/in"), Path("/data/in/2024/a b.txt")
    assert folder_url("https://h.example/x/", root, path) == "https://h.example/x/2024/a%20b.txt"
    assert folder_url(None, root, path) == "file:/data/in/2024/a b.txt"


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.html", b"", True),
        ("a.HTM", b"", True),
        ("a.xhtml", b"", True),
        ("story", b"<!DOCTYPE html><p>", True),
        ("story", b"\xef\xbb\xbf  <html lang=en>", True),
        ("story", "<html>".encode("utf-16"), True),
        ("release-1.2", b"<!-- x --><html>", True),
        ("story", b"User-agent: *", False),
        ("style.css", b"<html>", False),
        ("feed.xml", b"<?xml version='1.0'?><rss>", False),
        ("robots.txt", b"<html>", False),
        ("picture", b"\x89PNG\r\n", False),
        ("feed", b"<?xml version='1.0'?><rss version='2.0'><title>x</title>", False),
    ],
)
def test_pages_of_a_mirror_are_told_from_its_other_files(name: str, head: bytes, expected: bool) -> None:
    assert is_mirrored_page(name, head) is expected


def test_plain_folders_hold_text_and_html() -> None:
    assert [n for n in ("a.txt", "a.html", "a.jpg", "a", "a.JSON") if is_folder_page(n)] == ["a.txt", "a.html"]
    assert content_type_of("a.TXT") == "text/plain"
    assert content_type_of("a") is None


def test_a_file_name_that_is_no_utf8_survives_being_stored() -> None:
    path = Path(os.fsdecode(b"/data/caf\xe9 %41.html"))
    stored = path_to_text(path)
    stored.encode()  # storable
    assert text_to_path(stored) == path


@given(st.binary(min_size=1, max_size=30).filter(lambda b: b"\0" not in b and b"/" not in b and b not in (b".", b"..")))
def test_any_file_name_survives_being_stored(name: bytes) -> None:
    path = Path("/data") / os.fsdecode(name)
    stored = path_to_text(path)
    stored.encode()
    assert text_to_path(stored) == path


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40))
def test_mirror_urls_are_plain_ascii(name: str) -> None:
    assert mirror_url("h.example", name.replace("/", "_")).isascii()


def test_a_capture_is_named_by_what_it_is() -> None:
    at = datetime(2024, 5, 14, 10, 0, 0, 5, tzinfo=UTC)
    name = capture_id("https://h.example/", at, "ab")
    assert name == capture_id("https://h.example/", at.astimezone(timezone(timedelta(hours=3))), "ab")
    others = {
        capture_id("https://h.example/x", at, "ab"),
        capture_id("https://h.example/", at + timedelta(microseconds=1), "ab"),
        capture_id("https://h.example/", at, "ac"),
        capture_id("https://h.example/", at, None),
    }
    assert len(others | {name}) == 5
    assert len(name) == 32


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://H.Example/a", "h.example"),
        ("http://h.example:8080/a", "h.example:8080"),
        ("https://h.example:443/a", "h.example"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://[half", ""),
        ("no url", ""),
    ],
)
def test_who_is_paced(url: str, expected: str) -> None:
    assert pacing_host(url) == expected
