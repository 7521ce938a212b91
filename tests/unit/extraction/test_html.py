"""HTML pages of own layouts: what is the article, what is not, and what is no article at all."""

import json

import pytest

from libs.domain.documents import ExtractedArticle
from libs.domain.extraction import extract_page
from tests.unit.extraction import pages

URL = "https://marlowmercury.example/news/swing-bridge"


def read(
    html: str, url: str = URL, encoding: str = "utf-8", content_type: str | None = "text/html"
) -> tuple[ExtractedArticle, ...]:
    return extract_page(html.encode(encoding), url=url, content_type=content_type).articles


def only(html: str, url: str = URL) -> ExtractedArticle:
    found = read(html, url)
    assert len(found) == 1, extract_page(html.encode(), url=url).rejected
    return found[0]


def whole(html: str) -> str:
    return pages.document(pages.NAV + pages.HEAD + html + pages.MORE)


@pytest.mark.parametrize("layout", sorted(pages.comment_layouts()))
def test_comments_are_records_and_no_text_whatever_their_markup(layout: str) -> None:
    article = only(whole(f"<div class='b7'>{pages.paragraphs()}</div>{pages.comment_layouts()[layout]}"))
    assert [(c.author, c.text) for c in article.comments] == pages.COMMENTS
    assert article.comments[0].published is not None
    assert article.comments[0].published.startswith("2024-05-15")
    assert article.body.split("\n\n") == pages.texts()


@pytest.mark.parametrize(
    "wrap",
    [
        "<p>{}</p>",
        "<div>{}</div>",
        "<div class='e5'><p>{}</p></div>",
        "{}<br><br>",
        "<p><span class='t'>{}</span></p>",
        "<section><div><p>{}</p></div></section>",
    ],
)
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ru", "ar"])
def test_the_body_is_the_same_in_every_markup_and_language(wrap: str, language: str) -> None:
    article = only(whole(f"<div class='b7'>{pages.paragraphs(language, wrap=wrap)}</div>"))
    assert article.body.split("\n\n") == pages.texts(language)
    assert article.title == "Swing bridge closes for nine months"
    assert article.bylines == ("Ada Quill",)
    assert article.published == "2024-05-14T21:40:00+01:00"


@pytest.mark.parametrize(
    "teaser",
    [
        "<p><b>Read also:</b> <a href='/x'>Ducks return to the mill pond</a></p>",
        "<p><a href='/x'>Ducks return to the mill pond after eleven years</a></p>",
        "<div class='k'><span>Lire aussi</span><br><a href='/x'>Les canards reviennent</a><p>Ils étaient partis depuis onze ans.</p></div>",
        "<div class='promo-box'>Get the Mercury in your letterbox every Friday.</div>",
        "<aside><p>Our reporters answer your questions about the bridge every day at noon.</p></aside>",
        "<figure><img src='b.jpg'><figcaption>The bridge on Monday.</figcaption></figure>",
        "<div>Advertisement</div>",
        "<div><p>Sign up to the Friday letter.</p><form><input type='email'><button>Go</button></form></div>",
        "<p>اقرأ أيضاً: <a href='/x'>عودة البط إلى البركة</a></p>",
        "<div>Подписывайтесь на наш канал</div>",
    ],
)
def test_what_stands_between_the_paragraphs_and_is_no_text_is_dropped(teaser: str) -> None:
    parts = pages.texts(count=6)
    inner = "".join(f"<p>{t}</p>" + (teaser if n == 2 else "") for n, t in enumerate(parts))
    assert only(whole(f"<div class='b7'>{inner}</div>")).body.split("\n\n") == parts


def test_an_article_with_subheadings_is_not_split() -> None:
    inner = "".join(
        f"<h2>What happens to the {w}</h2>{pages.paragraphs(count=3, start=10 * n)}"
        for n, w in enumerate(("ferry", "school bus", "market"))
    )
    article = only(whole(f"<div>{pages.paragraphs(count=2, start=50)}{inner}</div>"))
    assert [b.text for b in article.blocks if b.kind == "heading"] == [
        "What happens to the ferry",
        "What happens to the school bus",
        "What happens to the market",
    ]


def test_a_live_blog_is_one_article() -> None:
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting", "headline": "Swing bridge closes for nine months", "datePublished": "2024-05-14T20:00:00Z"}</script>'
    entries = "".join(
        f"<h3>Update {w}</h3><p>1{n}:05</p>{pages.paragraphs(count=2, start=10 * n)}"
        for n, w in enumerate(("from the quay", "from the hall", "from the ferry"))
    )
    assert len(read(pages.document(f"{pages.HEAD}<div>{entries}</div>", head=head))) == 1


