"""Captures, pages, articles and revisions in PostgreSQL: implements `services.normalizer.stage.Pages`.

One transaction per capture, under the lock of its page's row, so that two captures of one page never cross.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.quarantine import end_capture
from libs.adapters.postgres.revisions import Follow, Place, add_revisions
from libs.adapters.postgres.tables import articles, captures, comments, ledger, pages, revisions
from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import CaptureEnd, Reason
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import ExtractedArticle, ExtractedPage
from libs.domain.publishers import outlet_of
from libs.domain.revisions import Segment, page_id, segment_ids
from libs.domain.urls import host, resolve_canonical

Row = dict[str, Any]


class PostgresPages:
    """Records what was found in pages."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def capture(self, capture_id: str) -> Capture | None:
        c = captures.c
        query = select(
            c.capture_id,
            c.final_url,
            c.trust_canonical,
            c.content_type,
            c.sha256,
            c.captured_at,
            c.trace_id,
            c.end,
            c.reason,
        ).where(c.capture_id == capture_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Capture(
            capture_id=row.capture_id,
            url=row.final_url,
            trust_canonical=row.trust_canonical,
            content_type=row.content_type,
            sha256=row.sha256 or "",
            captured_at=row.captured_at,
            trace_id=row.trace_id,
            end=CaptureEnd(row.end) if row.end else None,
            reason=Reason(row.reason) if row.reason else None,
        )

    async def recorded(self, capture: Capture) -> Recorded:
        r = revisions.c
        query = (
            select(r.revision_id, r.article_id, r.lane, r.attempt, r.trace_id)
            .where(r.capture_id == capture.capture_id, r.end.is_(None))
            .order_by(r.revision_id)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        events = tuple(
            ArticleNormalized(
                lane=row.lane,
                attempt=row.attempt,
                trace_id=row.trace_id,
                revision_id=row.revision_id,
                article_id=row.article_id,
            )
            for row in rows
        )
        return Recorded(capture.end or CaptureEnd.EXTRACTED, capture.reason, events)

    async def record(self, event: PageFetched, capture: Capture, page: ExtractedPage) -> Recorded:
        async with self._engine.begin() as connection:
            return await _record(connection, event, capture, page)


async def _record(connection: AsyncConnection, event: PageFetched, capture: Capture, page: ExtractedPage) -> Recorded:
    url, original = resolve_canonical(capture.url, page.canonical_url, trust_any=capture.trust_canonical)
    page_key = page_id(url)
    await _lock_page(connection, page_key, url, original)
    if not page.articles:
        reason = Reason(page.rejected or Reason.NOT_ARTICLE)
        return await _finish(connection, event, capture, page_key, CaptureEnd.REJECTED, reason, 0, [])
    newest = await _is_newest(connection, page_key, capture)
    place = Place(event, capture, page_key, url, outlet_of(url, page.outlet), newest)
    ids = segment_ids(page_key, page.articles, await _state_before(connection, place))
    await _upsert_articles(connection, place, ids)
    follow, new = await add_revisions(connection, place, ids, page.articles)
    if newest:
        follow += await _replace_comments(
            connection, ids, page.articles, skip={e.article_id for e in follow if isinstance(e, ArticleNormalized)}
        )
    else:
        follow += await _reopen_next(connection, place)
    end = CaptureEnd.EXTRACTED if new else CaptureEnd.UNCHANGED
    return await _finish(connection, event, capture, page_key, end, None, len(ids), follow)


async def _lock_page(connection: AsyncConnection, page_key: str, url: str, original: str | None) -> None:
    row = {"page_id": page_key, "url": url, "host": host(url), "declared_original": original}
    statement = insert(pages).values(row).on_conflict_do_nothing()
    await connection.execute(statement)
    await connection.execute(select(pages.c.page_id).where(pages.c.page_id == page_key).with_for_update())
    if original is not None:
        await connection.execute(update(pages).where(pages.c.page_id == page_key).values(declared_original=original))


async def _is_newest(connection: AsyncConnection, page_key: str, capture: Capture) -> bool:
    later = select(captures.c.capture_id).where(
        captures.c.page_id == page_key,
        captures.c.end.in_([CaptureEnd.EXTRACTED, CaptureEnd.UNCHANGED]),
        tuple_(captures.c.captured_at, captures.c.sha256) > tuple_(capture.captured_at, capture.sha256),
    )
    return (await connection.execute(later.limit(1))).first() is None


async def _state_before(connection: AsyncConnection, place: Place) -> list[Segment]:
    """The latest state of each of the page's articles before this capture."""
    r, a = revisions.c, articles.c
    query = (
        select(r.article_id, r.title, r.body)
        .join(articles, a.article_id == r.article_id)
        .where(a.page_id == place.page, tuple_(r.captured_at, r.sha256) < tuple_(*place.order))
        .distinct(r.article_id)
        .order_by(r.article_id, r.captured_at.desc(), r.sha256.desc())
    )
    return [Segment(row.article_id, row.title, row.body) for row in await connection.execute(query)]


async def _upsert_articles(connection: AsyncConnection, place: Place, ids: Sequence[str]) -> None:
    """Make the articles' rows; where this is the page's newest state, their places in it."""
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
            update(articles).where(articles.c.page_id == place.page).values(position=None, segments=len(ids))
        )
        statement = statement.on_conflict_do_update(
            index_elements=["article_id"],
            set_={"position": statement.excluded.position, "segments": statement.excluded.segments},
        )
    else:
        statement = statement.on_conflict_do_nothing()
    await connection.execute(statement, sorted(rows, key=lambda row: row["article_id"]))


async def _replace_comments(
    connection: AsyncConnection, ids: Sequence[str], found: Sequence[ExtractedArticle], *, skip: set[str]
) -> list[Follow]:
    """Store the newest comments. Articles whose comments alone changed are indexed again; `skip` are on their way anyway."""
    follow: list[Follow] = []
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
            rows = [
                {"article_id": article_id, "n": n, "author": a, "published": p, "text": t}
                for n, (a, p, t) in enumerate(wanted)
            ]
            await connection.execute(insert(comments), rows)
        if article_id not in skip:
            follow += await _raise_projection(connection, article_id)
    return follow


async def _raise_projection(connection: AsyncConnection, article_id: str) -> list[Follow]:
    """Ask for indexing of an article that has a story; one without is indexed when it gets it."""
    raised = await connection.execute(
        update(articles)
        .where(and_(articles.c.article_id == article_id, articles.c.story_id.is_not(None)))
        .values(projection=articles.c.projection + 1)
        .returning(articles.c.story_id, articles.c.projection, articles.c.lane, articles.c.trace_id)
    )
    return [
        StoryAssigned(
            lane=Lane(row.lane),
            trace_id=row.trace_id,
            article_id=article_id,
            story_id=row.story_id,
            projection=row.projection,
        )
        for row in raised
    ]


async def _reopen_next(connection: AsyncConnection, place: Place) -> list[Follow]:
    """A state came in late. The capture after it was compared with the one before: if it ended `unchanged`, it is read again."""
    c = captures.c
    following = (
        select(c.capture_id)
        .where(
            c.page_id == place.page,
            c.end.in_([CaptureEnd.EXTRACTED, CaptureEnd.UNCHANGED]),
            tuple_(c.captured_at, c.sha256) > tuple_(*place.order),
        )
        .order_by(c.captured_at, c.sha256)
        .limit(1)
        .scalar_subquery()
    )
    reopened = await connection.execute(
        update(captures)
        .where(c.capture_id == following, c.end == CaptureEnd.UNCHANGED)
        .values(end=None, ended_at=None, articles=None, attempt=c.attempt + 1)
        .returning(c.capture_id, c.lane, c.attempt, c.trace_id)
    )
    return [
        PageFetched(lane=Lane(row.lane), attempt=row.attempt, trace_id=row.trace_id, capture_id=row.capture_id)
        for row in reopened
    ]


async def _finish(
    connection: AsyncConnection,
    event: PageFetched,
    capture: Capture,
    page_key: str,
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
    return Recorded(end, reason, tuple(follow))
