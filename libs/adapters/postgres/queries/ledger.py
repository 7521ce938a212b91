"""How things ended, in numbers, and what waits longest."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

Json = dict[str, Any]

_ENDS = """SELECT coalesce("end", 'under_way') AS "end", reason, count(*) AS count FROM {table}
GROUP BY 1, 2 ORDER BY 1, 2 NULLS FIRST"""
_OLDEST = {
    "capture": """SELECT capture_id AS id, final_url AS url, recorded_at AS since FROM captures WHERE "end" IS NULL
        ORDER BY recorded_at LIMIT 1""",
    "revision": """SELECT r.revision_id AS id, p.url, r.recorded_at AS since FROM revisions r
        JOIN articles a USING (article_id) JOIN pages p USING (page_id)
        WHERE r."end" IS NULL ORDER BY r.recorded_at LIMIT 1""",
    "fetch": """SELECT fetch_id AS id, url, recorded_at AS since FROM fetches WHERE NOT done
        ORDER BY recorded_at LIMIT 1""",
}
_COUNTS = """SELECT (SELECT count(*) FROM pages) AS pages,
    (SELECT count(*) FROM articles WHERE revision_id IS NOT NULL AND withdrawn_reason IS NULL) AS articles,
    (SELECT count(*) FROM stories WHERE redirect_to IS NULL AND size > 0) AS stories,
    (SELECT count(*) FROM stories WHERE redirect_to IS NULL AND size > 1) AS stories_of_several,
    (SELECT count(*) FROM quarantine WHERE state = 'open') AS quarantined"""


async def ledger_counts(engine: AsyncEngine) -> Json:
    """`{"counts": {...}, "captures": [{"end", "reason", "count"}], "revisions": [...], "oldest_unfinished": {...}}`."""
    async with engine.connect() as connection:
        ends = {
            table: [dict(row) for row in (await connection.execute(text(_ENDS.format(table=table)))).mappings()]
            for table in ("captures", "revisions")
        }
        oldest = {kind: (await connection.execute(text(query))).mappings().first() for kind, query in _OLDEST.items()}
        counts = (await connection.execute(text(_COUNTS))).mappings().one()
    return {
        "counts": dict(counts),
        **ends,
        "oldest_unfinished": {kind: dict(row) if row else None for kind, row in oldest.items()},
    }
