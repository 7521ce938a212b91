"""Main picture, section, tags and paywall, as pages declare and print them."""

import json

import pytest

from libs.domain.documents import Filing
from libs.domain.extraction import extract_page
from tests.unit.extraction import pages

URL = "https://marlow.example/news/bridge"


def filing(*, head: str = "", above: str = "", below: str = "", inside: str = "") -> Filing:
    body = f"{above}<article>{pages.HEAD}{inside}{pages.paragraphs()}</article>{below}"
    (article,) = extract_page(pages.document(body, head=head).encode(), url=URL).articles
    assert article.body.split("\n\n") == pages.texts()
    return article.filing


def json_ld(**fields: object) -> str:
    node = {"@type": "NewsArticle", "headline": "Swing bridge closes for nine months", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def meta(**contents: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{text}">' for name, text in contents.items())


@pytest.mark.parametrize(
    ("head", "inside", "image"),
    [
        (json_ld(image="https://img.example/a.jpg"), "", "https://img.example/a.jpg"),
        (json_ld(image=[{"@type": "ImageObject", "url": "/i/b.jpg"}, "/i/c.jpg"]), "", "https://marlow.example/i/b.jpg"),
        (meta(og__image="//img.example/d.jpg?w=1200"), "", "https://img.example/d.jpg?w=1200"),
        (meta(og__image="/site-logo.png", twitter__image="/i/e.jpg"), "", "https://marlow.example/i/e.jpg"),
        (meta(og__image="data:image/png;base64,AAAA"), "", None),
        (meta(og__image="/marlow-default.png"), "", None),
        (meta(og__image="http://[broken"), "", None),
        ("", '<figure><img src="pier 7.jpg" width="800"></figure>', "https://marlow.example/news/pier%207.jpg"),
        ("", '<img class="avatar" src="ada.jpg"><img src="x.gif" width="1"><img data-src="/p.jpg">', "https://marlow.example/p.jpg"),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_main_picture(head: str, inside: str, image: str | None) -> None:
    assert filing(head=head, inside=inside).image == image


@pytest.mark.parametrize(
    ("head", "above", "section"),
    [
        (json_ld(articleSection=["Town", "Traffic"]), "", "Town"),
        (meta(article__section="Verkehr"), "", "Verkehr"),
        (meta(article__section="Uncategorized"), "", None),
        (json_ld(articleSection="Главная"), "", None),
        (
            '<script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": ['
            '{"position": 3, "item": {"name": "Swing bridge closes for nine months"}},'
            '{"position": 1, "name": "Home"}, {"position": 2, "item": {"name": "Harbour"}}]}</script>',
            "",
            "Harbour",
        ),
        ("", '<nav class="breadcrumbs"><a href="/">Home</a> <a href="/sea">Sea &amp; Shore</a></nav>', "Sea & Shore"),
        ("", '<nav class="main"><a href="/">Home</a> <a href="/sea">Sea</a></nav>', None),
    ],
)
def test_the_section(head: str, above: str, section: str | None) -> None:
    assert filing(head=head, above=above).section == section


@pytest.mark.parametrize(
    ("head", "below", "tags"),
    [
        (json_ld(keywords="bridges, Marlow Cross, type:article, bridges, 2024"), "", ("bridges", "Marlow Cross")),
        (json_ld(keywords=["Bridges", {"@type": "DefinedTerm", "name": "Ferries &amp; tolls"}]), "", ("Bridges", "Ferries & tolls")),
        (meta(article__tag="ferry") + meta(article__tag="mayor"), "", ("ferry", "mayor")),
        (meta(keywords="swing bridge, ferry"), "", ("swing bridge", "ferry")),
        (meta(keywords="news, sport, weather, shopping"), "", ()),
        ("", '<ul><li><a rel="tag" href="/t/1">Ferry</a></li><li><a rel="category tag" href="/t/2">Town</a></li></ul>', ("Ferry",)),
        ("", '<p class="post-tags"><a href="/t/1">Ferry</a> <a href="/t/2">Mayor</a></p>', ("Ferry", "Mayor")),
        ("", "<p>Schlagworte: Brücke, Fähre</p>", ("Brücke", "Fähre")),
        ("", "<p>وسوم: الجسر، العبارة</p>", ("الجسر", "العبارة")),
        ("", "", ()),
    ],
)  # fmt: skip
def test_the_tags(head: str, below: str, tags: tuple[str, ...]) -> None:
    assert filing(head=head, below=below).tags == tags


@pytest.mark.parametrize(
    ("head", "below", "paywall"),
    [
        (json_ld(isAccessibleForFree="False"), "", True),
        (json_ld(isAccessibleForFree=True), "", False),
        (json_ld(isAccessibleForFree=True, hasPart={"@type": "WebPageElement", "isAccessibleForFree": False}), "", True),
        (meta(article__content_tier="metered"), "", True),
        (meta(article__content_tier="free"), "<p>Subscribe to continue reading.</p>", False),
        (meta(article__content_tier="gold"), "", None),
        ("", "<p>Jetzt weiterlesen mit unserem Abo</p>", True),
        ("", "", None),
    ],
)  # fmt: skip
def test_whether_it_is_for_payers(head: str, below: str, paywall: bool | None) -> None:
    assert filing(head=head, below=below).paywall is paywall


def test_articles_of_a_front_take_nothing_from_their_page() -> None:
    posts = "".join(
        f"<article><h2>Post number {n}</h2><p>By Ada Quill</p><p>1{n} May 2024</p>{pages.paragraphs(start=n)}</article>"
        for n in range(3)
    )
    head = meta(og__image="/front.jpg", article__section="Diary")
    found = extract_page(
        pages.document(f"<main>{posts}</main>", head=head).encode(), url="https://marlow.example/diary/"
    )
    assert [article.filing for article in found.articles] == [Filing()] * 3
