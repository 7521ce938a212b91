"""The events that follow from a capture whose result is recorded, read back from the records.

A message that comes again publishes them again under the same ids; the broker stores each once. Where later work has
moved on meanwhile, the event is that of the present state, which is harmless: stages read the current state.
"""

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.event_rows import (
    ARTICLE_NORMALIZED,
    STORY_ASSIGNED,
    article_normalized,
    page_fetched,
    story_assigned,
)
from libs.adapters.postgres.tables import articles, captures, revisions
from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned

Follow = ArticleNormalized | StoryAssigned | PageFetched


async def events_of(connection: AsyncConnection, capture_id: str) -> tuple[Follow, ...]:
    """Revisions to group, articles to index again, and the page's later captures to read again, that are open."""
    return (
        *await _to_group(connection, capture_id),
        *await _to_judge_again(connection, capture_id),
        *await _to_index(connection, capture_id),
        *await _to_read_again(connection, capture_id),
    )


async def _to_group(connection: AsyncConnection, capture_id: str) -> list[Follow]:
    r = revisions.c
    query = select(*ARTICLE_NORMALIZED).where(r.capture_id == capture_id, r.end.is_(None)).order_by(r.article_id)
    return [article_normalized(row) for row in await connection.execute(query)]


async def _to_judge_again(connection: AsyncConnection, capture_id: str) -> list[Follow]:
    """Articles of the page that wait for their story since it went or came back (`gone`), in older revisions."""
    a, c, r = articles.c, captures.c, revisions.c
    query = (
        select(*ARTICLE_NORMALIZED)
        .join(articles, a.revision_id == r.revision_id)
        .join(captures, c.page_id == a.page_id)
        .where(c.capture_id == capture_id, r.capture_id != capture_id, r.end.is_(None), r.assigned_at.is_(None))
        .order_by(r.article_id)
    )
    return [article_normalized(row) for row in await connection.execute(query)]


async def _to_index(connection: AsyncConnection, capture_id: str) -> list[Follow]:
    a, c, r = articles.c, captures.c, revisions.c
    query = (
        select(*STORY_ASSIGNED)
        .join(captures, c.page_id == a.page_id)
        .join(revisions, r.revision_id == a.revision_id)
        .where(
            c.capture_id == capture_id,
            r.assigned_at.is_not(None),  # else its story is still to come, and with it the event
            a.story_id.is_not(None),
            a.projection > a.indexed_projection,
        )
        .order_by(a.article_id)
    )
    return [story_assigned(row) for row in await connection.execute(query)]


async def _to_read_again(connection: AsyncConnection, capture_id: str) -> list[Follow]:
    later, this = captures.alias("later"), captures.alias("this")
    query = (
        select(later.c.capture_id, later.c.lane, later.c.attempt, later.c.trace_id)
        .join(this, this.c.page_id == later.c.page_id)
        .where(
            this.c.capture_id == capture_id,
            later.c.end.is_(None),
            tuple_(later.c.captured_at, later.c.sha256) > tuple_(this.c.captured_at, this.c.sha256),
        )
        .order_by(later.c.capture_id)
    )
    return [page_fetched(row) for row in await connection.execute(query)]
