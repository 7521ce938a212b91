"""Ten site layouts: the same article between the furniture of ten kinds of site.

In: what to print (`Print`). Out: HTML. Each layout is a function and says in `LAYOUTS` how it sets a paragraph and
whether its page tells the time of publication to the minute or the day alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Print:
    """What a page shows. `inner` is the HTML of the text, `below` that of its comments."""

    words: dict[str, Any]
    language: str
    title: str
    deck: str
    author: str
    inner: str
    below: str = ""


def _links(items: list[str], wrap: str) -> str:
    return "".join(wrap.format(f'<a href="/{n}/item-{n}">{text}</a>') for n, text in enumerate(items, 1))


def _page(p: Print, head: str, body: str) -> str:
    direction = ' dir="rtl"' if p.language == "ar" else ""
    return f'<!doctype html><html lang="{p.language}"{direction}><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def blog(p: Print) -> str:
    w = p.words
    head = f'<title>{p.title} – {w["site"]}</title><meta property="article:published_time" content="{w["declared"]}"><meta property="og:type" content="article"><meta property="og:title" content="{p.title}">'
    side = f'<div id="secondary" class="widget-area"><section class="widget"><h2>{w["related"]}</h2><ul>{_links(w["teasers"], "<li>{}</li>")}</ul></section></div>'
    article = f'<article class="hentry"><header><h1 class="entry-title">{p.title}</h1><div class="entry-meta">{w["by"].format(p.author)} <time datetime="{w["declared"]}">{w["day_only"]}</time></div></header><div class="entry-content">{p.inner}</div><footer class="entry-footer">{w["tags"]}</footer></article>'
    return _page(
        p,
        head,
        f'<div id="page"><nav>{_links(w["menu"], "{} ")}</nav><main>{article}{p.below}</main>{side}</div><footer>{w["rights"]}</footer>',
    )


def hashed(p: Print) -> str:
    w = p.words
    data = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": w["site"]},
            {"@type": "NewsArticle", "headline": p.title, "datePublished": w["declared"], "author": [{"@type": "Person", "name": p.author}]},
        ],
    }  # fmt: skip
    head = f'<title>{p.title} | {w["site"]}</title><script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
    top = f'<div class="css-1x9k"><h1 class="css-77a">{p.title}</h1><div class="css-4d0">{p.deck}</div><div class="css-9q"><span>{w["by"].format(p.author)}</span></div></div>'
    more = f'<div class="css-8mm"><h3>{w["related"]}</h3>{_links(w["teasers"], "<div class=css-2>{}</div>")}</div>'
    return _page(
        p,
        head,
        f'<div class="css-0"><div class="css-nv">{_links(w["menu"], "<span>{}</span>")}</div>{top}<div class="css-b0dy">{p.inner}</div>{p.below}{more}<div class="css-ft">{w["rights"]}</div></div>',
    )


def tables(p: Print) -> str:
    w = p.words
    menu = "<br>".join(f'<a href="/{n}.html">{m}</a>' for n, m in enumerate(w["menu"]))
    text = f'<font size="5"><b>{p.title}</b></font><br><font size="2">{w["by"].format(p.author)}</font><br><font size="1">{w["day_only"]}</font><hr>{p.inner}{p.below}'
    return _page(
        p,
        f"<title>{w['site']}: {p.title}</title>",
        f'<table width="760"><tr><td colspan="2"><img src="logo.gif" alt="{w["site"]}"></td></tr><tr><td width="120" valign="top">{menu}</td><td valign="top">{text}</td></tr><tr><td colspan="2"><font size="1">{w["rights"]}</font></td></tr></table>',
    )


def semantic(p: Print) -> str:
    w = p.words
    head = f'<title>{p.title} · {w["site"]}</title><meta name="date" content="{w["declared"]}"><meta name="description" content="{p.deck}">'
    top = f'<header><h1>{p.title}</h1><p>{p.deck}</p><address><a rel="author" href="/author">{p.author}</a></address><time datetime="{w["declared"]}">{w["stamp"]}</time></header>'
    figure = f'<figure><img src="a.jpg" alt=""><figcaption>{w["caption"]}</figcaption></figure>'
    aside = f"<aside><h2>{w['related']}</h2><ul>{_links(w['teasers'], '<li>{}</li>')}</ul></aside>"
    return _page(
        p,
        head,
        f'<header><nav><ul>{_links(w["menu"], "<li>{}</li>")}</ul></nav></header><main><article>{top}{figure}<section>{p.inner}</section>{p.below}</article>{aside}</main><form><label>{w["letter"]}</label><input type="email"><button>OK</button></form><footer><p>{w["rights"]}</p></footer>',
    )


def microdata(p: Print) -> str:
    w = p.words
    body = f'<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop="headline">{p.title}</h1><p class="lede" itemprop="description">{p.deck}</p><p>{w["by"].format(f"""<span itemprop="author">{p.author}</span>""")}</p><meta itemprop="datePublished" content="{w["declared"]}"><div itemprop="articleBody">{p.inner}</div></div>'
    return _page(
        p,
        f"<title>{p.title}</title>",
        f'<div class="topbar">{_links(w["menu"], "{} | ")}</div><div class="wrapper"><div class="col-8">{body}{p.below}</div><div class="col-4 sidebar"><h4>{w["related"]}</h4>{_links(w["teasers"], "<p>{}</p>")}</div></div><div class="bottom">{w["rights"]}</div>',
    )


def divs(p: Print) -> str:
    w = p.words
    top = f'<div class="rubric">{w["menu"][1]}</div><div class="when">{w["stamp"]}</div><h1>{p.title}</h1><div class="sub">{p.deck}</div>'
    share = '<div class="share"><a href="#f">Facebook</a> <a href="#t">Telegram</a> <a href="#w">WhatsApp</a></div>'
    text = f'<div class="txt">{p.inner}</div><div class="sign"><b>{w["by"].format(p.author)}</b></div>'
    return _page(
        p,
        f"<title>{p.title} « {w['site']}</title>",
        f'<div class="bar">{_links(w["menu"], "<div>{}</div>")}</div><div class="content">{top}{share}{text}{share}<div class="tags">{w["tags"]}</div>{p.below}</div><div class="more"><div class="h">{w["related"]}</div>{_links(w["teasers"], "<div>{}</div>")}</div>',
    )


def amp(p: Print) -> str:
    w = p.words
    data = {"@context": "http://schema.org", "@type": "ReportageNewsArticle", "headline": p.title, "datePublished": w["declared"], "author": p.author}  # fmt: skip
    head = f'<title>{p.title}</title><link rel="canonical" href="https://www.site.example/story"><script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script><style amp-boilerplate>body{{visibility:hidden}}</style>'
    body = f'<amp-sidebar id="m" layout="nodisplay"><ul>{_links(w["menu"], "<li>{}</li>")}</ul></amp-sidebar><article><h1>{p.title}</h1><amp-img src="a.jpg"></amp-img><div class="cap">{w["caption"]}</div><div class="meta">{w["by"].format(p.author)} · {w["stamp"]}</div>{p.inner}</article>{p.below}<amp-list src="/more.json"></amp-list><amp-consent layout="nodisplay"><div>{w["cookies"]}</div></amp-consent>'
    return _page(p, head, body)


def plain(p: Print) -> str:
    w = p.words
    body = f"<center><h2>{p.title}</h2></center><p align=right><i>{p.author}, {w['day_only']}</i></p><hr>{p.inner}<hr>{p.below}<p><small>{w['rights']}</small></p>"
    return _page(p, f"<title>{p.title}</title>", body)


def portal(p: Print) -> str:
    w = p.words
    head = f'<title>{p.title} - {w["site"]}</title><meta property="og:site_name" content="{w["site"]}"><meta property="og:type" content="article"><meta property="article:published_time" content="{w["declared"]}">'
    top = f'<div class="kicker">{w["menu"][1]}</div><h1>{p.title}</h1><h2 class="deck">{p.deck}</h2><div class="byline">{w["by"].format(p.author)}</div>'
    blocks = p.inner.split("</p>")
    middle = f'<div class="promo-inline"><p><b>{w["read_also"]}:</b> <a href="/r/1">{w["teasers"][0]}</a></p></div>'
    inner = "</p>".join([*blocks[:2], middle + blocks[2], *blocks[3:]]) if len(blocks) > 6 else p.inner
    ads = '<div class="ad-slot" id="ad-2"></div>'
    return _page(
        p,
        head,
        f'<div class="mega-menu">{_links(w["menu"], "<div>{}</div>")}</div><div class="grid"><div class="story-body">{top}{ads}{inner}</div><div class="newsletter-box"><p>{w["letter"]}</p><input><button>OK</button></div>{p.below}<div class="tags">{w["tags"]}</div></div><div class="footer">{w["rights"]}</div>',
    )


def magazine(p: Print) -> str:
    w = p.words
    cards = "".join(
        f'<div class="card"><h3><a href="/c/{n}">{t}</a></h3><p>{t}.</p></div>' for n, t in enumerate(w["teasers"])
    )
    crumbs = (
        f'<ol class="breadcrumb"><li><a href="/">{w["menu"][0]}</a></li><li><a href="/x">{w["menu"][2]}</a></li></ol>'
    )
    top = f'<h1 class="display-4">{p.title}</h1><p class="text-muted">{w["by"].format(p.author)} &nbsp;|&nbsp; <span data-time="1">{w["stamp"]}</span></p>'
    return _page(
        p,
        f'<title>{p.title} :: {w["site"]}</title><meta property="og:type" content="article">',
        f'<div role="dialog" class="consent">{w["cookies"]}</div><div class="container"><div class="row"><div class="col-md-4 order-2">{cards}</div><div class="col-md-8">{crumbs}{top}<div class="lead-text">{p.inner}</div>{p.below}</div></div></div><div class="copyright">{w["rights"]}</div>',
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """`wrap` sets one paragraph, `time` names the entry of the texts that the page's time must give; `picture` is a file,
    `section` the place of a menu's entry, and `tagged` tells whether tags are printed."""

    render: Callable[[Print], str]
    wrap: str = "<p>{}</p>"
    time: str = "declared"
    picture: str | None = None
    section: int | None = None
    tagged: bool = False


LAYOUTS: dict[str, Layout] = {
    "blog": Layout(blog, tagged=True),
    "hashed": Layout(hashed, wrap='<p class="css-p1">{}</p>'),
    "tables": Layout(tables, wrap="<p>{}", time="day"),
    "semantic": Layout(semantic, picture="a.jpg"),
    "microdata": Layout(microdata, wrap="<div>{}</div>"),
    "divs": Layout(divs, wrap="{}<br><br>", time="printed", section=1, tagged=True),
    "amp": Layout(amp, wrap='<p class="p">{}</p>', picture="a.jpg"),
    "plain": Layout(plain, wrap="<p>{}", time="day"),
    "portal": Layout(portal, wrap='<p class="paragraph"><span>{}</span></p>', section=1, tagged=True),
    "magazine": Layout(magazine, time="printed", section=2),
}
