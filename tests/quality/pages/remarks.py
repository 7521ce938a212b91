"""Comment sections in every markup that pages use, with names and times as they print them.

In: the texts of a language. Out: the HTML of a section; `RELATIVE` names those that print "3 hours ago" and no date.
"""

from collections.abc import Callable

from tests.quality.pages.texts import Texts

Markup = Callable[[Texts], str]


def _section(t: Texts, start: str, row: str, end: str) -> str:
    """Templates: `{head}` is the heading, `{reply}` the button; the row also has author, time, ago, text."""
    words = {"head": t.words["comments"], "reply": t.words["reply"], "kind": t.words["comment_class"]}
    rows = [row.format(author=r.author, time=r.time, ago=r.ago, text=r.text, day=r.day, **words) for r in t.remarks]
    return start.format(**words) + "".join(rows) + end


def inside_article(t: Texts) -> str:
    return _section(
        t,
        '<div id="comments" class="comments-area"><h2>{head}</h2><ol class="comment-list">',
        '<li class="comment"><div class="comment-author">{author}</div><div class="comment-meta">{time}</div><div class="comment-content"><p>{text}</p></div><a class="comment-reply-link" href="#r">{reply}</a></li>',
        "</ol></div>",
    )


def details(t: Texts) -> str:
    return _section(
        t,
        '<details class="thread"><summary>{head}</summary>',
        "<div><p><b>{author}</b>, {time}</p><p>{text}</p></div>",
        "</details>",
    )


def hashed(t: Texts) -> str:
    return _section(
        t,
        '<div class="sc-gKAaRy"><h3 class="sc-iCoGMd">{head}</h3>',
        '<div class="sc-fujyAs"><span class="sc-pNWdM">{author}</span><span class="sc-jrsJWt">{time}</span><div class="sc-kEqXSa">{text}</div><span>{reply}</span></div>',
        "</div>",
    )


def hashed_relative(t: Texts) -> str:
    return _section(
        t,
        '<div class="x1a"><h3 class="x1b">{head}</h3>',
        '<div class="x1c"><span class="x1d">{author}</span> <span class="x1e">{ago}</span><div class="x1f">{text}</div></div>',
        "</div>",
    )


def schema_org(t: Texts) -> str:
    return _section(
        t,
        "<section>",
        '<div itemscope itemtype="https://schema.org/Comment"><span itemprop="author">{author}</span> <time itemprop="dateCreated" datetime="{day}">{time}</time><p itemprop="text">{text}</p></div>',
        "</section>",
    )


def other_language(t: Texts) -> str:
    return _section(
        t,
        '<section class="{kind}"><h3>{head}</h3>',
        "<div><strong>{author}</strong> – {time}<p>{text}</p></div>",
        "</section>",
    )


def forum_table(t: Texts) -> str:
    return _section(
        t,
        '<div class="forumbox"><h3>{head}</h3><table>',
        '<tr><td width="120"><b>{author}</b><br>{time}</td><td>{text}</td></tr>',
        "</table></div>",
    )


def bare_table(t: Texts) -> str:
    return _section(
        t,
        '<table class="b2"><tr><td colspan="2"><b>{head}</b></td></tr>',
        "<tr><td>{author}</td><td>{time}</td></tr><tr><td colspan='2'>{text}</td></tr>",
        "</table>",
    )


def bare_paragraphs(t: Texts) -> str:
    return _section(t, "<div><h3>{head}</h3>", "<p>{author} | {time}</p><p>{text}</p>", "</div>")


def nested_replies(t: Texts) -> str:
    return _section(
        t,
        "<div class='zz1'><h3>{head}</h3><ul>",
        "<li><div>{author} · {time}</div><div>{text}</div><div>{reply}</div><ul>",
        "</ul></li>" * len(t.remarks) + "</ul></div>",
    )


def signed_below(t: Texts) -> str:
    return _section(
        t, "<div class='w3'><h4>{head}</h4>", "<div><p>{text}</p><span>{author}, {time}</span></div>", "</div>"
    )


MARKUPS: dict[str, Markup] = {
    markup.__name__: markup
    for markup in (
        inside_article, details, hashed, hashed_relative, schema_org, other_language, forum_table, bare_table,
        bare_paragraphs, nested_replies, signed_below,
    )
}  # fmt: skip
RELATIVE = frozenset({"hashed_relative"})
