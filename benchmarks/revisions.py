"""Puts articles into PostgreSQL as the normalizer would have recorded them, for measuring what comes after it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.tables import articles, captures, pages, quotes, revisions, turns
from libs.contracts.events import ArticleNormalized
from libs.contracts.pipeline import Lane
from libs.domain.documents import ArticleKind, InterviewFacts, Quote, Turn
from libs.domain.revisions import digest, page_id, published_at, revision_id
from libs.domain.stories.retold import in_focus
from libs.domain.stories.texts import Article, Text, make_text

LANE = Lane.BACKFILL
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Made:
    """An article to record. `version` raises with every state of the same article."""

    url: str
    body: str
    title: str = ""
    segment: int = 0
    outlet: str = "outlet"
    published: str | None = None
    language: str | None = None
    credit: str | None = None
    kind: ArticleKind = ArticleKind.REPORT
    facts: InterviewFacts = field(default_factory=InterviewFacts)
    turns: tuple[Turn, ...] = ()
    quotes: tuple[Quote, ...] = ()
    version: int = 0

    @property
    def article_id(self) -> str:
        return digest("article", self.url, str(self.segment))

    @property
    def capture_id(self) -> str:
        return digest("capture", self.url, str(self.segment), str(self.version))

    @property
    def revision_id(self) -> str:
        return revision_id(self.article_id, self.capture_id)

    def document(self, *, gone: bool = False) -> tuple[Article, Text]:
        """The article as the judgement in memory takes it (`libs.domain.stories.fold`)."""
        article = Article(
            self.article_id,
            self.url,
            self.article_id,
            self.outlet,
            self.outlet,
            self.title,
            self.published,
            self.language,
            self.credit,
            None,
            self.kind,
            self.facts,
            in_focus(self.facts, self.turns, self.quotes),
            gone,
        )
        return article, make_text(self.body, self.turns, self.quotes)


async def record(engine: AsyncEngine, made: Sequence[Made]) -> list[ArticleNormalized]:
    """Record articles; answer their events. A later version of an article replaces the one before."""
    ordered = sorted(made, key=lambda m: m.article_id)
    async with engine.begin() as connection:
        await connection.execute(upsert(pages).on_conflict_do_nothing(), [_page(m) for m in ordered])
        await connection.execute(insert(captures), [_capture(m) for m in ordered])
        await connection.execute(upsert(articles).on_conflict_do_nothing(), [_article(m) for m in ordered])
        await connection.execute(insert(revisions), [_revision(m) for m in ordered])
        for m in ordered:
            await connection.execute(
                update(articles).where(articles.c.article_id == m.article_id).values(revision_id=m.revision_id)
            )
        if spoken := [row for m in ordered for row in _turns(m)]:
            await connection.execute(insert(turns), spoken)
        if said := [row for m in ordered for row in _quotes(m)]:
            await connection.execute(insert(quotes), said)
    return [
        ArticleNormalized(lane=LANE, trace_id=m.capture_id, revision_id=m.revision_id, article_id=m.article_id)
        for m in made
    ]


def _page(m: Made) -> dict[str, Any]:
    return {"page_id": page_id(m.url), "url": m.url, "host": m.outlet}


def _capture(m: Made) -> dict[str, Any]:
    return {
        "capture_id": m.capture_id,
        "asked_url": m.url,
        "final_url": m.url,
        "sha256": hashlib.sha256(m.body.encode()).hexdigest(),
        "captured_at": EPOCH.replace(year=EPOCH.year + m.version),
        "lane": LANE,
        "trace_id": m.capture_id,
        "end": "extracted",
    }


def _article(m: Made) -> dict[str, Any]:
    common = {"lane": LANE, "trace_id": m.capture_id}
    return {"article_id": m.article_id, "page_id": page_id(m.url), "position": m.segment, "segments": 1, **common}


def _revision(m: Made) -> dict[str, Any]:
    capture = _capture(m)
    return {
        "revision_id": m.revision_id,
        "article_id": m.article_id,
        "capture_id": m.capture_id,
        "captured_at": capture["captured_at"],
        "sha256": capture["sha256"],
        "content_hash": capture["sha256"],
        "title": m.title,
        "credit": m.credit,
        "outlet": m.outlet,
        "publisher": m.outlet,
        "published": m.published,
        "published_at": published_at(m.published),
        "language": m.language,
        "kind": m.kind,
        "interviewee": m.facts.interviewee,
        "broadcasters": list(m.facts.broadcasters),
        "interviewers": list(m.facts.interviewers),
        "aired": m.facts.aired,
        "questions": m.facts.questions,
        "words": len(m.body.split()),
        "body": m.body,
        "lane": LANE,
        "trace_id": m.capture_id,
    }


def _turns(m: Made) -> list[dict[str, Any]]:
    return [
        {"revision_id": m.revision_id, "n": n, "role": t.role, "speaker": t.speaker, "start": t.start, "end": t.end}
        for n, t in enumerate(m.turns)
    ]


def _quotes(m: Made) -> list[dict[str, Any]]:
    return [
        {"revision_id": m.revision_id, "n": n, "speaker": q.speaker, "text": q.text, "start": q.start, "end": q.end}
        for n, q in enumerate(m.quotes)
    ]
