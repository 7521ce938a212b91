"""Captures, pages, articles and revisions in PostgreSQL: implements `services.normalizer.stage.Pages`.

Pages never seen before are recorded together (`new_pages`). A page that is known has a transaction of its own, under
the lock of its row, so that two captures of one page never cross.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.event_rows import PAGE_FETCHED, STORY_ASSIGNED, page_fetched, story_assigned
from libs.adapters.postgres.filings import record_filings
from libs.adapters.postgres.followups import Follow, events_of
from libs.adapters.postgres.gone import pages_asked, settle_gone
from libs.adapters.postgres.new_pages import Reading, record_new_pages
from libs.adapters.postgres.quarantine import end_capture
from libs.adapters.postgres.revisions import Captured, Place, add_revisions, comment_rows
from libs.adapters.postgres.tables import articles, captures, comments, ledger, pages, revisions
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.reasons import CaptureEnd, Reason
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import ExtractedArticle, ExtractedPage
from libs.domain.publishers import outlet_of
from libs.domain.revisions import Segment, page_id, segment_ids
from libs.domain.urls import resolve_canonical

Row = dict[str, Any]

_SHOWN = (CaptureEnd.EXTRACTED, CaptureEnd.UNCHANGED)  # how captures end that show a state of their page


class PostgresPages:
    """Records what was found in pages."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def captures(self, capture_ids: Sequence[str]) -> dict[str, Capture]:
        c = captures.c
        query = select(
            c.capture_id,
            c.final_url,
            c.trust_canonical,
            c.published_hint,
            c.content_type,
            c.sha256,
            c.captured_at,
            c.trace_id,
            c.end,
            c.reason,
        ).where(c.capture_id.in_(sorted(set(capture_ids))))
        async with self._engine.connect() as connection:
            return {row.capture_id: _capture(row) for row in await connection.execute(query)}

    async def recorded(self, capture: Capture) -> Recorded:
        async with self._engine.connect() as connection:
            events = await events_of(connection, capture.capture_id)
        return Recorded(capture.end or CaptureEnd.EXTRACTED, capture.reason, events)

    async def record(self, readings: Sequence[Reading]) -> list[Recorded | BaseException]:
        async with self._engine.begin() as connection:
            new = await record_new_pages(connection, readings)
        known = [reading for reading in readings if reading[1].capture_id not in new]
        alone = await asyncio.gather(*map(self._record_alone, known), return_exceptions=True)
        done = {**new, **dict(zip((capture.capture_id for _, capture, _ in known), alone, strict=True))}
        return [done[capture.capture_id] for _, capture, _ in readings]

    async def _record_alone(self, reading: Reading) -> Recorded:
        event, capture, page = reading
        async with self._engine.begin() as connection:
            held = await _lock_capture(connection, capture.capture_id)
            if held.end is not None:  # the same message, delivered twice, is in two hands
                reason = Reason(held.reason) if held.reason else None
                return Recorded(CaptureEnd(held.end), reason, await events_of(connection, capture.capture_id))
            return await _record(connection, event, capture, page, attempt=held.attempt)

    async def gone(self, event: PageFetched, capture: Capture) -> Recorded:
        async with self._engine.begin() as connection:
            held = await _lock_capture(connection, capture.capture_id)
            if held.end is not None:
                return Recorded(
                    CaptureEnd(held.end), Reason(held.reason), await events_of(connection, capture.capture_id)
                )
            found = await pages_asked(connection, capture.url)
            page_key = found[0] if found else None
            gone = await _finish(connection, event, capture, page_key, CaptureEnd.REJECTED, Reason.FETCH_GONE, 0, [])
            return replace(gone, events=await settle_gone(connection, found))


def _capture(row: Any) -> Capture:
    return Capture(
        capture_id=row.capture_id,
        url=row.final_url,
        trust_canonical=row.trust_canonical,
        published_hint=row.published_hint,
        content_type=row.content_type,
        sha256=row.sha256 or "",
        captured_at=row.captured_at,
        trace_id=row.trace_id,
        end=CaptureEnd(row.end) if row.end else None,
        reason=Reason(row.reason) if row.reason else None,
        gone=row.sha256 is None and row.end is None,
    )


