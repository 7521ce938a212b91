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


def test_a_page_of_entries_that_begin_with_links_is_a_list_however_long() -> None:
    told = "The council of {0} met on the pier and spoke for three hours about the price of bread, the colour of the new buses and whether gulls may be fed before noon or only after it."
    entry = f'<div><p><a href="/n/{{0}}">Council {{0}} speaks about bread</a> {told}</p></div>'
    entries = "".join(entry.format(n) for n in range(9))
    html = pages.document(f"<h1>Bread</h1><div>{entries}</div>", title="Bread")
    assert extract_page(html.encode(), url="https://marlowmercury.example/bread/all").rejected == "not_article"


def test_the_day_in_the_address_dates_a_page_that_prints_none() -> None:
    html = pages.document(f"<h1>Swing bridge closes for nine months</h1><div>{pages.paragraphs()}</div>")
    (article,) = extract_page(html.encode(), url="https://marlowmercury.example/2024/05/14/bridge").articles
    assert article.published == "2024-05-14"
