"""Captures and page states as a test writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.tables import articles, captures, revisions
from libs.contracts.events import PageFetched
from libs.contracts.pipeline import Lane
from libs.contracts.records import Capture, Recorded
from libs.domain.documents import Comment, ExtractedArticle, ExtractedPage
from libs.domain.revisions import digest

START = datetime(2024, 5, 14, 8, tzinfo=UTC)


def article(body: str, title: str = "A title", **more: Any) -> ExtractedArticle:
    return ExtractedArticle(title=title, body=body, language="en", **more)


def commented(found: ExtractedArticle, *texts: str) -> ExtractedArticle:
    return replace(found, comments=tuple(Comment("Reader", None, text) for text in texts))


@dataclass
class Desk:
    """Takes captures of one page through the normalizer's records, in any order."""

    engine: AsyncEngine
    url: str = "https://paper.example/a"
    pages: PostgresPages = field(init=False)

    def __post_init__(self) -> None:
        self.pages = PostgresPages(self.engine)

    def event(self, hour: int, *, attempt: int = 0) -> PageFetched:
        key = digest(self.url, str(hour))
        return PageFetched(lane=Lane.LIVE, attempt=attempt, trace_id=digest("trace", key), capture_id=key)

    async def receive(self, hour: int) -> PageFetched:
        """A capture made so many hours after the start."""
        event = self.event(hour)
        row = {
            "capture_id": event.capture_id,
            "asked_url": self.url,
            "final_url": self.url,
            "sha256": digest("bytes", event.capture_id),
            "captured_at": START + timedelta(hours=hour),
            "lane": event.lane,
            "trace_id": event.trace_id,
        }
        async with self.engine.begin() as connection:
            await connection.execute(insert(captures).values(row))
        return event

    async def capture(self, event: PageFetched) -> Capture:
        return (await self.pages.captures([event.capture_id]))[event.capture_id]

    async def record(self, event: PageFetched, *found: ExtractedArticle, rejected: str | None = None) -> Recorded:
        capture = await self.capture(event)
        [recorded] = await self.pages.record([(event, capture, ExtractedPage(tuple(found), rejected=rejected))])
        assert isinstance(recorded, Recorded)
        return recorded

    async def take(self, hour: int, *found: ExtractedArticle) -> Recorded:
        return await self.record(await self.receive(hour), *found)

    async def give_story(self, article_id: str) -> None:
        """What the deduplicator and the indexer would do for a new article."""
        async with self.engine.begin() as connection:
            current = select(articles.c.revision_id).where(articles.c.article_id == article_id).scalar_subquery()
            await connection.execute(
                update(revisions).where(revisions.c.revision_id == current).values(assigned_at=START, end="indexed")
            )
            await connection.execute(
                update(articles)
                .where(articles.c.article_id == article_id)
                .values(story_id="5" * 32, projection=1, indexed_projection=1)
            )

    async def rows(self, query: Any) -> Sequence[Any]:
        async with self.engine.connect() as connection:
            return (await connection.execute(query)).all()

    async def end(self, hour: int) -> tuple[str | None, str | None]:
        query = select(captures.c.end, captures.c.reason).where(captures.c.capture_id == self.event(hour).capture_id)
        [row] = await self.rows(query)
        return row.end, row.reason


async def refuse(desk: Desk, hour: int, url: str | None = None) -> Recorded:
    """The server said 404 so many hours after the start."""
    asked = url or desk.url
    key = digest("gone", asked, str(hour))
    row = {
        "capture_id": key,
        "asked_url": asked,
        "final_url": asked,
        "status": 404,
        "captured_at": START + timedelta(hours=hour),
        "lane": "live",
        "trace_id": key,
    }
    async with desk.engine.begin() as connection:
        await connection.execute(insert(captures).values(row))
    event = PageFetched(lane="live", trace_id=key, capture_id=key)
    capture = await desk.capture(event)
    assert capture.gone
    return await desk.pages.gone(event, capture)
