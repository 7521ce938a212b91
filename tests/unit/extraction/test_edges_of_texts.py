"""What stands at the edges of a text and inside it: adverts and sentences that begin like them, agencies, signatures."""

import pytest

from libs.domain.documents import ExtractedArticle
from libs.domain.extraction import extract_page
from tests.unit.extraction import pages


def only(inner: str, head: str = pages.HEAD) -> ExtractedArticle:
    html = pages.document(pages.NAV + head + inner + pages.MORE)
    (article,) = extract_page(html.encode(), url="https://marlowmercury.example/news/swing-bridge").articles
    return article


def around(middle: str) -> str:
    first, *rest = pages.texts()
    return f"<div class='b7'><p>{first}</p>{middle}" + "".join(f"<p>{text}</p>" for text in rest) + "</div>"


@pytest.mark.parametrize(
    "sentence",
    [
        "Promoted to captain last spring, she has not lost a single match since then.",
        "Werbung für die neue Fähre macht die Reederei erst wieder im nächsten Frühjahr.",
        "Publicité et affichage resteront interdits sur le quai jusqu’au mois de juin.",
        "Реклама на причале запрещена до весны, напомнили вчера в городской мэрии.",
        "انضم إلى الفريق الجديد خمسون متطوعاً من القرى المجاورة خلال الأسبوع الماضي.",
    ],
)
def test_a_sentence_that_begins_like_an_advert_is_text(sentence: str) -> None:
    assert sentence in only(around(f"<p>{sentence}</p>")).body


@pytest.mark.parametrize(
    "line", ["Advertisement", "Sponsored by Orsen Savings Bank", "Anzeige", "Publicité", "Реклама", "إعلان"]
)
def test_an_advert_on_a_line_of_its_own_is_none(line: str) -> None:
    assert only(around(f"<p>{line}</p>")).body.split("\n\n") == pages.texts()


@pytest.mark.parametrize("ending", ["<p>(dpa)</p>", "<p>AFP</p>"])
def test_an_agency_alone_below_the_text_is_its_source(ending: str) -> None:
    article = only(f"<div class='b7'>{pages.paragraphs()}{ending}</div>")
    assert article.credit in ("dpa", "AFP")
    assert article.body.split("\n\n") == pages.texts()


def test_an_agency_named_within_the_last_sentence_is_no_source() -> None:
    article = only(f"<div class='b7'>{pages.paragraphs()}<p>The figures were first given by the agency AFP.</p></div>")
    assert article.credit is None


def test_an_author_named_right_below_the_text_signs_it() -> None:
    head = "<h1>Swing bridge closes for nine months</h1><div>14 May 2024, 21:40 BST</div>"
    text = f"<div class='b7'>{pages.paragraphs()}</div>"
    assert only(f"{text}<div><b>By Ada Quill</b></div>", head).bylines == ("Ada Quill",)
    assert only(f"{text}<div>By the old mill, ducks returned.</div>", head).bylines == ()
