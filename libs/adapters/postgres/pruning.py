"""Forgets what is old and needed no more: fetches that are done, and the bytes of captures.

What stays for ever: that a page was captured, when, and how it ended; every text. Bytes stay as long as they are the
newest of their page, those of a current revision, in the quarantine, under way, or what a server is asked about.
"""

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE: Final = 5_000

_FETCHES: Final = text("DELETE FROM fetches WHERE done AND finished_at < now() - make_interval(days => :days)")
_CAPTURES: Final = text("""
UPDATE captures c SET sha256 = NULL, bytes = NULL
WHERE sha256 IS NOT NULL AND "end" IS NOT NULL
  AND greatest(recorded_at, ended_at) < now() - make_interval(days => :days)
  AND (page_id IS NULL OR EXISTS (
      SELECT 1 FROM captures later WHERE later.page_id = c.page_id AND later.sha256 IS NOT NULL
      AND (later.captured_at, later.sha256 COLLATE "C") > (c.captured_at, c.sha256 COLLATE "C")))
  AND NOT EXISTS (SELECT 1 FROM revisions JOIN articles USING (revision_id) WHERE revisions.capture_id = c.capture_id)
  AND NOT EXISTS (SELECT 1 FROM quarantine WHERE quarantine.capture_id = c.capture_id)""")
_NEEDED: Final = text("""
SELECT sha256 COLLATE "C" FROM captures WHERE sha256 IS NOT NULL
UNION SELECT sha256 COLLATE "C" FROM known_urls WHERE sha256 IS NOT NULL
UNION SELECT unnest(blobs) COLLATE "C" FROM corrections
ORDER BY 1""")


async def forget_records(connection: AsyncConnection, *, days: int) -> tuple[int, int]:
    """How many fetches were removed and how many captures gave up their bytes. The caller commits, or does not."""
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    removed = await connection.execute(_FETCHES, {"days": days})
    emptied = await connection.execute(_CAPTURES, {"days": days})
    return removed.rowcount, emptied.rowcount


async def needed_bytes(connection: AsyncConnection) -> AsyncIterator[str]:
    """The keys of all blobs that somebody still asks for, ascending, each once."""
    await connection.execute(text("SET LOCAL statement_timeout = 0"))
    rows = await connection.stream(_NEEDED, execution_options={"yield_per": PAGE})
    async for (key,) in rows:
        yield key