def test_a_blog_front_with_whole_posts_gives_an_article_for_each() -> None:
    posts = "".join(
        f"<div class='post'><h2><a href='/2024/0{n}/p{n}'>{w} on the river</a></h2><p class='when'>{n} May 2024</p>{pages.paragraphs(count=4, start=10 * n)}</div>"
        for n, w in enumerate(("Herons", "Swans", "Otters"), 1)
    )
    found = read(
        pages.document(f"{pages.NAV}<div id='m'>{posts}</div>", title="Mud and Reeds", site="Mud and Reeds"),
        url="https://mud.example/diary/",
    )
    assert [a.title for a in found] == ["Herons on the river", "Swans on the river", "Otters on the river"]
    assert [a.published for a in found] == ["2024-05-01", "2024-05-02", "2024-05-03"]
    assert found[1].body.split("\n\n") == pages.texts(count=4, start=20)


def test_a_press_review_gives_an_article_for_each_piece_with_its_source() -> None:
    pieces = "".join(
        f"<h3>{w} and the bridge</h3><p>By {a}</p><p>Source: {s}</p>{pages.paragraphs(count=3, start=10 * n)}"
        for n, (w, a, s) in enumerate((("Trade", "Ann Lowe", "Harbour Post"), ("Schools", "Bo Tarn", "Valley Echo")))
    )
    found = read(pages.document(f"<h1>Press review</h1><div>{pieces}</div>", title="Press review"))
    assert [(a.title, a.bylines, a.credit) for a in found] == [
        ("Trade and the bridge", ("Ann Lowe",), "Harbour Post"),
        ("Schools and the bridge", ("Bo Tarn",), "Valley Echo"),
    ]


CARDS = "".join(
    f"<div class='card'><h3><a href='/n/{n}'>Headline number {n} about the river</a></h3><p>A short summary of what happened on the river.</p></div>"
    for n in range(9)
)


@pytest.mark.parametrize(
    ("html", "url", "reason"),
    [
        (
            pages.document(f"{pages.NAV}<div>{CARDS}</div>", title="Marlow Mercury"),
            "https://marlowmercury.example/",
            "not_article",
        ),
        (
            pages.document(f"{pages.NAV}<h1>Bridges</h1><div>{CARDS}</div>", title="Bridges"),
            "https://marlowmercury.example/tag/bridges",
            "not_article",
        ),
        (
            pages.document(f"<h1>Search results</h1><div>{CARDS}</div>", title="Search results"),
            "https://marlowmercury.example/search?q=x",
            "not_article",
        ),
        (
            pages.document(f"<h1>About us</h1>{pages.paragraphs(count=2)}", title="About us"),
            "https://marlowmercury.example/about",
            "not_article",
        ),
        (
            pages.document(
                "<h1>Impressum</h1><p>Verantwortlich: A. Quill, Am Markt 1, Oberfelden.</p>", title="Impressum"
            ),
            "https://a.example/impressum",
            "not_article",
        ),
        (
            pages.document(
                "<h1>Page not found</h1><p>The page you are looking for has moved or never was.</p>",
                title="Page not found",
            ),
            URL,
            "soft_404",
        ),
        (
            pages.document(
                "<h1>Seite nicht gefunden</h1><p>Hier ist leider nichts mehr zu lesen.</p>", title="Fehler 404"
            ),
            URL,
            "soft_404",
        ),
        (
            pages.document(
                pages.HEAD + "<p>The bridge closes.</p><p>Subscribe to continue reading this story.</p>",
                head='<meta property="og:type" content="article">',
            ),
            URL,
            "paywall_stub",
        ),
        ("<html><body></body></html>", URL, "empty"),
    ],
)
def test_what_is_no_article_is_rejected_with_its_reason(html: str, url: str, reason: str) -> None:
    page = extract_page(html.encode(), url=url, content_type="text/html")
    assert (page.rejected, page.articles) == (reason, ())


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="2024-03-01T08:09:00+02:00">', "2024-03-01T08:09:00+02:00"),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": ["NewsArticle"], "headline": "x", "datePublished": "2024-03-01T08:09:00Z"}]}</script>',
            "2024-03-01T08:09:00+00:00",
        ),
        (
            '<script type="application/ld+json">{"@type": "NewsArticle",\n "datePublished": "2024-03-01T08:09:00Z", "description": "a\nb",}</script>',
            "2024-03-01T08:09:00+00:00",
        ),
        ('<meta name="date" content="2024-03-01">', "2024-03-01"),
    ],
)
def test_declared_times_come_before_printed_ones(head: str, expected: str) -> None:
    html = pages.document(f"<h1>Swing bridge closes for nine months</h1>{pages.paragraphs()}", head=head)
    assert only(html).published == expected


