"""The current articles as people and programs see them, `docs/reference/cli.md` has the shape.

Nothing here depends on when or in which order things arrived.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.queries.links import links_of
from libs.adapters.postgres.tables import articles, comments, filings, pages, quotes, revisions, turns
from libs.domain.revisions import article_key

Json = dict[str, Any]
AT_ONCE: Final = 200
_TEXT: Final = (
    *("title", "bylines", "credit", "outlet", "publisher", "published", "language", "kind", "interviewee"),
    *("broadcasters", "aired", "questions", "words"),
)


_FILING: Final = ("section", "tags", "image", "paywall")


async def current_articles(
    engine: AsyncEngine, *, full: bool = False, which: ColumnElement[bool] | None = None
) -> AsyncIterator[Json]:
    """All current articles in the order of their keys; with `full` their texts, turns, quotes, comments, links."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        keys = sorted(
            (article_key(row.url, row.article_id, row.position, row.segments), row.article_id)
            for row in await connection.execute(_key_query(which))
        )
        for at in range(0, len(keys), AT_ONCE):
            named = keys[at : at + AT_ONCE]
            found = await _articles(connection, [article_id for _, article_id in named], full=full)
            for key, article_id in named:
                yield {"key": key, **found[article_id]}


async def article_keys(engine: AsyncEngine, name: str) -> list[tuple[str, str]]:
    """(key, article id) of what a key, an article's id, or the URL of a page names."""
    async with engine.connect() as connection:
        rows = (await connection.execute(_key_query(_named(name)))).all()
    keyed = [(article_key(r.url, r.article_id, r.position, r.segments), r.article_id, r.url) for r in rows]
    exact = [(key, article_id) for key, article_id, _ in keyed if name in (key, article_id)]
    return sorted(exact or ((key, article_id) for key, article_id, url in keyed if url == name))


async def articles_by_name(engine: AsyncEngine, name: str) -> list[Json]:
    """The articles that a key, an id or the URL of a page names, in full and with their revisions."""
    ids = [article_id for _, article_id in await article_keys(engine, name)]
    found = [a async for a in current_articles(engine, full=True, which=articles.c.article_id.in_(ids))]
    async with engine.connect() as connection:
        for article in found:
            article["revisions"] = await _revisions(connection, article["article_id"])
    return found


def _current() -> ColumnElement[bool]:
    return and_(articles.c.revision_id.is_not(None), articles.c.withdrawn_reason.is_(None))


def _named(name: str) -> ColumnElement[bool]:
    """Everything on the page; which of it was meant the caller sees by its key."""
    url = name.rpartition("#")[0] or name
    return (pages.c.url == name) | (pages.c.url == url) | (articles.c.article_id == name)


def _key_query(which: ColumnElement[bool] | None) -> Select[Any]:
    query = (
        select(articles.c.article_id, articles.c.position, articles.c.segments, pages.c.url)
        .join(pages, pages.c.page_id == articles.c.page_id)
        .where(_current())
    )
    return query if which is None else query.where(which)


async def _articles(connection: AsyncConnection, ids: Sequence[str], *, full: bool) -> dict[str, Json]:
    said = select(func.count()).where(comments.c.article_id == articles.c.article_id).scalar_subquery()
    texts = [revisions.c[name] for name in _TEXT] + ([revisions.c.body] if full else [])
    query = (
        select(
            *(articles.c[n] for n in ("article_id", "position", "story_id", "lead", "quoted_stories", "revision_id")),
            pages.c.url,
            *texts,
            *(filings.c[name] for name in _FILING),
            said.label("comments"),
        )
        .join(pages, pages.c.page_id == articles.c.page_id)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .outerjoin(filings, filings.c.article_id == articles.c.article_id)
        .where(articles.c.article_id.in_(ids))
    )
    rows: list[Any] = list(await connection.execute(query))
    found = {row.article_id: _line(row) for row in rows}
    if full:
        await _add_texts(connection, rows, found)
    return found


def _line(row: Any) -> Json:
    text = {name: getattr(row, name) for name in _TEXT}
    return {
        "url": row.url,
        "segment": row.position,
        "article_id": row.article_id,
        "story_id": row.story_id,
        "lead": row.lead,
        "quoted_stories": sorted(row.quoted_stories),
        **{name: text[name] for name in _TEXT if name not in ("questions", "words")},
        "questions": row.questions,
        "comments": row.comments,
        "words": row.words,
        **{name: getattr(row, name) for name in _FILING},
        "tags": row.tags or [],
    }


async def _add_texts(connection: AsyncConnection, rows: Sequence[Any], found: Mapping[str, Json]) -> None:
    current = [row.revision_id for row in rows]
    spoken = await _grouped(connection, select(turns).where(turns.c.revision_id.in_(current)).order_by("n"))
    quoted = await _grouped(connection, select(quotes).where(quotes.c.revision_id.in_(current)).order_by("n"))
    query = select(comments).where(comments.c.article_id.in_(list(found))).order_by(comments.c.article_id, "n")
    replies: dict[str, list[Json]] = defaultdict(list)
    for c in await connection.execute(query):
        replies[c.article_id].append({"author": c.author, "published": c.published, "text": c.text})
    links = await links_of(connection, sorted(found))
    for row in rows:
        found[row.article_id] |= {
            "body": row.body,
            "turns": [
                {
                    "role": t.role,
                    "speaker": t.speaker,
                    "text": row.body[t.start : t.end],
                    "start": t.start,
                    "end": t.end,
                }
                for t in spoken[row.revision_id]
            ],
            "quotes": [
                {"text": q.text, "speaker": q.speaker, "start": q.start, "end": q.end} for q in quoted[row.revision_id]
            ],
            "comments": replies[row.article_id],
            "links": links[row.article_id],
        }


async def _grouped(connection: AsyncConnection, query: Select[Any]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.revision_id].append(row)
    return found


async def _revisions(connection: AsyncConnection, article_id: str) -> list[Json]:
    """Oldest first."""
    names = ("revision_id", "capture_id", "captured_at", "title", "published", "modified", "words", "end", "reason")
    query = select(*(revisions.c[name] for name in names)).where(revisions.c.article_id == article_id)
    rows = await connection.execute(query.order_by(revisions.c.captured_at, revisions.c.sha256, revisions.c.reading))
    return [{**row, "captured_at": row["captured_at"].isoformat()} for row in rows.mappings()]
