"""Hostile pages end with an answer; the article among the rubbish is kept where that costs nothing."""

import pytest

from libs.domain.extraction import extract_page
from libs.domain.extraction.guards import MAX_TAGS, TooComplex, make_safe
from libs.domain.extraction.rules import RuleFileError, _words, class_words, markers, months
from tests.unit.extraction import pages


def page(rubbish: str) -> bytes:
    return pages.document(pages.HEAD + rubbish + f"<div>{pages.paragraphs()}</div>").encode()


@pytest.mark.parametrize(
    "rubbish",
    [
        "<div " + " ".join(f'a{n}="{n}"' for n in range(20_000)) + "></div>",
        "<div>" * 5_000 + "</div>" * 5_000,
        "<div>" * 3_000 + "</div <div>" * 3_000,
        "<b>" * 20_000,
        "<script>" + "x=1;" * 200_000 + "</script>",
        "<style>" + ".a{font-weight:bold}" * 20_000 + "</style>",
        "<!-- " + "-" * 100_000 + " -->",
        "<img src='data:image/png;base64," + "A" * 200_000 + "'>",
        '<script type="application/ld+json">' + "[" * 50_000 + "</script>",
    ],
)
def test_the_article_beside_it_is_read(rubbish: str) -> None:
    (article,) = extract_page(page(rubbish), url="https://h.example/n/1").articles
    assert article.body.split("\n\n") == pages.texts()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \n\x00 ", "empty"),
        (b"%PDF-1.7 something", "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "binary"),
        (bytes(range(256)) * 400, "binary"),
        (b'<?xml version="1.0"?><rss><channel></channel></rss>', "not_html"),
        (b'{"articles": []}', "not_html"),
        (b"<p>" + b"word " * 200_000 + b"</p>", "not_article"),
    ],
)
def test_what_cannot_be_an_article_has_a_reason(raw: bytes, reason: str) -> None:
    assert extract_page(raw, url="https://h.example/n/1").rejected == reason


def test_a_transcript_of_days_is_an_article_where_the_page_says_so() -> None:
    text = "".join(
        f"<p>Speaker {n} told the hearing what he had seen on that day, and what he had not.</p>" for n in range(10_000)
    )
    html = pages.document(
        f"<h1>Hearing of the bridge board</h1><div>14 May 2024</div><div>{text}</div>",
        title="Hearing of the bridge board",
    )
    (article,) = extract_page(html.encode(), url="https://h.example/n/1").articles
    assert len(article.body) > 700_000


def test_an_image_by_its_content_type_is_no_page() -> None:
    assert extract_page(page(""), url="https://h.example/x", content_type="image/png").rejected == "not_html"


def test_more_tags_than_any_article_needs_are_refused() -> None:
    with pytest.raises(TooComplex):
        make_safe("<div></div>" * MAX_TAGS)


def test_scripts_without_an_end_lose_their_tag_only() -> None:
    assert "kept" in make_safe("<script><p>kept</p>").html
    assert make_safe("<SCRIPT>gone</script >kept").html.strip() == "kept"


def test_rule_files_are_checked_when_they_are_read() -> None:
    assert markers().house.match("impressum")
    assert class_words().noise
    assert len(set(months().values())) == 12
    with pytest.raises(RuleFileError, match=r"x\.toml: a\.b"):
        _words({"a": {"b": [1]}}, "x.toml", "a", "b")
