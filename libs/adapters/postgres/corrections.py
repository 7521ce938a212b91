"""Editors' corrections in PostgreSQL: implements `services.deduplicator.ports.Edits`.

Everything here is part of the transaction of a `PostgresBook`, under its lock.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.erasing import erase, whole_pages
from libs.domain.revisions import article_key
from libs.domain.stories.corrections import CorrectionKind
from libs.domain.stories.records import Made, Subject


class PostgresEdits:
    """Decisions, and the state of the articles that they name."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def subjects(self, article_ids: Collection[str]) -> dict[str, Subject]:
        rows = await self._connection.execute(_SUBJECTS, {"ids": sorted(article_ids)})
        return {row.article_id: _subject(row) for row in rows}

    async def members(self, story_ids: Collection[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for row in await self._connection.execute(_MEMBERS, {"ids": sorted(story_ids)}):
            found[row.story_id].append(row.article_id)
        return dict(found)

    async def find(self, number: int) -> Made | None:
        row = (await self._connection.execute(_FIND, {"number": number})).one_or_none()
        if row is None:
            return None
        kind = CorrectionKind(row.kind)
        return Made(number, kind, tuple(row.articles), tuple(row.apart), row.revoked_at is not None, row.erased)

    async def standing(self, kind: CorrectionKind, article_ids: Collection[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row in await self._connection.execute(_STANDING, {"kind": kind, "ids": sorted(article_ids)}):
            found[row.article_id].append(row.correction_id)
        return dict(found)

    async def make(
        self, kind: CorrectionKind, articles: Collection[str], apart: Collection[str], who: str, why: str
    ) -> int:
        number: int = (await self._connection.execute(_MAKE, {"kind": kind, "who": who, "why": why})).scalar_one()
        sides = {**dict.fromkeys(sorted(articles), False), **dict.fromkeys(sorted(apart), True)}
        named = {"number": number, "ids": list(sides), "apart": list(sides.values())}
        await self._connection.execute(_NAME, named)
        return number

    async def revoke(self, number: int, who: str, why: str) -> None:
        await self._connection.execute(_REVOKE, {"number": number, "who": who, "why": why})

    async def withdraw(self, article_ids: Collection[str], who: str, why: str, trace_id: str) -> None:
        ids = {"ids": sorted(article_ids)}
        await self._connection.execute(_WITHDRAW, {**ids, "why": why})
        await self._connection.execute(_END, {**ids, "detail": f"{who}: {why}", "trace": trace_id})

    async def whole_pages(self, article_ids: Collection[str]) -> set[str]:
        return await whole_pages(self._connection, article_ids)

    async def erased(self, article_ids: Collection[str]) -> int | None:
        number: int | None = await self._connection.scalar(_ERASED, {"ids": sorted(article_ids)})
        return number

    async def states(self, article_ids: Collection[str]) -> list[str]:
        return [row.revision_id for row in await self._connection.execute(_STATES, {"ids": sorted(article_ids)})]

    async def erase(self, number: int, article_ids: Collection[str], text_ids: Collection[str]) -> tuple[str, ...]:
        return await erase(self._connection, number, article_ids, text_ids)

    async def readmit(self, article_ids: Collection[str]) -> list[str]:
        ids = {"ids": sorted(article_ids)}
        await self._connection.execute(_WITHDRAW, {**ids, "why": None})
        return [row.revision_id for row in await self._connection.execute(_OPEN, ids)]


def _subject(row: Any) -> Subject:
    key = article_key(row.url, row.article_id, row.position, row.segments)
    return Subject(row.article_id, key, row.revision_id, row.story_id, row.text_id, row.lead, row.gone, row.withdrawn)


_SUBJECTS = text("""
SELECT a.article_id, a.position, a.segments, p.url, a.revision_id, a.story_id, c.text_id, a.lead,
    p.gone_at IS NOT NULL AS gone, a.withdrawn_reason IS NOT NULL AS withdrawn
FROM articles a JOIN pages p USING (page_id) LEFT JOIN carriers c USING (article_id)
WHERE a.article_id = ANY(CAST(:ids AS text[])) ORDER BY a.article_id""")
_MEMBERS = text("""
SELECT story_id, article_id FROM articles WHERE story_id = ANY(CAST(:ids AS text[])) AND withdrawn_reason IS NULL
ORDER BY story_id, article_id""")
_FIND = text("""
SELECT kind, revoked_at, erased, coalesce(array_agg(article_id) FILTER (WHERE NOT apart), '{}') AS articles,
    coalesce(array_agg(article_id) FILTER (WHERE apart), '{}') AS apart
FROM corrections LEFT JOIN correction_articles USING (correction_id) WHERE correction_id = :number
GROUP BY correction_id""")
_STANDING = text("""
SELECT article_id, correction_id FROM corrections JOIN correction_articles USING (correction_id)
WHERE kind = :kind AND revoked_at IS NULL AND NOT apart AND article_id = ANY(CAST(:ids AS text[]))
ORDER BY article_id, correction_id""")
_MAKE = text("INSERT INTO corrections (kind, who, why) VALUES (:kind, :who, :why) RETURNING correction_id")
_NAME = text("""
INSERT INTO correction_articles (correction_id, article_id, apart)
SELECT :number, * FROM unnest(CAST(:ids AS text[]), CAST(:apart AS boolean[]))""")
_REVOKE = text("""
UPDATE corrections SET revoked_at = now(), revoked_by = :who, revoked_why = :why WHERE correction_id = :number""")
_ERASED = text("""
SELECT min(correction_id) FROM corrections JOIN correction_articles USING (correction_id)
WHERE erased AND article_id = ANY(CAST(:ids AS text[]))""")
_STATES = text("SELECT revision_id FROM revisions WHERE article_id = ANY(CAST(:ids AS text[])) ORDER BY revision_id")
_WITHDRAW = text("UPDATE articles SET withdrawn_reason = :why WHERE article_id = ANY(CAST(:ids AS text[]))")
# The current revision of each ends with it, whatever end it had.
_END = text("""
WITH ended AS (
    UPDATE revisions SET "end" = 'withdrawn', ended_at = now(), reason = NULL, assigned_at = coalesce(assigned_at, now())
    FROM articles a WHERE a.article_id = ANY(CAST(:ids AS text[])) AND revisions.revision_id = a.revision_id
    RETURNING revisions.revision_id, revisions.capture_id, a.article_id, a.page_id)
INSERT INTO ledger (stage, outcome, capture_id, page_id, article_id, revision_id, trace_id, detail)
SELECT 'deduplicator', 'withdrawn', capture_id, page_id, article_id, revision_id, :trace, :detail FROM ended
ORDER BY article_id""")
# It becomes searchable long after it was captured: no delay of live news.
_OPEN = text("""
UPDATE revisions SET "end" = NULL, ended_at = NULL, lane = 'replay'
FROM articles a WHERE a.article_id = ANY(CAST(:ids AS text[])) AND revisions.revision_id = a.revision_id
RETURNING revisions.revision_id""")
