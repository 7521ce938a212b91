"""Writes the revisions of a page's articles: what is new, what is current, what it supersedes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.tables import articles, quotes, revisions, turns
from libs.contracts.events import ArticleNormalized, PageFetched, StoryAssigned
from libs.contracts.reasons import RevisionEnd
from libs.contracts.records import Capture
from libs.domain.documents import ExtractedArticle
from libs.domain.publishers import publisher_of
from libs.domain.revisions import content_hash, published_at, revision_id
from libs.domain.urls import host

Row = dict[str, Any]
Follow = ArticleNormalized | StoryAssigned | PageFetched


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a page's state is recorded."""

    event: PageFetched
    capture: Capture
    page: str
    url: str
    outlet: str
    newest: bool  # no later capture of this page was read before

    @property
    def order(self) -> tuple[Any, str]:
        return (self.capture.captured_at, self.capture.sha256)


async def add_revisions(
    connection: AsyncConnection, place: Place, ids: Sequence[str], found: Sequence[ExtractedArticle]
) -> tuple[list[Follow], int]:
    """Record what is new of each article; answer the events for those that became current, and how many are new."""
    known = await _neighbours(connection, place, ids)
    follow: list[Follow] = []
    new = 0
    for article_id, article in sorted(zip(ids, found, strict=True), key=lambda pair: pair[0]):
        before, is_current = known.get(article_id, (None, True))
        row = _revision_row(place, article_id, article)
        if before == row["content_hash"]:
            continue
        new += 1
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
    return follow, new


async def _neighbours(
    connection: AsyncConnection, place: Place, ids: Sequence[str]
) -> dict[str, tuple[str | None, bool]]:
    """Per article: the content hash just before this capture, and whether this capture is later than all others."""
    r = revisions.c
    query = (
        select(r.article_id, r.captured_at, r.sha256, r.content_hash)
        .where(r.article_id.in_(sorted(ids)))
        .order_by(r.captured_at, r.sha256)
    )
    states: dict[str, tuple[str | None, bool]] = {}
    for row in await connection.execute(query):
        before, is_current = states.get(row.article_id, (None, True))
        if (row.captured_at, row.sha256) < place.order:
            before = row.content_hash
        else:
            is_current = False
        states[row.article_id] = (before, is_current)
    return states


def _revision_row(place: Place, article_id: str, article: ExtractedArticle) -> Row:
    facts = article.facts
    return {
        "revision_id": revision_id(article_id, place.capture.capture_id),
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
        "words": len(article.body.split()),
        "body": article.body,
        "lane": place.event.lane,
        "trace_id": place.event.trace_id,
    }


async def _insert_revision(
    connection: AsyncConnection, row: Row, article: ExtractedArticle, *, is_current: bool
) -> None:
    superseded = {"end": RevisionEnd.SUPERSEDED, "ended_at": func.now()}
    made = await connection.execute(
        insert(revisions).values({**row, **({} if is_current else superseded)}).on_conflict_do_nothing()
    )
    if made.rowcount == 0:
        return
    key = row["revision_id"]
    if article.turns:
        await connection.execute(
            insert(turns),
            [
                {"revision_id": key, "n": n, "role": t.role, "speaker": t.speaker, "start": t.start, "end": t.end}
                for n, t in enumerate(article.turns)
            ],
        )
    if article.quotes:
        await connection.execute(
            insert(quotes),
            [
                {"revision_id": key, "n": n, "speaker": q.speaker, "text": q.text, "start": q.start, "end": q.end}
                for n, q in enumerate(article.quotes)
            ],
        )
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
