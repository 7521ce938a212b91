"""What was set aside, in PostgreSQL: the entry, and the end of the record that the message was about."""

import hashlib
import os
import socket
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
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
from libs.adapters.postgres.tables import articles, captures, ledger, quarantine, revisions, stories
from libs.contracts.events import (
    ArticleNormalized,
    Event,
    MalformedMessage,
    PageFetched,
    StoryAssigned,
    StoryChanged,
    decode,
)
from libs.contracts.pipeline import STORIES_CHANGED
from libs.contracts.reasons import CaptureEnd, Reason, RevisionEnd
from libs.runtime.settle import SetAside


def _records(event: Event | None) -> dict[str, str]:
    """The ids an event names, as columns of the entry."""
    match event:
        case PageFetched():
            return {"capture_id": event.capture_id}
        case ArticleNormalized():
            return {"revision_id": event.revision_id, "article_id": event.article_id}
        case StoryAssigned():
            return {"article_id": event.article_id}
        case _:
            return {}


async def end_capture(
    connection: AsyncConnection, capture_id: str, end: CaptureEnd, reason: Reason | None, **more: Any
) -> bool:
    """End a capture that has no end yet; False when it has one."""
    done = await connection.execute(
        update(captures)
        .where(captures.c.capture_id == capture_id, captures.c.end.is_(None))
        .values(end=end, reason=reason, ended_at=func.now(), **more)
    )
    return done.rowcount > 0


async def _end_revision(connection: AsyncConnection, where: Any, reason: Reason) -> None:
    await connection.execute(
        update(revisions)
        .where(where, revisions.c.end.is_(None))
        .values(end=RevisionEnd.QUARANTINED, reason=reason, ended_at=func.now())
    )


