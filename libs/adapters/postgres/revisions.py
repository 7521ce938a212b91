"""Writes the revisions of a page's articles: what is new, what is current, what it supersedes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.followups import Follow
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
class Place:
    """Where and when a page's state is recorded."""

    event: PageFetched
    capture: Capture
    page: str
    url: str
    outlet: str
    following: str | None  # the page's next capture, when this one came in late
    reading: int  # how often this capture was opened again

    @property
    def newest(self) -> bool:
        return self.following is None

    @property
    def order(self) -> tuple[Any, str]:
        return (self.capture.captured_at, self.capture.sha256)

    def revision_of(self, article_id: str) -> str:
        """The id of the revision that this reading brings of an article."""
        return revision_id(article_id, self.capture.capture_id, self.reading)


async def add_revisions(
    connection: AsyncConnection, place: Place, ids: Sequence[str], found: Sequence[ExtractedArticle]
) -> tuple[list[Follow], int, int]:
    """Record what is new of each article; answer the events for those that became current, how many revisions this
    capture brought, and how many of these were not there before.

    A state is a revision exactly when it differs from the state before it. A late state that equals the one after it
    therefore takes that revision over.
    """
    known = await _neighbours(connection, place, ids)
    own = await _own(connection, place)
    follow: list[Follow] = []
    brought = inserted = 0
    for article_id, article in sorted(zip(ids, found, strict=True), key=lambda pair: pair[0]):
        if article_id in own:
            brought += 1
            continue
        before, after = known.get(article_id, (None, None))
        row = revision_row(place, article_id, article)
        if before == row["content_hash"]:
            continue
        brought += 1
        if after and after.content_hash == row["content_hash"] and after.capture_id == place.following:
            await _take_over(connection, place, after.revision_id)
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
        .order_by(r.captured_at, r.sha256)
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


async def _own(connection: AsyncConnection, place: Place) -> set[str]:
    """Articles whose revision this capture brought at an earlier reading."""
    r = revisions.c
    rows = await connection.execute(select(r.article_id).where(r.capture_id == place.capture.capture_id))
    return set(rows.scalars())


async def _take_over(connection: AsyncConnection, place: Place, revision_id: str) -> None:
    """Make this capture the one that a revision came with; its text, its end and its story stay as they are."""
    captured_at, sha256 = place.order
    await connection.execute(
        update(revisions)
        .where(revisions.c.revision_id == revision_id)
        .values(capture_id=place.capture.capture_id, captured_at=captured_at, sha256=sha256)
    )
    carried = select(revisions.c.revision_id).where(revisions.c.capture_id == place.following).exists()
    await connection.execute(
        update(captures)
        .where(captures.c.capture_id == place.following, captures.c.end == CaptureEnd.EXTRACTED, ~carried)
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
