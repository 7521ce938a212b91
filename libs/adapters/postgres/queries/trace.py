"""What happened to a page: every stage, time, outcome and reason, oldest first."""

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

Json = dict[str, Any]

_PAGE: Final = text("SELECT page_id, url, declared_original, gone_at FROM pages WHERE url = ANY(:names)")
_CAPTURES: Final = text("""
SELECT capture_id, asked_url, final_url, status, content_type, bytes, sha256, captured_at, lane, "end", reason,
    articles, page_id, trace_id, recorded_at, ended_at
FROM captures
WHERE asked_url = ANY(:names) OR final_url = ANY(:names) OR page_id = ANY(:pages)
    OR capture_id = ANY(:names) OR trace_id = ANY(:names)
ORDER BY captured_at, capture_id""")
_FETCHES: Final = text("""
SELECT fetch_id, kind, url, lane, recorded_at, due_at, done, attempts, tries, last_reason, finished_at,
    CASE WHEN NOT done THEN NULL ELSE coalesce(last_reason, 'received') END AS "end"
FROM fetches WHERE url = ANY(:names) ORDER BY enqueued_seq""")
_ARTICLES: Final = text("SELECT article_id FROM articles WHERE page_id = ANY(:pages)")
_STEPS: Final = text("""
SELECT recorded_at AS at, stage, outcome, reason, detail, capture_id, page_id, article_id, revision_id, story_id,
    trace_id
FROM ledger WHERE capture_id = ANY(:captures) OR page_id = ANY(:pages) OR article_id = ANY(:articles)
ORDER BY at, event_id""")
_QUARANTINE: Final = text("""
SELECT quarantine_id, stage, reason, error, state, recorded_at FROM quarantine
WHERE capture_id = ANY(:captures) OR article_id = ANY(:articles) ORDER BY recorded_at""")


async def trace(engine: AsyncEngine, name: str) -> Json | None:
    """The history of a page by its URL (asked, final or canonical), or of a capture by its id; None when unknown."""
    names = list({name, name.rpartition("#")[0] or name})
    async with engine.connect() as connection:

        async def rows(query: Any, **bound: list[str]) -> list[Json]:
            return [dict(row) for row in (await connection.execute(query, bound)).mappings()]

        pages = await rows(_PAGE, names=names)
        found = await rows(_CAPTURES, names=names, pages=[page["page_id"] for page in pages])
        known = {page["page_id"] for page in pages} | {c["page_id"] for c in found if c["page_id"]}
        captures = [capture["capture_id"] for capture in found]
        articles = [row["article_id"] for row in await rows(_ARTICLES, pages=sorted(known))]
        asked = sorted({*names, *(capture["asked_url"] for capture in found)})
        fetches = await rows(_FETCHES, names=asked)
        steps = await rows(_STEPS, captures=captures, pages=sorted(known), articles=articles)
        aside = await rows(_QUARANTINE, captures=captures, articles=articles)
    if not (pages or found or fetches):
        return None
    return {"name": name, "pages": pages, "fetches": fetches, "captures": found, "steps": steps, "quarantine": aside}