def test_a_feed_time_gives_the_zone_that_the_page_does_not_print() -> None:
    html = pages.document(
        f"<h1>Swing bridge closes for nine months</h1><div>14.05.2024 21:40</div>{pages.paragraphs()}"
    ).encode()
    assert extract_page(html, url=URL).articles[0].published == "2024-05-14"
    told = extract_page(html, url=URL, published_hint="2024-05-14T18:40:00Z").articles[0]
    assert told.published == "2024-05-14T21:40:00+03:00"
    other = extract_page(html, url=URL, published_hint="2024-06-01T18:40:00Z").articles[0]
    assert other.published == "2024-05-14"


def test_a_page_without_any_date_has_none() -> None:
    html = pages.document(
        f"<h1>Swing bridge closes for nine months</h1>{pages.paragraphs(count=8)}<footer>© 2019 Marlow Mercury</footer>"
    )
    assert only(html).published is None


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("Von Ada Quill und Bo Tarn", ("Ada Quill", "Bo Tarn")),
        ("Por Marta Ruiz", ("Marta Ruiz",)),
        ("Text: Jan Holm", ("Jan Holm",)),
        ("Автор: Нина Реброва", ("Нина Реброва",)),
        ("بقلم: سليم حداد", ("سليم حداد",)),
        ("By Mercury staff", ("Mercury staff",)),
    ],
)
def test_bylines_lose_their_by(printed: str, names: tuple[str, ...]) -> None:
    html = pages.document(
        f"<h1>Swing bridge closes for nine months</h1><div>{printed}</div><div>14 May 2024</div><div>{pages.paragraphs()}</div>"
    )
    assert only(html).bylines == names


def test_titles_lose_the_name_of_the_site() -> None:
    for pattern in (
        "{} | Marlow Mercury",
        "Marlow Mercury - {}",
        "{} « Marlow Mercury",
        "Marlow Mercury :: {}",
        "{} – News – Marlow Mercury",
    ):
        html = f"<html><head><title>{pattern.format('A bridge, half a house')}</title></head><body><div>Marlow Mercury</div><p>14 May 2024</p><div><b>A bridge, half a house</b></div>{pages.paragraphs()}</body></html>"
        assert only(html).title == "A bridge, half a house", pattern


def test_blocks_carry_the_markup_that_marks_speakers() -> None:
    body = f"<p><b>Mercury:</b> What now?</p><p><i>And then?</i></p><dl><dt>Why nine months?</dt><dd>{pages.texts()[0]}</dd></dl><blockquote>{pages.texts()[1]}</blockquote><p class='q'>Who pays?</p>{pages.paragraphs(start=5)}"
    head = "<style>.q{font-weight:bold}</style>"
    article = only(pages.document(f"{pages.HEAD}<div>{body}</div>", head=head))
    kinds = {b.text[:12]: (b.kind, b.label) for b in article.blocks[:6]}
    assert kinds == {
        "Mercury: Wha": ("paragraph", "Mercury:"),
        "And then?": ("em", None),
        "Why nine mon": ("term", None),
        "The town cou": ("blockquote", None),
        "Who pays?": ("strong", None),
    }
    assert all(article.body[b.start : b.end] == b.text for b in article.blocks)