def _clean(text: str) -> str:
    """What PostgreSQL can store: no NUL, no half of a surrogate pair. The original stays in the payload."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


# Whether no message about a row of `stories` at its projection number lies in quarantine: a story has no end to note it
# on. The message's id tells, for it begins with both.
STORY_NOT_SET_ASIDE: Final = f"""NOT EXISTS (
    SELECT 1 FROM quarantine WHERE quarantine.state = 'open' AND quarantine.subject LIKE '{STORIES_CHANGED.event}.%'
        AND starts_with(quarantine.headers ->> 'Nats-Msg-Id', concat(stories.story_id, '.', stories.projection, '.')))"""  # noqa: S608

_OPEN = {"end": None, "reason": None, "ended_at": None}


class PostgresQuarantine:
    """Implements `libs.runtime.settle.QuarantineStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._worker = f"{socket.gethostname()}:{os.getpid()}"

    async def put(self, entry: SetAside) -> None:
        """Record the entry and end its record, in one transaction. The same message twice is one entry."""
        key = f"{entry.stage}:{entry.stream}:{entry.stream_sequence}:{hashlib.sha256(entry.payload).hexdigest()}"
        ids = _records(entry.event)
        row: dict[str, Any] = {
            "quarantine_id": hashlib.sha256(key.encode()).hexdigest()[:32],
            "stage": entry.stage,
            "reason": entry.reason,
            "error": _clean(entry.error[:2000]),
            "subject": entry.subject,
            "stream": entry.stream,
            "stream_sequence": entry.stream_sequence,
            "deliveries": entry.deliveries,
            "headers": {_clean(name): _clean(value) for name, value in entry.headers.items()},
            "payload": entry.payload,
            "trace_id": entry.event.trace_id if entry.event else None,
            "worker": self._worker,
            **ids,
        }
        async with self._engine.begin() as connection:
            await connection.execute(insert(quarantine).values(row).on_conflict_do_nothing())
            await self._end_record(connection, entry.event, entry.reason)
            await connection.execute(
                insert(ledger).values(
                    stage=entry.stage,
                    outcome="quarantined",
                    reason=entry.reason,
                    trace_id=row["trace_id"],
                    detail=row["error"][:500],
                    **ids,
                )
            )

    async def _end_record(self, connection: AsyncConnection, event: Event | None, reason: Reason) -> None:
        match event:
            case PageFetched():
                await end_capture(connection, event.capture_id, CaptureEnd.QUARANTINED, reason)
            case ArticleNormalized():
                await _end_revision(connection, revisions.c.revision_id == event.revision_id, reason)
            case StoryAssigned():
                current = select(articles.c.revision_id).where(articles.c.article_id == event.article_id)
                await _end_revision(connection, revisions.c.revision_id == current.scalar_subquery(), reason)
            case _:
                pass  # bytes that were no event: no record of ours is waiting for them


class QuarantineDesk:
    """Reads the quarantine and opens its entries again, for the command `quarantine`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def listed(self, *, state: str | None = "open", limit: int = 1000) -> list[Mapping[str, Any]]:
        """Entries without their payload, newest first."""
        columns = [c for c in quarantine.c if c.name != "payload"]
        query = select(*columns).order_by(quarantine.c.recorded_at.desc(), quarantine.c.quarantine_id).limit(limit)
        if state is not None:
            query = query.where(quarantine.c.state == state)
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def shown(self, quarantine_id: str) -> Mapping[str, Any] | None:
        """One entry with its payload; a unique prefix of the id will do."""
        query = select(quarantine).where(quarantine.c.quarantine_id.startswith(quarantine_id, autoescape=True)).limit(2)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return dict(rows[0]) if len(rows) == 1 else None

    async def replayed(self, quarantine_id: str) -> Event | None:
        """Take the end off the entry's record, raise its attempt, and answer the event to publish.

        None when the entry holds no event of ours (malformed bytes): there is nothing to do again.
        """
        async with self._engine.begin() as connection:
            row = (
                (
                    await connection.execute(
                        select(quarantine).where(quarantine.c.quarantine_id == quarantine_id).with_for_update()
                    )
                )
                .mappings()
                .one()
            )
            event = await self._reopened(connection, dict(row))
            if event is not None:
                await connection.execute(
                    update(quarantine)
                    .where(quarantine.c.quarantine_id == quarantine_id)
                    .values(state="replayed", replays=quarantine.c.replays + 1, replayed_at=func.now())
                )
        return event

    async def _reopened(self, connection: AsyncConnection, row: Mapping[str, Any]) -> Event | None:
        if row["capture_id"]:
            return await self._reopened_capture(connection, row["capture_id"])
        if row["stage"] == "indexer" and row["article_id"]:
            return await self._reopened_projection(connection, row["article_id"])
        if row["revision_id"]:
            return await self._reopened_revision(connection, row["revision_id"])
        if row["stage"] == "indexer" and row["payload"]:
            return await self._reopened_story(connection, row["payload"])
        return None

    async def _reopened_capture(self, connection: AsyncConnection, capture_id: str) -> Event | None:
        c = captures.c
        ended = update(captures).where(c.capture_id == capture_id, c.end == CaptureEnd.QUARANTINED)
        reopened = ended.values(**_OPEN, attempt=c.attempt + 1).returning(*PAGE_FETCHED)
        row = (await connection.execute(reopened)).one_or_none()
        return None if row is None else page_fetched(row)

    async def _reopened_revision(self, connection: AsyncConnection, revision_id: str) -> Event | None:
        r = revisions.c
        ended = update(revisions).where(r.revision_id == revision_id, r.end == RevisionEnd.QUARANTINED)
        reopened = ended.values(**_OPEN, attempt=r.attempt + 1).returning(*ARTICLE_NORMALIZED)
        row = (await connection.execute(reopened)).one_or_none()
        return None if row is None else article_normalized(row)

    async def _reopened_projection(self, connection: AsyncConnection, article_id: str) -> Event | None:
        a, r = articles.c, revisions.c
        current = select(a.revision_id).where(a.article_id == article_id).scalar_subquery()
        ended = update(revisions).where(r.revision_id == current, r.end == RevisionEnd.QUARANTINED)
        await connection.execute(ended.values(**_OPEN))
        placed = update(articles).where(a.article_id == article_id, a.story_id.is_not(None))
        raised = placed.values(projection_attempt=a.projection_attempt + 1).returning(*STORY_ASSIGNED)
        row = (await connection.execute(raised)).one_or_none()
        return None if row is None else story_assigned(row)

    async def _reopened_story(self, connection: AsyncConnection, payload: bytes) -> Event | None:
        try:
            told = decode(StoryChanged, payload)
        except MalformedMessage:
            return None
        s = stories.c
        behind = update(stories).where(s.story_id == told.story_id, s.projection > s.indexed_projection)
        raised = behind.values(projection_attempt=s.projection_attempt + 1).returning(*STORY_CHANGED)
        row = (await connection.execute(raised)).one_or_none()
        return None if row is None else story_changed(row)
