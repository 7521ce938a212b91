"""Reads what the search index must show, and records what it shows.

The current state of articles and stories is read in one snapshot, whatever the message said that asked for it, so the
order of messages cannot matter. Projection numbers only ever rise.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.tables import (
    articles,
    comments,
    filings,
    pages,
    quotes,
    reindex_runs,
    revisions,
    stories,
    turns,
)
from libs.domain.documents import Filing, Quote, Turn
from libs.domain.projections import ArticleState, EndedRevision, Member, StoryState
from libs.domain.revisions import article_key

# Alias -> {language group -> physical index}: where the indexer writes as well while a reindex is under way.
Targets = Mapping[str, Mapping[str, str]]

_TEXT = (
    *(revisions.c[name] for name in ("title", "body", "bylines", "credit", "outlet", "publisher", "language")),
    *(revisions.c[name] for name in ("published", "captured_at", "kind", "interviewee", "interviewers")),
    *(revisions.c[name] for name in ("broadcasters", "aired", "questions", "words")),
)


def is_shown() -> ColumnElement[bool]:
    """Which articles have a document: assigned to a story and not withdrawn."""
    return and_(
        articles.c.projection > 0,
        articles.c.story_id.is_not(None),
        articles.c.withdrawn_reason.is_(None),
        articles.c.revision_id.is_not(None),
    )


class PostgresProjections:
    """The indexer's view of PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            await connection.rollback()

    async def articles(self, ids: Iterable[str]) -> list[ArticleState]:
        """The articles among `ids` that exist and were assigned, in id order."""
        return await self._articles(articles.c.article_id.in_(sorted(set(ids))), limit=None)

    async def articles_after(self, article_id: str, limit: int) -> list[ArticleState]:
        """The next `limit` assigned articles in id order."""
        return await self._articles(articles.c.article_id > article_id, limit=limit)

    async def _articles(self, which: ColumnElement[bool], limit: int | None) -> list[ArticleState]:
        async with self._snapshot() as connection:
            rows = (await connection.execute(_ARTICLES.where(which).limit(limit))).all()
            current = [row.revision_id for row in rows]
            spoken = await _by_revision(connection, turns, current)
            quoted = await _by_revision(connection, quotes, current)
        return [_article_state(row, spoken[row.revision_id], quoted[row.revision_id]) for row in rows]

    async def stories(self, ids: Iterable[str]) -> list[StoryState]:
        """The stories among `ids` that exist, in id order; one merged away has no members."""
        return await self._stories(stories.c.story_id.in_(sorted(set(ids))), limit=None)

    async def stories_after(self, story_id: str, limit: int) -> list[StoryState]:
        """The next `limit` stories in id order."""
        return await self._stories(stories.c.story_id > story_id, limit=limit)

    async def _stories(self, which: ColumnElement[bool], limit: int | None) -> list[StoryState]:
        async with self._snapshot() as connection:
            query = select(stories.c.story_id, stories.c.projection, stories.c.lead_article_id, stories.c.redirect_to)
            rows = (await connection.execute(query.where(which).order_by(stories.c.story_id).limit(limit))).all()
            found = (await connection.execute(_member_query([row.story_id for row in rows]))).all()
            leads = [row.lead_article_id for row in rows]
            bodies = {row.article_id: row.body for row in await connection.execute(_body_query(leads))}
        members: dict[str, list[Member]] = defaultdict(list)
        for row in found:
            members[row.story_id].append(_member(row))
        return [
            StoryState(
                story_id=row.story_id,
                projection=row.projection,
                lead_article_id=row.lead_article_id,
                lead_body=bodies.get(row.lead_article_id, ""),
                members=() if row.redirect_to else tuple(members[row.story_id]),
            )
            for row in rows
        ]

    async def reindex_targets(self) -> list[Targets]:
        """The indices that a reindex is filling now. Ask after reading states, or a change could miss one of them."""
        async with self._engine.connect() as connection:
            query = select(reindex_runs.c.targets).where(reindex_runs.c.swapped_at.is_(None))
            return list((await connection.execute(query)).scalars())

    async def mark_indexed(self, shown: Sequence[ArticleState], told: Sequence[StoryState]) -> list[EndedRevision]:
        """Record what the index holds now; end the revisions that are searchable. Answers those that ended."""
        async with self._engine.begin() as connection:
            ended: list[EndedRevision] = []
            if shown:
                await _raise_indexed(connection, "articles", "article_id", {s.article_id: s.projection for s in shown})
                ended = await _end_revisions(connection, shown)
            if told:
                await _raise_indexed(connection, "stories", "story_id", {s.story_id: s.projection for s in told})
            return ended


_PAST = revisions.alias("past")
# Made once: SQLAlchemy takes longer to build it than PostgreSQL to answer it.
_ARTICLES: Select[Any] = (
    select(
        articles.c.article_id,
        articles.c.projection,
        articles.c.revision_id,
        articles.c.position,
        articles.c.segments,
        articles.c.story_id,
        articles.c.lead,
        articles.c.link_types,
        articles.c.quoted_stories,
        pages.c.url,
        *_TEXT,
        *(filings.c[name] for name in ("image", "section", "tags", "paywall")),
        is_shown().label("shown"),
        select(func.count()).where(comments.c.article_id == articles.c.article_id).scalar_subquery().label("comments"),
        select(func.array_agg(_PAST.c.language.distinct()))
        .where(_PAST.c.article_id == articles.c.article_id)
        .scalar_subquery()
        .label("past_languages"),
        select(func.coalesce(func.max(turns.c.n) + 1, 0))
        .where(_PAST.c.article_id == articles.c.article_id, _PAST.c.revision_id == turns.c.revision_id)
        .scalar_subquery()
        .label("most_turns"),
    )
    .join(pages, pages.c.page_id == articles.c.page_id)
    .outerjoin(revisions, revisions.c.revision_id == articles.c.revision_id)
    .outerjoin(filings, filings.c.article_id == articles.c.article_id)
    .where(articles.c.projection > 0)
    .order_by(articles.c.article_id)
)


