"""Plain text: title, head lines, several articles, comments, ends."""

import pytest

from libs.domain.documents import ExtractedArticle
from libs.domain.extraction import extract_page
from libs.domain.extraction.rules import printed_words
from tests.unit.extraction import pages


def read(text: str) -> tuple[ExtractedArticle, ...]:
    return extract_page(text.encode(), url="file:/n/a.txt").articles


def joined(*parts: str) -> str:
    return "\n\n".join(parts)


BODY = joined(*pages.texts(count=3))


def test_the_first_line_is_the_title_and_head_lines_are_no_text() -> None:
    (article,) = read(f"Swing bridge closes\n\nBy Ada Quill\n14 May 2024, 21:40 GMT\nSource: Harbour Post\n{BODY}")
    assert (article.title, article.bylines, article.credit) == ("Swing bridge closes", ("Ada Quill",), "Harbour Post")
    assert article.published == "2024-05-14T21:40:00+00:00"
    assert article.body == BODY


@pytest.mark.parametrize(
    ("byline", "source"),
    [
        ("Von Ada Quill", "Quelle: Hafenpost"),
        ("Par Ada Quill", "Source : Hafenpost"),
        ("Por Ada Quill", "Fuente: Hafenpost"),
        ("Автор: Ada Quill", "Источник: Hafenpost"),
        ("بقلم: Ada Quill", "المصدر: Hafenpost"),
    ],
)
def test_further_articles_begin_at_a_title_after_a_gap_with_a_head_of_its_own(byline: str, source: str) -> None:
    second = joined(*pages.texts(count=3, start=5))
    found = read(f"First title\n\n{BODY}\n\n\n\nSecond title\n\n{byline}\n{source}\n{second}\n")
    assert [(a.title, a.bylines, a.credit, a.body) for a in found] == [
        ("First title", (), None, BODY),
        ("Second title", ("Ada Quill",), "Hafenpost", second),
    ]


def test_a_gap_before_a_subheading_does_not_split() -> None:
    assert len(read(f"First title\n\n{BODY}\n\n\n\nWhat happens to the ferry\n\n{BODY}")) == 1


def test_comments_below_are_records() -> None:
    talk = joined(
        "Comments 2\nThumb heron 16 May 2024, 11:22",
        "Never on time.\n\nNot once.",
        "Missing 16 May 2024, 12:09",
        "Good riddance.",
    )
    (article,) = read(joined("Swing bridge closes", BODY, talk))
    assert [(c.author, c.published, c.text) for c in article.comments] == [
        ("heron", "2024-05-16", "Never on time.\n\nNot once."),
        (None, "2024-05-16", "Good riddance."),
    ]
    assert article.body == BODY


@pytest.mark.parametrize(
    "end",
    [
        "Check Also\n\nDucks return to the mill pond\n\nThe ducks of Marlow came back on …",
        "Lire aussi\n\nLes canards reviennent",
        "Please log in to comment.",
        "اقرأ أيضاً\n\nعودة البط",
    ],
)
def test_teasers_and_notices_at_the_end_are_cut(end: str) -> None:
    (article,) = read(joined("Swing bridge closes", *pages.texts(count=8), end))
    assert article.body == joined(*pages.texts(count=8))


def test_blocks_cover_the_body_paragraph_by_paragraph() -> None:
    (article,) = read(joined("Swing bridge closes", "Question 1: Why?", "Mayor:\nBecause it is old.", *pages.texts()))
    assert "\n\n".join(b.text for b in article.blocks) == article.body
    assert all(article.body[b.start : b.end] == b.text for b in article.blocks)


@pytest.mark.parametrize("text", ["", " \n \n", "Just a title"])
def test_a_text_without_an_article_is_rejected(text: str) -> None:
    assert extract_page(text.encode(), url="file:/n/a.txt").rejected in ("empty", "not_article")


def test_words_are_counted_where_no_blanks_part_them() -> None:
    assert printed_words("It doesn't end here") == 4
    assert printed_words("岸壁の崩落をめぐり、調査委員会を設置する") == 10
