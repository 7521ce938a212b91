"""Writes the revisions of a page's articles: what is new, what is current, what it supersedes.

A capture that is read again, perhaps by newer rules, brings a revision where it now shows another state than at its
last reading; what that reading found stays as superseded history, in the order (captured_at, sha256, reading). What is
stored with a revision beside its state (`details`) is that of the last reading of the capture that it came with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.details import adopt_details
from libs.adapters.postgres.event_rows import article_normalized
from libs.adapters.postgres.followups import Follow
from libs.adapters.postgres.judging import judging_again
from libs.adapters.postgres.tables import articles, captures, quotes, revisions, turns
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.reasons import CaptureEnd, RevisionEnd
from libs.contracts.records import Capture
from libs.domain.documents import ExtractedArticle
from libs.domain.extraction.rules import printed_words
from libs.domain.publishers import publisher_of
from libs.domain.revisions import content_hash, published_at, revision_id
from libs.domain.urls import host

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture in the order of its page."""

    capture_id: str
    captured_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a page's state is recorded."""

    event: PageFetched
    capture: Capture
    page: str
    url: str
    outlet: str
    newest: bool  # no later capture shows a state of the page, or waits to be read again
    read_next: Captured | None  # the first of the later captures that is read, when this one came in late
    reading: int  # how often this capture was opened again

    @property
    def order(self) -> tuple[Any, str]:
        return (self.capture.captured_at, self.capture.sha256)

    def reaches(self, revision: Any) -> bool:
        """Whether no capture that is read stands between this one and a later revision."""
        if self.read_next is None or revision.capture_id == self.read_next.capture_id:
            return True
        return bool((revision.captured_at, revision.sha256) < (self.read_next.captured_at, self.read_next.sha256))

    def revision_of(self, article_id: str) -> str:
        """The id of the revision that this reading brings of an article."""
        return revision_id(article_id, self.capture.capture_id, self.reading)


async def add_revisions(
    connection: AsyncConnection, place: Place, ids: Sequence[str], found: Sequence[ExtractedArticle]
) -> tuple[list[Follow], int, int]:
    """Record what is new of each article; answer the events for those that became current, how many revisions this
    capture brought, and how many of these were not there before.

    A state is a revision exactly when it differs from the state before it, which is the one that an earlier reading of
    the same capture found. A late state that equals the one after it therefore takes that revision over.
    """
    known = await _neighbours(connection, place, ids)
    own = await _own(connection, place)
    follow: list[Follow] = []
    brought = inserted = 0
    for article_id, article in sorted(zip(ids, found, strict=True), key=lambda pair: pair[0]):
        before, after = known.get(article_id, (None, None))
        row, mine = revision_row(place, article_id, article), own.get(article_id)
        if mine is None and before == row["content_hash"]:
            continue
        brought += 1
        if mine is not None and mine.content_hash == row["content_hash"]:
            follow += await _renew(connection, mine.revision_id, row, article)
            continue
        if after and after.content_hash == row["content_hash"] and place.reaches(after):
            await _take_over(connection, place, after)
            follow += await _renew(connection, after.revision_id, row, article)
            continue
        inserted += 1
        is_current = after is None
        await _insert_revision(connection, row, article, is_current=is_current)
        if is_current:
            follow.append(
                ArticleNormalized(
                    lane=place.event.lane,
                    trace_id=place.event.trace_id,
                    revision_id=row["revision_id"],
                    article_id=article_id,
                )
            )
    return follow, brought, inserted


async def _neighbours(
    connection: AsyncConnection, place: Place, ids: Sequence[str]
) -> dict[str, tuple[str | None, Any]]:
    """Per article: the content hash just before this capture, and the revision just after it or None."""
    r = revisions.c
    query = (
        select(r.article_id, r.captured_at, r.sha256, r.content_hash, r.revision_id, r.capture_id)
        .where(r.article_id.in_(sorted(ids)), r.capture_id != place.capture.capture_id)
        .order_by(r.captured_at, r.sha256, r.reading)
    )
    states: dict[str, tuple[str | None, Any]] = {}
    for row in await connection.execute(query):
        before, after = states.get(row.article_id, (None, None))
        if (row.captured_at, row.sha256) < place.order:
            before = row.content_hash
        elif after is None:
            after = row
        states[row.article_id] = (before, after)
    return states


async def _own(connection: AsyncConnection, place: Place) -> dict[str, Any]:
    """Of the articles whose revisions this capture brought at earlier readings, the last one of each."""
    r = revisions.c
    query = select(r.article_id, r.revision_id, r.content_hash).where(r.capture_id == place.capture.capture_id)
    return {row.article_id: row for row in await connection.execute(query.order_by(r.reading))}