@pytest.mark.parametrize(
    ("encoding", "declared", "language"),
    [
        ("windows-1251", "", "ru"),
        ("windows-1251", "iso-8859-1", "ru"),
        ("windows-1252", "utf-8", "fr"),
        ("utf-8", "iso-8859-1", "fr"),
        ("utf-8", "windows-1251", "ar"),
        ("utf-16", "utf-8", "de"),
        ("windows-1256", "", "ar"),
        ("koi8-r", "koi8-r", "ru"),
    ],
)
def test_the_encoding_is_found_however_it_is_declared(encoding: str, declared: str, language: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    html = pages.document(
        f"<h1>Swing bridge closes for nine months</h1><p>14 May 2024</p><div>{pages.paragraphs(language)}</div>",
        head=meta,
    )
    article = extract_page(html.encode(encoding), url=URL).articles[0]
    assert article.body.split("\n\n") == pages.texts(language)
    assert article.language == language


def test_mojibake_nul_and_lone_surrogates_do_not_reach_the_body() -> None:
    broken = pages.texts("fr")[0].encode().decode("windows-1252")
    html = pages.document(
        f"{pages.HEAD}<div><p>{broken}</p>{pages.paragraphs('fr', start=1)}<p>Line with a\x00 zero and &#xD800; half a pair in it, ten words.</p></div>"
    )
    body = only(html).body
    assert body.split("\n\n")[0] == pages.texts("fr")[0]
    assert "\x00" not in body
    json.dumps(body).encode()
    body.encode("utf-8")


def test_a_news_flash_is_an_article() -> None:
    flash = (
        "<p>The swing bridge at Marlow Cross was closed after a ship struck it, police said.</p><p>Nobody was hurt.</p>"
    )
    article = only(
        pages.document(f"<h1>Bridge closed</h1><div>14 May 2024, 21:40 GMT</div>{flash}", title="Bridge closed")
    )
    assert article.body.endswith("police said.\n\nNobody was hurt.")
    assert article.published == "2024-05-14T21:40:00+00:00"


def test_questions_of_a_class_of_their_own_are_set_apart_like_bold_ones() -> None:
    inner = "".join(
        f"<p class='q'>Why does bridge {n} close?</p><p class='a'>{t}</p>" for n, t in enumerate(pages.texts())
    )
    article = only(whole(f"<div class='b7'>{inner}</div>"))
    assert [b.kind for b in article.blocks] == ["strong", "paragraph"] * 5


def test_dashed_turns_on_single_lines_are_blocks_of_their_own() -> None:
    inner = "<br>".join(f"— Why does bridge {n} close?<br>— {t}" for n, t in enumerate(pages.texts()))
    assert len(only(whole(f"<div class='b7'><div>{inner}</div></div>")).blocks) == 10


def test_names_and_times_below_a_comment_belong_to_it() -> None:
    rows = "".join(f"<div><p>{text}</p><span>{name} am 15.05.2024, 08:00</span></div>" for name, text in pages.COMMENTS)
    article = only(
        whole(f"<div class='b7'>{pages.paragraphs()}</div><div class='u'><h3>Kommentare (3)</h3>{rows}</div>")
    )
    assert [(c.author, c.text) for c in article.comments] == pages.COMMENTS


@pytest.mark.parametrize("times", [0, 1])
@pytest.mark.parametrize("text_tag", ["p", "div"])
def test_comments_of_one_kind_side_by_side_are_parted_though_times_are_missing(times: int, text_tag: str) -> None:
    rows = "".join(
        f"<div class='comment depth-{n}'><span class='author'>{name}</span>"
        f"{'<time>14 May 2024, 08:00</time>' if n < times else ''}<{text_tag}>{text}</{text_tag}></div>"
        for n, (name, text) in enumerate(pages.COMMENTS)
    )
    article = only(whole(f"<div class='b7'>{pages.paragraphs()}</div><section class='comments'>{rows}</section>"))
    assert [(c.author, c.text) for c in article.comments] == pages.COMMENTS
    assert [c.published is not None for c in article.comments] == [n < times for n in range(len(pages.COMMENTS))]


def test_names_and_times_that_only_a_style_sheet_parts_are_parted() -> None:
    rows = "".join(
        f"<div class='z'><b>{name}</b><span>{n} hours ago</span><p>{text}</p></div>"
        for n, (name, text) in enumerate(pages.COMMENTS, 1)
    )
    article = only(
        whole(f"<div class='b7'>{pages.paragraphs()}</div><div class='u'><div>3 Responses</div>{rows}</div>")
    )
    assert [(c.author, c.published, c.text) for c in article.comments] == [
        (name, None, text) for name, text in pages.COMMENTS
    ]


def test_a_class_name_that_lies_does_not_lose_the_article() -> None:
    html = pages.document(
        f"{pages.HEAD}<div class='related sidebar'>{pages.paragraphs(count=7)}</div><div><p>Short note on something else entirely here.</p></div>"
    )
    assert only(html).body.split("\n\n") == pages.texts(count=7)


def test_reading_is_deterministic() -> None:
    html = whole(f"<div>{pages.paragraphs()}</div>{pages.comment_layouts()['details']}").encode()
    assert extract_page(html, url=URL) == extract_page(html, url=URL)
