"""Is everything done? What has no end yet, by kind, with the oldest of each; and what was set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.quarantine import STORY_NOT_SET_ASIDE

EXAMPLES: Final = 5

# A quarantined item is finished.
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
    "stories": f"""
        SELECT story_id FROM stories WHERE projection > indexed_projection AND {STORY_NOT_SET_ASIDE}
        ORDER BY recorded_at""",  # noqa: S608
    # To be compared by meaning, where that is on; asked for in the transaction that gives an article its story.
    "texts": """
        SELECT (SELECT min(p.url) FROM carriers JOIN articles USING (article_id) JOIN pages p USING (page_id)
                WHERE carriers.text_id = voices.text_id)
        FROM voices JOIN texts USING (text_id) WHERE heard < wanted AND live ORDER BY 1""",
}
_ENDED: Final = text("""SELECT count(*) FROM captures WHERE "end" IS NOT NULL""")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Things of one kind without their end: how many, and the names of the oldest."""

    count: int
    oldest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """`unfinished` by kind (fetches, captures, revisions, articles, stories, texts), only kinds that have any."""

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
