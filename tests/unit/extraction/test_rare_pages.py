"""Kinds of pages that are seldom seen: text drawn by scripts, bylines in paragraphs of their own, short sourced notes."""

import json

import pytest

from libs.domain.documents import ExtractedArticle
from libs.domain.extraction import extract_page
from tests.unit.extraction import pages


def read(html: str) -> tuple[ExtractedArticle, ...]:
    return extract_page(
        html.encode(), url="https://marlowmercury.example/news/bridge", content_type="text/html"
    ).articles


def only(html: str) -> ExtractedArticle:
    (article,) = read(html)
    return article


@pytest.mark.parametrize(
    ("byline", "date"),
    [
        ("Por Inés Carballo", "14 de marzo de 2025"),
        ("Propos recueillis par Inés Carballo", "Publié le 14 mars 2025 à 18h45"),
        ("Von Inés Carballo", "14. März 2025"),
        ("By Inés Carballo", "14 March 2025"),
    ],
)
def test_byline_and_date_of_their_own_paragraphs_are_no_text(byline: str, date: str) -> None:
    article = only(
        pages.document(
            f"<main><article><h1>The dam held</h1><p>{byline}</p><p>{date}</p>{pages.paragraphs()}</article>"
        )
    )
    assert (article.bylines, article.published) == (("Inés Carballo",), "2025-03-14")
    assert article.body.split("\n\n") == pages.texts()


def test_a_page_that_scripts_draw_is_read_from_what_it_declares() -> None:
    told = {
        "@type": "NewsArticle",
        "headline": "Swing bridge closes for nine months",
        "datePublished": "2025-01-14T09:00:00+01:00",
        "articleBody": "\n".join(f"<p>{text}</p>" for text in pages.texts()),
    }
    script = f'<script type="application/ld+json">{json.dumps({"@graph": [told]})}</script>'
    article = only(pages.document("<div id='root'></div><noscript>Please enable JavaScript.</noscript>", head=script))
    assert article.body.split("\n\n") == pages.texts()
    assert article.title == "Swing bridge closes for nine months"


def test_a_short_text_with_a_named_source_is_an_article_and_the_source_is_no_byline() -> None:
    text = pages.paragraphs(count=2)
    article = only(pages.document(f"<h1>Swing bridge closes</h1>{text}<p>Source: Fen Wire</p>"))
    assert (article.credit, article.bylines) == ("Fen Wire", ())
    assert not read(pages.document(f"<h1>Swing bridge closes</h1>{text}"))