async def _lock_capture(connection: AsyncConnection, capture_id: str) -> Any:
    """Hold the capture's row; its end, reason and attempt as they are now."""
    c = captures.c
    query = select(c.end, c.reason, c.attempt).where(c.capture_id == capture_id).with_for_update()
    return (await connection.execute(query)).one()


async def _record(
    connection: AsyncConnection, event: PageFetched, capture: Capture, page: ExtractedPage, *, attempt: int
) -> Recorded:
    url, original = resolve_canonical(capture.url, page.canonical_url, trust_any=capture.trust_canonical)
    page_key = page_id(url)
    query = select(pages.c.refused_at).where(pages.c.page_id == page_key).with_for_update()
    if await connection.scalar(query) is not None:
        return await _finish(connection, event, capture, page_key, CaptureEnd.REJECTED, Reason.REFUSED, 0, [])
    if not page.articles:
        reason = Reason(page.rejected or Reason.NOT_ARTICLE)
        return await _finish(connection, event, capture, page_key, CaptureEnd.REJECTED, reason, 0, [])
    place = await _place(connection, event, capture, page_key, url, outlet_of(url, page.outlet), attempt)
    ids = segment_ids(page_key, page.articles, *await _known_segments(connection, place))
    changed = await _upsert_articles(connection, place, ids)
    follow, brought, inserted = await add_revisions(connection, place, ids, page.articles)
    changed |= await record_filings(connection, place, ids, page.articles)
    if place.newest:
        await connection.execute(update(pages).where(pages.c.page_id == page_key).values(declared_original=original))
        changed |= await _replace_comments(connection, place, ids, page.articles)
    elif inserted:
        follow += await _read_next_again(connection, place)
    changed -= {e.article_id for e in follow if isinstance(e, ArticleNormalized)}  # on their way anyway
    follow += await _raise_projections(connection, event, changed)
    end = CaptureEnd.EXTRACTED if brought else CaptureEnd.UNCHANGED
    recorded = await _finish(connection, event, capture, page_key, end, None, len(ids), follow)
    return replace(recorded, events=(*recorded.events, *await settle_gone(connection, [page_key])))


async def _place(
    connection: AsyncConnection,
    event: PageFetched,
    capture: Capture,
    page_key: str,
    url: str,
    outlet: str,
    reading: int,
) -> Place:
    later = await _first_after(connection, page_key, capture, *_SHOWN, None)
    read_next = await _first_after(connection, page_key, capture, *_SHOWN)
    return Place(event, capture, page_key, url, outlet, later is None, read_next, reading)