def _article_state(row: Row[Any], spoken: Sequence[Row[Any]], quoted: Sequence[Row[Any]]) -> ArticleState:
    common = {
        "article_id": row.article_id,
        "projection": row.projection,
        "revision_id": row.revision_id,
        "past_languages": tuple(row.past_languages or ()),
        "most_turns": row.most_turns,
        "language": row.language,
    }
    if not row.shown:
        return ArticleState(**common, withdrawn=True)
    body = row.body
    return ArticleState(
        **common,
        key=article_key(row.url, row.article_id, row.position, row.segments),
        url=row.url,
        segment=row.position,
        title=row.title,
        body=body,
        bylines=tuple(row.bylines),
        credit=row.credit,
        outlet=row.outlet,
        publisher=row.publisher,
        published=row.published,
        captured_at=row.captured_at.isoformat(),
        kind=row.kind,
        interviewee=row.interviewee,
        interviewers=tuple(row.interviewers),
        broadcasters=tuple(row.broadcasters),
        aired=row.aired,
        questions=row.questions,
        comments=row.comments,
        words=row.words,
        turns=tuple(Turn(t.role, t.speaker, body[t.start : t.end], t.start, t.end) for t in spoken),
        filing=Filing(row.image, row.section, tuple(row.tags or ()), row.paywall),
        quotes=tuple(Quote(q.text, q.speaker, q.start, q.end) for q in quoted),
        story_id=row.story_id,
        lead=row.lead,
        link_types=tuple(row.link_types),
        quoted_stories=tuple(row.quoted_stories),
    )


async def _by_revision(
    connection: AsyncConnection, table: Any, revision_ids: Sequence[str | None]
) -> dict[str, list[Row[Any]]]:
    query = select(table).where(table.c.revision_id.in_([i for i in revision_ids if i])).order_by(table.c.n)
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(query):
        found[row.revision_id].append(row)
    return found


def _member_query(story_ids: Sequence[str]) -> Select[Any]:
    names = ("title", "outlet", "publisher", "language", "published", "kind", "interviewee", "broadcasters")
    return (
        select(
            articles.c.article_id,
            articles.c.story_id,
            pages.c.url,
            *(revisions.c[name] for name in names),
        )
        .join(pages, pages.c.page_id == articles.c.page_id)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .where(articles.c.story_id.in_(story_ids), is_shown())
        .order_by(articles.c.article_id)
    )


def _body_query(article_ids: Sequence[str | None]) -> Select[tuple[str, str]]:
    return (
        select(articles.c.article_id, revisions.c.body)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .where(articles.c.article_id.in_([i for i in article_ids if i]))
    )


def _member(row: Row[Any]) -> Member:
    return Member(
        article_id=row.article_id,
        url=row.url,
        title=row.title,
        outlet=row.outlet,
        publisher=row.publisher,
        language=row.language,
        published=row.published,
        kind=row.kind,
        interviewee=row.interviewee,
        broadcasters=tuple(row.broadcasters),
    )


async def _raise_indexed(connection: AsyncConnection, table: str, key: str, projections: Mapping[str, int]) -> None:
    """Rows are locked in id order, so that two writers cannot wait for each other."""
    ids = sorted(projections)
    values = {"ids": ids, "numbers": [projections[i] for i in ids]}
    lock = f"SELECT {key} FROM {table} WHERE {key} = ANY(:ids) ORDER BY {key} FOR NO KEY UPDATE"  # noqa: S608
    await connection.execute(text(lock), values)
    update = (
        f"UPDATE {table} SET indexed_projection = greatest(indexed_projection, number) "  # noqa: S608
        f"FROM unnest(:ids ::text[], :numbers ::bigint[]) AS done(id, number) WHERE {key} = done.id"
    )
    await connection.execute(text(update), values)


_END_REVISIONS = text("""
    WITH ended AS (
        UPDATE revisions SET "end" = done.outcome, ended_at = now()
        FROM unnest(:ids ::text[], :outcomes ::text[]) AS done(id, outcome), articles
        WHERE revisions.revision_id = done.id AND articles.revision_id = done.id
          AND revisions."end" IS NULL AND revisions.assigned_at IS NOT NULL
        RETURNING revisions.revision_id, revisions.article_id, revisions.capture_id, revisions.trace_id,
                  revisions.lane, revisions."end", articles.page_id
    ), noted AS (
        INSERT INTO ledger (stage, outcome, capture_id, page_id, article_id, revision_id, trace_id)
        SELECT 'indexer', "end", capture_id, page_id, article_id, revision_id, trace_id FROM ended ORDER BY revision_id
    )
    SELECT ended."end", ended.lane, extract(epoch FROM now() - captures.recorded_at)::float AS seconds
    FROM ended JOIN captures USING (capture_id)
""")


async def _end_revisions(connection: AsyncConnection, shown: Sequence[ArticleState]) -> list[EndedRevision]:
    """Only a current revision that the deduplicator has seen can end here; a newer one supersedes it elsewhere."""
    ends = {s.revision_id: "withdrawn" if s.withdrawn else "indexed" for s in shown if s.revision_id is not None}
    ids = sorted(ends)
    rows = await connection.execute(_END_REVISIONS, {"ids": ids, "outcomes": [ends[i] for i in ids]})
    return [EndedRevision(row.end, row.lane, row.seconds) for row in rows]
