"""Records pages that were never seen before, all of a batch in one transaction: nothing is known of them to compare with.

Most pages of a stream are new; written together, a table costs one statement for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.filings import filing_row
from libs.adapters.postgres.gone import settle_gone
from libs.adapters.postgres.revisions import Place, Row, comment_rows, quote_rows, revision_row, turn_rows
from libs.adapters.postgres.tables import articles, captures, comments, filings, ledger, pages, quotes, revisions, turns
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.reasons import CaptureEnd, Reason
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import ExtractedArticle, ExtractedPage
from libs.domain.publishers import outlet_of
from libs.domain.revisions import page_id, segment_ids
from libs.domain.urls import host, resolve_canonical

Reading = tuple[PageFetched, Capture, ExtractedPage]

_END = (
    update(captures)
    .where(captures.c.capture_id == bindparam("ended"))
    .values(
        end=bindparam("how"),
        reason=bindparam("why"),
        articles=bindparam("count"),
        page_id=bindparam("page"),
        ended_at=func.now(),
    )
)


@dataclass(frozen=True, slots=True)
class _NewPage:
    """One page to be recorded: where, its articles by id in a fixed order, and its declared original."""

    place: Place
    found: list[tuple[str, int, ExtractedArticle]]  # article id, position on the page, article; sorted by id
    original: str | None
    reason: Reason | None

    @property
    def end(self) -> CaptureEnd:
        return CaptureEnd.EXTRACTED if self.found else CaptureEnd.REJECTED

    @property
    def recorded(self) -> Recorded:
        event = self.place.event
        follow = tuple(
            ArticleNormalized(
                lane=event.lane,
                trace_id=event.trace_id,
                revision_id=self.place.revision_of(article_id),
                article_id=article_id,
            )
            for article_id, _, _ in self.found
        )
        return Recorded(self.end, self.reason, follow, self.place.page)


async def record_new_pages(connection: AsyncConnection, readings: Sequence[Reading]) -> dict[str, Recorded]:
    """Record the readings whose page has no row yet, one for a page; answer what became of them by capture.

    Those left out are of a page that is known, or of one that another reading of the batch has just made known, or
    their capture has its end already.
    """
    attempts = await _hold_open(connection, readings)
    first: dict[str, _NewPage] = {}
    for reading in sorted(readings, key=lambda reading: (reading[1].captured_at, reading[1].sha256)):
        if (attempt := attempts.get(reading[1].capture_id)) is not None:
            page = _new_page(*reading, attempt)
            first.setdefault(page.place.page, page)
    made = await _make_rows(connection, first)
    new = [first[key] for key in made]
    await _write(connection, new)
    await settle_gone(connection, made)  # a later refusal may have come in first; all of it is still to be judged
    return {page.place.capture.capture_id: page.recorded for page in new}


def _new_page(event: PageFetched, capture: Capture, page: ExtractedPage, attempt: int) -> _NewPage:
    url, original = resolve_canonical(capture.url, page.canonical_url, trust_any=capture.trust_canonical)
    key = page_id(url)
    ids = segment_ids(key, page.articles, [])
    return _NewPage(
        Place(event, capture, key, url, outlet_of(url, page.outlet), True, None, attempt),
        sorted(zip(ids, range(len(ids)), page.articles, strict=True), key=lambda one: one[0]),
        original if page.articles else None,
        None if page.articles else Reason(page.rejected or Reason.NOT_ARTICLE),
    )


async def _hold_open(connection: AsyncConnection, readings: Sequence[Reading]) -> dict[str, int]:
    """Lock the captures that have no end, in a fixed order; answer how often each was opened again."""
    c = captures.c
    wanted = sorted({capture.capture_id for _, capture, _ in readings})
    query = select(c.capture_id, c.attempt).where(c.capture_id.in_(wanted), c.end.is_(None)).order_by(c.capture_id)
    return {row.capture_id: row.attempt for row in await connection.execute(query.with_for_update())}


async def _make_rows(connection: AsyncConnection, first: dict[str, _NewPage]) -> list[str]:
    """Insert the pages' rows, in a fixed order; answer the keys of those that were not there."""
    if not first:
        return []
    rows = [
        {
            "page_id": key,
            "url": page.place.url,
            "host": host(page.place.url),
            "declared_original": page.original,
        }
        for key, page in sorted(first.items())
    ]
    made = await connection.execute(insert(pages).values(rows).on_conflict_do_nothing().returning(pages.c.page_id))
    return sorted(made.scalars())


async def _write(connection: AsyncConnection, new: Sequence[_NewPage]) -> None:
    """The rows below the pages, each table once."""
    found = [(page.place, *one) for page in new for one in page.found]
    tables: list[tuple[Any, list[Row]]] = [
        (
            articles,
            [_article_row(page, article_id, position) for page in new for article_id, position, _ in page.found],
        ),
        (revisions, [revision_row(place, article_id, article) for place, article_id, _, article in found]),
        (turns, [row for place, key, _, article in found for row in turn_rows(place.revision_of(key), article)]),
        (quotes, [row for place, key, _, article in found for row in quote_rows(place.revision_of(key), article)]),
        (comments, [row for _, key, _, article in found for row in comment_rows(key, article)]),
        (filings, [filing_row(place, key, article) for place, key, _, article in found]),
        (ledger, [_ledger_row(page) for page in new]),
    ]
    for table, rows in tables:
        if rows:
            await connection.execute(insert(table), rows)
    if new:
        await connection.execute(_END, [_end_row(page) for page in new])


def _article_row(page: _NewPage, article_id: str, position: int) -> Row:
    return {
        "article_id": article_id,
        "page_id": page.place.page,
        "position": position,
        "segments": len(page.found),
        "revision_id": page.place.revision_of(article_id),
        "lane": page.place.event.lane,
        "trace_id": page.place.event.trace_id,
    }


def _ledger_row(page: _NewPage) -> Row:
    return {
        "stage": "normalizer",
        "outcome": page.end,
        "reason": page.reason,
        "capture_id": page.place.capture.capture_id,
        "page_id": page.place.page,
        "trace_id": page.place.event.trace_id,
        "detail": f"{len(page.found)} articles, {len(page.found)} to group",
    }


def _end_row(page: _NewPage) -> Row:
    return {
        "ended": page.place.capture.capture_id,
        "how": page.end,
        "why": page.reason,
        "count": len(page.found),
        "page": page.place.page,
    }
