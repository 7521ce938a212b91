"""Opens what has its end again, so that a stage does it anew: for `newsfold replay`.

The normalizer reads captures again, the deduplicator judges current revisions, the indexer writes documents. Everything
goes on in the lane `replay`. What a later capture of a page shows is told by comparison with the one before it, so of a
page all captures from the first chosen one on are read. Nothing is held in memory or under a lock between two batches.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.event_rows import (
    PAGE_FETCHED,
    STORY_ASSIGNED,
    STORY_CHANGED,
    article_normalized,
    page_fetched,
    story_assigned,
    story_changed,
)
from libs.adapters.postgres.judging import judging_again
from libs.adapters.postgres.tables import articles, captures, revisions, stories
from libs.contracts.events import Event
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import CaptureEnd, Reason

_C, _R, _A, _S = captures.c, revisions.c, articles.c, stories.c
# What was set aside is for `quarantine replay`; what was erased, or whose bytes were pruned, cannot be read.
_READABLE: Final = and_(
    _C.sha256.is_not(None),
    _C.end.in_([CaptureEnd.EXTRACTED, CaptureEnd.UNCHANGED, CaptureEnd.REJECTED]),
    _C.reason.is_distinct_from(Reason.REFUSED),
)
_SHOWN: Final = and_(_A.withdrawn_reason.is_(None), _A.story_id.is_not(None))
_HOST: Final = func.split_part(func.split_part(func.lower(_C.final_url), "/", 3), ":", 1)


class Again(StrEnum):
    """The stages that can do their work again; the values are their names."""

    NORMALIZER = "normalizer"
    DEDUPLICATOR = "deduplicator"
    INDEXER = "indexer"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which captures are chosen, or which articles by the capture that their current revision came with."""

    since: datetime | None = None  # captured then or later
    until: datetime | None = None  # captured before
    host: str | None = None  # of the URL that the bytes came from, without port
    source_id: str | None = None
    read_before: datetime | None = None  # not read since: what a replay that was cut short had not come to

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Over `captures`."""
        asked: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
            (self.since, lambda since: _C.captured_at >= since),
            (self.until, lambda until: _C.captured_at < until),
            (self.host, lambda host: host.lower() == _HOST),
            (self.source_id, lambda source_id: _C.source_id == source_id),
            (self.read_before, lambda moment: _C.ended_at < moment),
        ]
        return [condition(value) for value, condition in asked if value is not None]


async def counted(engine: AsyncEngine, stage: Again, selection: Selection) -> dict[str, int]:
    """How much would be done again: `pages` and `captures`, or `articles`."""
    async with engine.connect() as connection:
        if stage is not Again.NORMALIZER:
            of_articles = select(func.count()).select_from(_chosen_articles(selection).subquery())
            return {"articles": int(await connection.scalar(of_articles) or 0)}
        chosen = _chosen_pages(selection).subquery()
        of_pages = select(func.count(_C.page_id.distinct()), func.count()).join(chosen, _from_first_on(chosen.c))
        pages, of_page = (await connection.execute(of_pages.where(_READABLE))).one()
        alone = await connection.scalar(select(func.count()).select_from(_chosen_alone(selection).subquery()))
        return {"pages": pages, "captures": of_page + int(alone or 0)}


async def opened(engine: AsyncEngine, stage: Again, selection: Selection, at_once: int) -> AsyncIterator[list[Event]]:
    """The events of what was opened again, by batches of about `at_once` pages or articles.

    A batch is committed before it is answered: events that are then lost are sent by the reconciler.
    """
    for query, open_ in _STEPS[stage](selection):
        key, last = list(query.selected_columns)[0], ""  # noqa: RUF015 - no sequence
        while True:
            async with engine.begin() as connection:
                rows = (await connection.execute(query.where(key > last).order_by(key).limit(at_once))).all()
                events = await open_(connection, rows) if rows else []
            if not rows:
                break
            last = rows[-1][0]
            yield events


def _chosen_pages(selection: Selection) -> Any:
    """Pages, each with the time of its first chosen capture."""
    chosen = select(_C.page_id, func.min(_C.captured_at).label("since")).where(_READABLE, *selection.conditions)
    return chosen.where(_C.page_id.is_not(None)).group_by(_C.page_id)


def _chosen_alone(selection: Selection) -> Any:
    """Captures that led to no page."""
    return select(_C.capture_id).where(_READABLE, _C.page_id.is_(None), *selection.conditions)


def _chosen_articles(selection: Selection) -> Any:
    current = select(_A.article_id).join(revisions, _R.revision_id == _A.revision_id).where(_SHOWN)
    if not selection.conditions:
        return current
    return current.join(captures, _C.capture_id == _R.capture_id).where(*selection.conditions)


def _from_first_on(chosen: Any) -> ColumnElement[bool]:
    return and_(_C.page_id == chosen.page_id, _C.captured_at >= chosen.since)


async def _open_pages(connection: AsyncConnection, rows: Sequence[Any]) -> list[Event]:
    first = or_(*(and_(_C.page_id == row.page_id, _C.captured_at >= row.since) for row in rows))
    return await _open_captures(connection, first)


async def _open_alone(connection: AsyncConnection, rows: Sequence[Any]) -> list[Event]:
    return await _open_captures(connection, _C.capture_id.in_([row.capture_id for row in rows]))


async def _open_captures(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Event]:
    """One that somebody holds is being read, or opened, at this moment."""
    free = select(_C.capture_id).where(which, _READABLE).order_by(_C.capture_id).with_for_update(skip_locked=True)
    opening = (
        update(captures)
        .where(_C.capture_id.in_((await connection.execute(free)).scalars().all()))
        .values(end=None, reason=None, ended_at=None, articles=None, attempt=_C.attempt + 1, lane=Lane.REPLAY)
        .returning(*PAGE_FETCHED, _C.captured_at)
    )
    found = (await connection.execute(opening)).all()
    return [page_fetched(row) for row in sorted(found, key=lambda row: (row.captured_at, row.capture_id))]


async def _judge_again(connection: AsyncConnection, rows: Sequence[Any]) -> list[Event]:
    ids = [row.article_id for row in rows]
    await _hold(connection, ids)
    judged = await connection.execute(judging_again(_A.article_id.in_(ids)))
    return [article_normalized(row) for row in sorted(judged, key=lambda row: row.revision_id)]


async def _index_again(connection: AsyncConnection, rows: Sequence[Any]) -> list[Event]:
    """Each article and the stories they stand in get the next projection number; without it the index keeps its own."""
    ids = [row.article_id for row in rows]
    await _hold(connection, ids)
    raised = (
        update(articles)
        .where(_A.article_id.in_(ids), _SHOWN)
        .values(projection=_A.projection + 1, lane=Lane.REPLAY)
        .returning(*STORY_ASSIGNED)
    )
    assigned = sorted(await connection.execute(raised), key=lambda row: row.article_id)
    led = (
        update(stories)
        .where(tuple_(_S.story_id, _S.lead_article_id).in_([(row.story_id, row.article_id) for row in assigned]))
        .values(projection=_S.projection + 1, lane=Lane.REPLAY)
        .returning(*STORY_CHANGED)
    )
    changed = sorted(await connection.execute(led), key=lambda row: row.story_id) if assigned else []
    return [*map(story_assigned, assigned), *map(story_changed, changed)]


async def _hold(connection: AsyncConnection, article_ids: Sequence[str]) -> None:
    """Lock articles' rows in the order in which everybody does."""
    rows = select(_A.article_id).where(_A.article_id.in_(article_ids)).order_by(_A.article_id)
    await connection.execute(rows.with_for_update())


_Open = Callable[[AsyncConnection, Sequence[Any]], Awaitable[list[Event]]]
_STEPS: Final[dict[Again, Callable[[Selection], list[tuple[Any, _Open]]]]] = {
    Again.NORMALIZER: lambda wanted: [(_chosen_pages(wanted), _open_pages), (_chosen_alone(wanted), _open_alone)],
    Again.DEDUPLICATOR: lambda wanted: [(_chosen_articles(wanted), _judge_again)],
    Again.INDEXER: lambda wanted: [(_chosen_articles(wanted), _index_again)],
}
