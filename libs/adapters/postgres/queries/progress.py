"""Is everything done? What has no end yet, by kind, with the oldest of each; and what was set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.fetches import PostgresFetches

EXAMPLES: Final = 5

# A quarantined item is finished. A story's own message may have been set aside as well: its id begins with
# the story's and the projection number.
_QUERIES: Final[Mapping[str, str]] = {
    "captures": """
        SELECT final_url FROM captures WHERE "end" IS NULL ORDER BY recorded_at, capture_id""",
    "revisions": """
        SELECT p.url FROM revisions r JOIN articles a USING (article_id) JOIN pages p USING (page_id)
        WHERE r."end" IS NULL ORDER BY r.recorded_at, r.revision_id""",
    "articles": """
        SELECT p.url FROM articles a JOIN pages p USING (page_id)
        LEFT JOIN revisions r ON r.revision_id = a.revision_id
        WHERE a.projection > a.indexed_projection AND r."end" IS DISTINCT FROM 'quarantined' ORDER BY a.recorded_at""",
    "stories": """
        SELECT s.story_id FROM stories s WHERE s.projection > s.indexed_projection AND NOT EXISTS (
            SELECT 1 FROM quarantine q WHERE q.state = 'open' AND q.subject LIKE 'story.changed.%'
                AND starts_with(q.headers ->> 'Nats-Msg-Id', concat(s.story_id, '.', s.projection, '.')))
        ORDER BY s.recorded_at""",
}
_ENDED: Final = text("""SELECT count(*) FROM captures WHERE "end" IS NOT NULL""")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Things of one kind without their end: how many, and the names of the oldest."""

    count: int
    oldest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """`unfinished` by kind (fetches, captures, revisions, articles, stories), only kinds that have any."""

    ended_captures: int
    unfinished: Mapping[str, Unfinished]

    @property
    def done(self) -> bool:
        return not self.unfinished


async def progress(engine: AsyncEngine) -> Progress:
    """Fetches first: what they lead to is recorded before they end, so nothing is missed in between."""
    count, urls = await PostgresFetches(engine).unfinished(EXAMPLES)
    found = {"fetches": Unfinished(count, tuple(urls))}
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        for kind, query in _QUERIES.items():
            counted = f"SELECT count(*) OVER (), name FROM ({query}) AS open (name) LIMIT {EXAMPLES}"  # noqa: S608
            rows: list[Any] = list(await connection.execute(text(counted)))
            found[kind] = Unfinished(rows[0][0] if rows else 0, tuple(str(name) for _, name in rows))
        ended = await connection.scalar(_ENDED)
    return Progress(int(ended or 0), {kind: open_ for kind, open_ in found.items() if open_.count})
