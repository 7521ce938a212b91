"""Which pages are gone from their sites: a function of their captures, whatever order those come in.

A page is gone while the newest that is known of it is a 404 or 410 for a URL by which it was asked, from the page's own
host: a feed's proxy or a shortener that forgets a link says nothing about the page. When that changes, the page's
articles are judged again, for one that is gone cannot lead its story.
"""

from collections.abc import Collection
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.event_rows import article_normalized
from libs.adapters.postgres.judging import judging_again
from libs.adapters.postgres.tables import articles, captures, pages
from libs.contracts.events import ArticleNormalized

# The host as both URLs spell it, with its port.
_HOST: Final = "lower(split_part({}, '/', 3))"
_SETTLE: Final = text(f"""
WITH asked AS (
    SELECT page_id, url, url AS asked_url FROM pages WHERE page_id = ANY(CAST(:ids AS text[]))
    UNION SELECT page_id, url, asked_url FROM captures JOIN pages USING (page_id)
        WHERE page_id = ANY(CAST(:ids AS text[])) AND {_HOST.format("asked_url")} = {_HOST.format("url")}
), refused AS (
    SELECT asked.page_id, max(captured_at) AS at FROM asked JOIN captures USING (asked_url)
    WHERE reason = 'fetch_gone' GROUP BY asked.page_id
), shown AS (
    SELECT page_id, max(captured_at) AS at FROM captures
    WHERE page_id = ANY(CAST(:ids AS text[])) AND "end" IN ('extracted', 'unchanged') GROUP BY page_id
), now AS (
    SELECT page_id, CASE WHEN refused.at > coalesce(shown.at, '-infinity') THEN refused.at END AS gone_at
    FROM pages LEFT JOIN refused USING (page_id) LEFT JOIN shown USING (page_id)
    WHERE page_id = ANY(CAST(:ids AS text[]))
), before AS (SELECT page_id, gone_at FROM pages WHERE page_id = ANY(CAST(:ids AS text[])))
UPDATE pages SET gone_at = now.gone_at FROM now JOIN before USING (page_id)
WHERE pages.page_id = now.page_id AND pages.gone_at IS DISTINCT FROM now.gone_at
RETURNING pages.page_id, (before.gone_at IS NULL) <> (now.gone_at IS NULL) AS turned""")  # noqa: S608 - made of constants


async def settle_gone(connection: AsyncConnection, page_ids: Collection[str]) -> tuple[ArticleNormalized, ...]:
    """Bring `gone_at` of pages up to date; answer the events of articles that must be judged again.

    The pages' rows are locked, and the captures that gave rise to it have their ends.
    """
    settled = (await connection.execute(_SETTLE, {"ids": sorted(page_ids)})).all()
    turned = sorted(row.page_id for row in settled if row.turned)
    if not turned:
        return ()
    rows = (await connection.execute(judging_again(articles.c.page_id.in_(turned)))).all()
    return tuple(article_normalized(row) for row in sorted(rows, key=lambda row: row.revision_id))


async def pages_asked(connection: AsyncConnection, url: str) -> list[str]:
    """The pages that a URL names or once led to, with their rows locked."""
    led_to = select(captures.c.page_id).where(captures.c.asked_url == url, captures.c.page_id.is_not(None))
    query = select(pages.c.page_id).where((pages.c.url == url) | pages.c.page_id.in_(led_to)).order_by(pages.c.page_id)
    return list((await connection.execute(query.with_for_update())).scalars())