async def _renew(connection: AsyncConnection, revision_id: str, row: Row, article: ExtractedArticle) -> list[Follow]:
    """Bring the details of a revision that stays up to date; the event for a current one whose details changed.

    One that is on its way to its story has that event already.
    """
    if not await adopt_details(connection, revision_id, row, quote_rows(revision_id, article)):
        return []
    judged = await connection.execute(judging_again(revisions.c.revision_id == revision_id))
    return [article_normalized(one) for one in judged]


async def _take_over(connection: AsyncConnection, place: Place, revision: Any) -> None:
    """Make this capture the one that a revision came with; its text, its end and its story stay as they are."""
    captured_at, sha256 = place.order
    await connection.execute(
        update(revisions)
        .where(revisions.c.revision_id == revision.revision_id)
        .values(capture_id=place.capture.capture_id, captured_at=captured_at, sha256=sha256, reading=place.reading)
    )
    carried = select(revisions.c.revision_id).where(revisions.c.capture_id == revision.capture_id).exists()
    await connection.execute(
        update(captures)
        .where(captures.c.capture_id == revision.capture_id, captures.c.end == CaptureEnd.EXTRACTED, ~carried)
        .values(end=CaptureEnd.UNCHANGED)
    )


def revision_row(place: Place, article_id: str, article: ExtractedArticle) -> Row:
    """The row of an article's revision, without its end."""
    facts = article.facts
    return {
        "revision_id": place.revision_of(article_id),
        "article_id": article_id,
        "capture_id": place.capture.capture_id,
        "captured_at": place.capture.captured_at,
        "sha256": place.capture.sha256,
        "reading": place.reading,
        "content_hash": content_hash(article),
        "title": article.title,
        "bylines": list(article.bylines),
        "credit": article.credit,
        "outlet": place.outlet,
        "publisher": publisher_of(host(place.url) or place.outlet),
        "published": article.published,
        "published_at": published_at(article.published),
        "modified": article.modified,
        "language": article.language,
        "kind": article.kind,
        "interviewee": facts.interviewee,
        "broadcasters": list(facts.broadcasters),
        "interviewers": list(facts.interviewers),
        "aired": facts.aired,
        "questions": facts.questions,
        "words": printed_words(article.body),
        "body": article.body,
        "lane": place.event.lane,
        "trace_id": place.event.trace_id,
    }


def turn_rows(revision: str, article: ExtractedArticle) -> list[Row]:
    """The rows of an article's turns."""
    return [
        {"revision_id": revision, "n": n, "role": t.role, "speaker": t.speaker, "start": t.start, "end": t.end}
        for n, t in enumerate(article.turns)
    ]


def quote_rows(revision: str, article: ExtractedArticle) -> list[Row]:
    """The rows of an article's quotations."""
    return [
        {"revision_id": revision, "n": n, "speaker": q.speaker, "text": q.text, "start": q.start, "end": q.end}
        for n, q in enumerate(article.quotes)
    ]


def comment_rows(article_id: str, article: ExtractedArticle) -> list[Row]:
    """The rows of an article's comments."""
    return [
        {"article_id": article_id, "n": n, "author": c.author, "published": c.published, "text": c.text}
        for n, c in enumerate(article.comments)
    ]


async def _insert_revision(
    connection: AsyncConnection, row: Row, article: ExtractedArticle, *, is_current: bool
) -> None:
    superseded = {"end": RevisionEnd.SUPERSEDED, "ended_at": func.now()}
    make = insert(revisions).values({**row, **({} if is_current else superseded)}).on_conflict_do_nothing()
    if (await connection.execute(make.returning(revisions.c.revision_id))).first() is None:
        return
    key = row["revision_id"]
    if article.turns:
        await connection.execute(insert(turns), turn_rows(key, article))
    if article.quotes:
        await connection.execute(insert(quotes), quote_rows(key, article))
    if is_current:
        await connection.execute(
            update(revisions)
            .where(
                revisions.c.article_id == row["article_id"],
                revisions.c.revision_id != key,
                revisions.c.end.is_distinct_from(RevisionEnd.SUPERSEDED),
                revisions.c.end.is_distinct_from(RevisionEnd.WITHDRAWN),
            )
            .values(**superseded, reason=None)
        )
        await connection.execute(
            update(articles)
            .where(articles.c.article_id == row["article_id"])
            .values(revision_id=key, lane=row["lane"], trace_id=row["trace_id"])
        )