async def _first_after(
    connection: AsyncConnection, page_key: str, capture: Capture, *ends: CaptureEnd | None
) -> Captured | None:
    """The page's next capture that has one of `ends`; an end of None is that of one that waits to be read again."""
    c = captures.c
    query = (
        select(c.capture_id, c.captured_at, func.coalesce(c.sha256, ""))  # the bytes may be pruned
        .where(
            c.page_id == page_key,
            or_(*(c.end.is_not_distinct_from(end) for end in ends)),
            tuple_(c.captured_at, c.sha256) > tuple_(capture.captured_at, capture.sha256),
        )
        .order_by(c.captured_at, c.sha256)
        .limit(1)
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Captured(*row)


async def _known_segments(connection: AsyncConnection, place: Place) -> tuple[list[Segment], list[Segment]]:
    """The latest state of each of the page's articles before this capture; those that it showed at its last reading."""
    r, a = revisions.c, articles.c
    of_page = (
        select(r.article_id, r.title, r.body)
        .join(articles, a.article_id == r.article_id)
        .where(a.page_id == place.page)
        .ext(distinct_on(r.article_id))
        .order_by(r.article_id, r.captured_at.desc(), r.sha256.desc(), r.reading.desc())
    )
    before = of_page.where(tuple_(r.captured_at, r.sha256) < tuple_(*place.order))
    earlier = of_page.where(r.capture_id == place.capture.capture_id)
    return await _segments(connection, before), await _segments(connection, earlier)


async def _segments(connection: AsyncConnection, query: Any) -> list[Segment]:
    return [Segment(row.article_id, row.title, row.body) for row in await connection.execute(query)]


async def _upsert_articles(connection: AsyncConnection, place: Place, ids: Sequence[str]) -> set[str]:
    """Make the articles' rows; where this is the page's newest state, their places in it. Answers whose place changed."""
    a = articles.c
    query = select(a.article_id, a.position, a.segments).where(a.page_id == place.page)
    before = {row.article_id: (row.position, row.segments) for row in await connection.execute(query)}
    rows: list[Row] = [
        {
            "article_id": article_id,
            "page_id": place.page,
            "position": position if place.newest else None,
            "segments": len(ids),
            "lane": place.event.lane,
            "trace_id": place.event.trace_id,
        }
        for position, article_id in enumerate(ids)
    ]
    statement = insert(articles)
    if place.newest:
        await connection.execute(
            update(articles).where(a.page_id == place.page).values(position=None, segments=len(ids))
        )
        statement = statement.on_conflict_do_update(
            index_elements=["article_id"],
            set_={"position": statement.excluded.position, "segments": statement.excluded.segments},
        )
    else:
        statement = statement.on_conflict_do_nothing()
    await connection.execute(statement, sorted(rows, key=lambda row: row["article_id"]))
    if not place.newest:
        return set()
    after = {article_id: (position, len(ids)) for position, article_id in enumerate(ids)}
    return {article_id for article_id, old in before.items() if after.get(article_id, (None, len(ids))) != old}


async def _replace_comments(
    connection: AsyncConnection, place: Place, ids: Sequence[str], found: Sequence[ExtractedArticle]
) -> set[str]:
    """Store the newest comments; answers the articles whose comments changed."""
    changed: set[str] = set()
    for article_id, article in sorted(zip(ids, found, strict=True), key=lambda pair: pair[0]):
        c = comments.c
        stored = await connection.execute(
            select(c.author, c.published, c.text).where(c.article_id == article_id).order_by(c.n)
        )
        wanted = [(x.author, x.published, x.text) for x in article.comments]
        if [tuple(row) for row in stored] == wanted:
            continue
        await connection.execute(delete(comments).where(c.article_id == article_id))
        if wanted:
            await connection.execute(insert(comments), comment_rows(article_id, article))
        changed.add(article_id)
    return changed


async def _raise_projections(connection: AsyncConnection, event: PageFetched, article_ids: set[str]) -> list[Follow]:
    """Ask for indexing of articles that have a story; one without is indexed when it gets it."""
    if not article_ids:
        return []
    raised = await connection.execute(
        update(articles)
        .where(articles.c.article_id.in_(sorted(article_ids)), articles.c.story_id.is_not(None))
        .values(projection=articles.c.projection + 1, lane=event.lane, trace_id=event.trace_id)
        .returning(*STORY_ASSIGNED)
    )
    return [story_assigned(row) for row in sorted(raised, key=lambda row: row.article_id)]


async def _read_next_again(connection: AsyncConnection, place: Place) -> list[Follow]:
    """A state came in late. If the next capture that is read found anything unchanged, that was in comparison with the
    state before: it is opened again."""
    if place.read_next is None:
        return []
    c = captures.c
    brought = select(func.count(revisions.c.article_id.distinct())).where(revisions.c.capture_id == c.capture_id)
    reopened = await connection.execute(
        update(captures)
        .where(
            c.capture_id == place.read_next.capture_id,
            c.sha256.is_not(None),  # else its bytes were pruned
            or_(
                c.end == CaptureEnd.UNCHANGED,
                and_(c.end == CaptureEnd.EXTRACTED, c.articles > brought.scalar_subquery()),
            ),
        )
        .values(end=None, ended_at=None, articles=None, attempt=c.attempt + 1)
        .returning(*PAGE_FETCHED)
    )
    return [page_fetched(row) for row in reopened]


async def _finish(
    connection: AsyncConnection,
    event: PageFetched,
    capture: Capture,
    page_key: str | None,
    end: CaptureEnd,
    reason: Reason | None,
    count: int,
    follow: Sequence[Follow],
) -> Recorded:
    await end_capture(connection, capture.capture_id, end, reason, articles=count, page_id=page_key)
    await connection.execute(
        insert(ledger).values(
            stage="normalizer",
            outcome=end,
            reason=reason,
            capture_id=capture.capture_id,
            page_id=page_key,
            trace_id=event.trace_id,
            detail=f"{count} articles, {sum(isinstance(e, ArticleNormalized) for e in follow)} to group",
        )
    )
    return Recorded(end, reason, tuple(follow), page_key)
