"""Finds what has no end and makes the events that bring it on its way again.

A lost message (a wiped broker, a terminated delivery, a crash between commit and publish) leaves a record without its
end. Each event made here has a raised attempt, so that the broker does not take it for a repetition.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.event_rows import (
    ARTICLE_NORMALIZED,
    PAGE_FETCHED,
    STORY_ASSIGNED,
    STORY_CHANGED,
    article_normalized,
    page_fetched,
    story_assigned,
    story_changed,
)
from libs.adapters.postgres.quarantine import STORY_NOT_SET_ASIDE
from libs.adapters.postgres.tables import articles, captures, revisions, stories
from libs.contracts.events import Event
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import RevisionEnd

Kind = Literal["capture", "revision", "article", "story"]
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A record whose next event may be lost. `state` differs whenever the record got anywhere meanwhile."""

    kind: Kind
    key: str
    lane: Lane
    state: int


_FINAL = (RevisionEnd.QUARANTINED, RevisionEnd.WITHDRAWN, RevisionEnd.SUPERSEDED)


def _queries() -> dict[Kind, Any]:
    c, r, a, s = captures.c, revisions.c, articles.c, stories.c
    set_aside = select(r.revision_id).where(r.revision_id == a.revision_id, r.end == RevisionEnd.QUARANTINED).exists()
    return {
        "capture": select(c.capture_id, c.lane, c.attempt).where(c.end.is_(None)),
        "revision": select(r.revision_id, r.lane, r.attempt)
        .join(articles, a.revision_id == r.revision_id)
        .where(r.assigned_at.is_(None), or_(r.end.is_(None), r.end.not_in(_FINAL))),
        # One without a story and with a number was withdrawn: the index must forget it.
        "article": select(a.article_id, a.lane, a.projection).where(a.projection > a.indexed_projection, ~set_aside),
        "story": select(s.story_id, s.lane, s.projection).where(
            s.projection > s.indexed_projection, text(STORY_NOT_SET_ASIDE)
        ),
    }


async def unfinished(engine: AsyncEngine, *, limit: int = 20_000) -> list[Unfinished]:
    """All records without their end, in the order of the flow, at most `limit` of each kind."""
    found: list[Unfinished] = []
    async with engine.connect() as connection:
        for kind, query in _queries().items():
            rows = await connection.execute(query.limit(limit))
            found += [Unfinished(kind, row[0], Lane(row[1]), row[2]) for row in rows]
    return found


async def again(engine: AsyncEngine, records: Iterable[Unfinished]) -> list[Event]:
    """Raise the attempt of each record that is still unfinished and answer its event."""
    events: list[Event] = []
    by_kind: dict[Kind, list[str]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record.key)
    async with engine.begin() as connection:
        for kind, keys in by_kind.items():
            events += await _MAKE[kind](connection, sorted(keys))
    return events


async def _captures(connection: AsyncConnection, keys: Sequence[str]) -> list[Event]:
    c = captures.c
    still = update(captures).where(c.capture_id.in_(keys), c.end.is_(None))
    raised = still.values(attempt=c.attempt + 1).returning(*PAGE_FETCHED)
    return [page_fetched(row) for row in await connection.execute(raised)]


async def _revisions(connection: AsyncConnection, keys: Sequence[str]) -> list[Event]:
    r = revisions.c
    still = update(revisions).where(r.revision_id.in_(keys), r.assigned_at.is_(None))
    raised = still.values(attempt=r.attempt + 1).returning(*ARTICLE_NORMALIZED)
    return [article_normalized(row) for row in await connection.execute(raised)]


async def _articles(connection: AsyncConnection, keys: Sequence[str]) -> list[Event]:
    a = articles.c
    still = update(articles).where(a.article_id.in_(keys), a.projection > a.indexed_projection)
    raised = still.values(projection_attempt=a.projection_attempt + 1).returning(*STORY_ASSIGNED)
    return [story_assigned(row) for row in await connection.execute(raised)]


async def _stories(connection: AsyncConnection, keys: Sequence[str]) -> list[Event]:
    s = stories.c
    still = update(stories).where(s.story_id.in_(keys), s.projection > s.indexed_projection)
    raised = still.values(projection_attempt=s.projection_attempt + 1).returning(*STORY_CHANGED)
    return [story_changed(row) for row in await connection.execute(raised)]


_MAKE: dict[Kind, Callable[[AsyncConnection, Sequence[str]], Awaitable[list[Event]]]] = {
    "capture": _captures,
    "revision": _revisions,
    "article": _articles,
    "story": _stories,
}


async def reconcile(engine: AsyncEngine, publish: Callable[[Sequence[Event]], Awaitable[None]]) -> dict[str, int]:
    """Send the next event of everything that has no end, now. Answers how many of each event were sent.

    For an operator who knows that messages were lost; sending what was not lost is harmless.
    """
    sent: dict[str, int] = {}
    records = await unfinished(engine)
    for i in range(0, len(records), AT_ONCE):
        events = await again(engine, records[i : i + AT_ONCE])
        await publish(events)
        for event in events:
            sent[event.stream.event] = sent.get(event.stream.event, 0) + 1
    return sent
