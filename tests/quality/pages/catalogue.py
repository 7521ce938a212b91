"""The pages of the own set, each with its exact truth.

In: texts, layouts, styles of interviews and of comments. Out: `PAGES`, a list of `Page`s with names that tell what they
combine. Every combination of language with style or markup is there once; layouts take turns.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

from libs.domain.documents import Filing
from tests.quality.pages.layouts import LAYOUTS, Layout, Print
from tests.quality.pages.remarks import MARKUPS, RELATIVE
from tests.quality.pages.talks import STYLES
from tests.quality.pages.texts import LANGUAGES, Story, Texts, texts


@dataclass(frozen=True, slots=True)
class Truth:
    """What one article of a page is. `turns` are pairs of role and words."""

    title: str
    bylines: tuple[str, ...]
    published: str | None
    language: str
    body: tuple[str, ...]  # paragraphs; of an interview those before its first turn
    comments: tuple[tuple[str, str | None, str], ...] = ()  # author, ISO day, text
    credit: str | None = None
    quoted: str | None = None  # who speaks in every quotation
    filing: Filing | None = None  # None where it is not asked for
    turns: tuple[tuple[str, str], ...] = ()
    interviewee: str | None = None
    interviewer: str | None = None
    outlet: str | None = None
    aired: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """HTML and what it holds: articles in order, or the reason why it is none."""

    name: str
    html: str
    url: str
    articles: tuple[Truth, ...] = field(default=())
    rejected: str | None = None


def _published(layout: Layout, t: Texts) -> str:
    return str(t.words[layout.time]) if layout.time != "day" else t.words["declared"][:10]


def _filing(t: Texts, layout: Layout) -> Filing:
    tags = re.split(r"[,،]", re.split("[:：]", t.words["tags"], maxsplit=1)[1]) if layout.tagged else []
    return Filing(
        image=f"https://site.example/town/{layout.picture}" if layout.picture else None,
        section=t.words["menu"][layout.section] if layout.section is not None else None,
        tags=tuple(tag.strip() for tag in tags),
    )


def _report(t: Texts, layout: Layout, story: Story, below: str = "") -> tuple[str, Truth]:
    inner = "\n".join(layout.wrap.format(p) for p in story.paragraphs)
    html = layout.render(Print(t.words, t.language, story.title, story.deck, story.author, inner, below))
    truth = Truth(
        story.title,
        (story.author,),
        _published(layout, t),
        t.language,
        story.paragraphs,
        credit=story.agency,
        quoted=story.quoted,
        filing=_filing(t, layout),
    )
    return html, truth


def reports() -> Iterator[Page]:
    """Every layout in every language."""
    for code in LANGUAGES:
        t = texts(code)
        for n, (name, layout) in enumerate(LAYOUTS.items()):
            html, truth = _report(t, layout, t.stories[n % 3])
            yield Page(f"report-{name}-{code}", html, f"https://site.example/town/story-{n}", (truth,))


_LOCKS: dict[str, Callable[[Texts], str]] = {
    "notice": lambda t: f"<p>{t.words['paywall']}</p>",
    "box": lambda t: f'<div class="x7"><div>{t.words["paywall"]}</div><a href="/abo">{t.words["menu"][-1]}</a></div>',
    "json": lambda t: (
        '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
    ),
}


def paywalls() -> Iterator[Page]:
    """Every way to say that the rest is for payers, in every language."""
    layouts = cycle(
        (name, layout) for name, layout in LAYOUTS.items() if name in ("blog", "semantic", "amp", "magazine")
    )
    for code in LANGUAGES:
        t = texts(code)
        for lock, printed in _LOCKS.items():
            name, layout = next(layouts)
            html, truth = _report(t, layout, t.stories[1], printed(t))
            filing = replace(truth.filing or Filing(), paywall=True)
            yield Page(
                f"paywall-{lock}-{code}-{name}",
                html,
                "https://site.example/town/story-1",
                (replace(truth, filing=filing),),
            )


_UNUSED = {("initials_bold", "ar")}  # Arabic papers do not print initials


def interviews() -> Iterator[Page]:
    """Every style of interview in every language."""
    layouts = cycle(LAYOUTS.items())
    for code in LANGUAGES:
        t = texts(code)
        talk = t.talk
        for style, mark in STYLES.items():
            name, layout = next(layouts)
            if (style, code) in _UNUSED:
                continue
            inner = mark(talk)
            html = layout.render(Print(t.words, code, talk.title, "", talk.author, inner))
            truth = Truth(
                talk.title, (talk.author,), _published(layout, t), code, talk.intro,
                turns=tuple(turn for q, a in talk.turns for turn in (("question", q), ("answer", a))),
                interviewee=talk.interviewee, interviewer=talk.interviewer, outlet=talk.outlet, aired=talk.aired,
            )  # fmt: skip
            yield Page(f"interview-{style}-{code}-{name}", html, "https://site.example/talk/one", (truth,))
        next(layouts)  # so that a style meets another layout in each language


def comments() -> Iterator[Page]:
    """Every markup of comments in every language."""
    layouts = cycle(LAYOUTS.items())
    for code in LANGUAGES:
        t = texts(code)
        for markup, section in MARKUPS.items():
            name, layout = next(layouts)
            html, truth = _report(t, layout, t.stories[0], section(t))
            told = tuple((r.author, None if markup in RELATIVE else r.day, r.text) for r in t.remarks)
            truth = Truth(**{**{k: getattr(truth, k) for k in Truth.__slots__}, "comments": told})
            yield Page(f"comments-{markup}-{code}-{name}", html, "https://site.example/town/story", (truth,))


_FRONTS: dict[str, tuple[str, str, str]] = {  # start, one post, end
    "articles": ("<main>", '<article><h2><a href="/p/{n}">{title}</a></h2><div class="meta">{by} · {day}</div>{text}</article>', "</main>"),
    "posts": ('<div id="content">', '<div class="post"><h3 class="post-title">{title}</h3><p class="post-meta">{day}, {by}</p><div class="entry">{text}</div></div>', "</div>"),
    "sections": ("<main>", '<section class="item"><header><h2>{title}</h2><p>{by}</p><time>{day}</time></header>{text}</section>', "</main>"),
    "table": ("<table>", "<tr><td><b>{title}</b><br><font size=1>{by}, {day}</font>{text}</td></tr>", "</table>"),
    "rules": ("<div>", "<p>* * *</p><h2>{title}</h2><p>{by}</p><p>{day}</p>{text}", "</div>"),
}  # fmt: skip


def fronts() -> Iterator[Page]:
    """Front pages with three whole posts."""
    for code in LANGUAGES:
        t = texts(code)
        w = t.words
        for name, (start, post, end) in _FRONTS.items():
            rows = [
                post.format(n=n, title=s.title, by=w["by"].format(s.author), day=w["day_only"], text="".join(f"<p>{p}</p>" for p in s.paragraphs))
                for n, s in enumerate(t.stories)
            ]  # fmt: skip
            menu = "".join(f'<li><a href="/{n}">{m}</a></li>' for n, m in enumerate(w["menu"]))
            html = f'<!doctype html><html lang="{code}"><head><title>{w["site"]}</title></head><body><h1><a href="/">{w["site"]}</a></h1><ul>{menu}</ul>{start}{"".join(rows)}{end}<footer>{w["rights"]}</footer></body></html>'
            truths = tuple(
                Truth(s.title, (s.author,), w["declared"][:10], code, s.paragraphs, credit=s.agency, quoted=s.quoted)
                for s in t.stories
            )
            yield Page(f"front-{name}-{code}", html, "https://site.example/diary/", truths)


def live_blogs() -> Iterator[Page]:
    """One article of entries with times and titles of their own."""
    for code in LANGUAGES:
        t = texts(code)
        w = t.words
        main, *others = t.stories
        entries = [(s.title, s.paragraphs) for s in others]
        lead = main.paragraphs[:2]
        rows = "".join(
            f'<div class="entry" id="e{n}"><time class="clock">1{n}:05</time><h3>{title}</h3>{"".join(f"<p>{p}</p>" for p in text)}</div>'
            for n, (title, text) in enumerate(entries)
        )
        head = f'<title>{main.title}</title><script type="application/ld+json">{{"@type": "LiveBlogPosting", "headline": "{main.title}", "datePublished": "{w["declared"]}", "author": {{"@type": "Person", "name": "{main.author}"}}}}</script>'
        html = f'<!doctype html><html lang="{code}"><head>{head}</head><body><main><h1>{main.title}</h1><div class="lead">{"".join(f"<p>{p}</p>" for p in lead)}</div><div class="feed">{rows}</div></main></body></html>'
        body = (*lead, *(part for title, text in entries for part in (title, *text)))
        yield Page(
            f"live-{code}", html, "https://site.example/live/one",
            (Truth(main.title, (main.author,), w["declared"], code, body, quoted=others[0].quoted),),
        )  # fmt: skip


def undated() -> Iterator[Page]:
    """Short reports that carry an author and no time at all, and no declared type."""
    for code in LANGUAGES:
        t = texts(code)
        story = t.stories[2]
        text = "".join(f"<p>{p}</p>" for p in story.paragraphs)
        html = f'<html><head><title>{story.title}</title></head><body><div><h1>{story.title}</h1><div class="author">{t.words["by"].format(story.author)}</div>{text}</div></body></html>'
        truth = Truth(story.title, (story.author,), None, code, story.paragraphs)
        yield Page(f"undated-{code}", html, "https://site.example/town/undated", (truth,))


def no_articles() -> Iterator[Page]:
    """Fronts of teasers and pages of a tag: nothing on them is an article."""
    for code in LANGUAGES:
        t = texts(code)
        w = t.words
        cards = "".join(
            f'<div class="c"><a href="/s/{n}"><h3>{s.title}</h3></a><p>{s.deck}</p><span>{w["day_only"]}</span></div>'
            for n, s in enumerate(t.stories * 3)
        )
        for name, url in (("home", "https://site.example/"), ("tag", f"https://site.example/tag/{code}/")):
            html = f'<!doctype html><html lang="{code}"><head><title>{w["site"]}</title></head><body><h1>{w["site"]}</h1><div>{cards}</div><footer>{w["rights"]}</footer></body></html>'
            yield Page(f"none-{name}-{code}", html, url, rejected="not_article")


def pages() -> Sequence[Page]:
    """The whole set, in a fixed order."""
    kinds = (reports, paywalls, interviews, comments, fronts, live_blogs, undated, no_articles)
    return [page for kind in kinds for page in kind()]
