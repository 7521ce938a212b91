"""What is known of texts for judging by meaning: implements `services.deduplicator.ports.Voices`.

Nothing here needs the deduplicators' lock: what a text is found by is committed before others are looked up, so of two
texts that are heard at once the later one sees the other. A claim is an advisory lock of the session, so that it is given
back however its owner ends.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres import story_queries as sql
from libs.adapters.postgres.stories import STORY_LOCK, PostgresStories
from libs.adapters.postgres.story_rows import article_of
from libs.domain.stories.meaning import Vectors
from libs.domain.stories.meant import WINDOW_SECONDS
from libs.domain.stories.naming import Keys
from libs.domain.stories.records import Note, Revision, Versions
from libs.domain.stories.texts import Article

PairKey = tuple[str, str]

CLAIM_SPACE = 0x766F6963  # "voic"; the advisory locks of two numbers that nobody else takes
LOOKED_AT = 64  # unheard texts, to find some that nobody else has in hand

_IDS = "ANY(CAST(:ids AS text[]))"
_VERSIONS = "encoders = :encoders AND background = :background"
_BEGIN = text("""
INSERT INTO voices (text_id) SELECT text_id FROM texts WHERE live ORDER BY text_id
ON CONFLICT (text_id) DO UPDATE SET wanted = voices.heard + 1
    WHERE voices.heard >= voices.wanted AND (voices.heard = 0 OR voices.encoders <> :encoders OR voices.background <> :background)""")
_END = text("UPDATE voices SET wanted = 0, heard = 0 WHERE wanted > 0")
_CLAIM = text(f"""
WITH waiting AS MATERIALIZED (
    SELECT text_id, wanted FROM voices JOIN texts USING (text_id)
    WHERE heard < wanted AND live ORDER BY text_id LIMIT {LOOKED_AT})
SELECT text_id, wanted FROM waiting WHERE pg_try_advisory_lock({CLAIM_SPACE}, hashtext(text_id)) LIMIT :limit""")  # noqa: S608
_GIVE_BACK = text("SELECT pg_advisory_unlock_all()")
_STATES = text(f"""
SELECT c.text_id, c.revision_id FROM carriers c JOIN articles a USING (article_id)
WHERE c.text_id = {_IDS} AND a.withdrawn_reason IS NULL ORDER BY c.revision_id""")  # noqa: S608
_NOTE = text("""
UPDATE voices SET named = :named, sought = :sought, first_published = :published, spoken = :spoken,
    vectors = CASE WHEN old.spoken = :spoken THEN vectors END
FROM (SELECT text_id, spoken FROM voices WHERE text_id = :text_id FOR UPDATE) AS old
WHERE voices.text_id = old.text_id RETURNING old.spoken <> :spoken""")
_FORGET = text("DELETE FROM verdicts WHERE a = :text_id OR b = :text_id")
# Three plain look-ups by index; `named` and `sought` are never compared with both at once.
_NEAR = text(
    " UNION ".join(
        f"""
SELECT mine.text_id, other.text_id AS other_id FROM voices AS mine JOIN voices AS other
    ON other.{theirs} && mine.{ours} AND other.text_id <> mine.text_id
    AND other.first_published BETWEEN mine.first_published - {WINDOW_SECONDS} AND mine.first_published + {WINDOW_SECONDS}
    JOIN texts ON texts.text_id = other.text_id AND texts.live
WHERE mine.text_id = {_IDS}"""  # noqa: S608
        for ours, theirs in (("sought", "named"), ("named", "sought"), ("sought", "sought"))
    )
)
_NAMED = text(f"SELECT text_id, named FROM voices WHERE text_id = {_IDS}")  # noqa: S608
_JUDGED = text(f"""
SELECT a, b FROM verdicts JOIN unnest(CAST(:a AS text[]), CAST(:b AS text[])) AS given (a, b) USING (a, b)
WHERE {_VERSIONS}""")  # noqa: S608
_VECTORS = text(f"""
SELECT text_id, sentences, vectors FROM voices WHERE text_id = {_IDS} AND vectors IS NOT NULL AND {_VERSIONS}""")  # noqa: S608
_KEEP = text("""
UPDATE voices SET vectors = :vectors, sentences = :sentences, encoders = :encoders, background = :background
WHERE text_id = :text_id""")


class PostgresVoices:
    """Notes and vectors of texts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, versions: Versions | None) -> None:
        async with self._engine.begin() as connection:
            if versions is None:
                await connection.execute(_END)
                return
            await connection.execute(sql.BEGIN, {"key": STORY_LOCK})  # others ask for rows in their own order
            await connection.execute(_BEGIN, _named_by(versions))

    @asynccontextmanager
    async def claim(self, limit: int) -> AsyncIterator[Mapping[str, int]]:
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            rows = (await connection.execute(_CLAIM, {"limit": limit})).all()
            try:
                yield {row.text_id: row.wanted for row in rows}
            finally:
                await connection.execute(_GIVE_BACK)

    async def carriers(self, text_ids: Collection[str]) -> dict[str, list[Article]]:
        found: dict[str, list[Article]] = {text_id: [] for text_id in sorted(text_ids)}
        for row in await self._rows(text(sql.CARRIERS), ids=list(found)):
            found[row.text_id].append(article_of(row))
        return found

    async def states(self, text_ids: Collection[str]) -> dict[str, list[Revision]]:
        rows = await self._rows(_STATES, ids=sorted(text_ids))
        known = await PostgresStories(self._engine).revisions([row.revision_id for row in rows])
        found = defaultdict(list)
        for row in rows:
            found[row.text_id].append(known[row.revision_id])
        return dict(found)

    async def note(self, notes: Sequence[Note]) -> None:
        for note in notes:  # one by one: who holds the book may hold others of these rows
            async with self._engine.begin() as connection:
                if (await connection.execute(_NOTE, _note(note))).scalar_one_or_none():
                    await connection.execute(_FORGET, {"text_id": note.text_id})

    async def near(self, text_ids: Collection[str]) -> set[PairKey]:
        rows = await self._rows(_NEAR, ids=sorted(text_ids))
        return {(min(r.text_id, r.other_id), max(r.text_id, r.other_id)) for r in rows}

    async def named(self, text_ids: Collection[str]) -> dict[str, Keys]:
        return {row.text_id: frozenset(row.named) for row in await self._rows(_NAMED, ids=sorted(text_ids))}

    async def judged(self, pairs: Collection[PairKey], versions: Versions) -> set[PairKey]:
        ends = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
        return {(row.a, row.b) for row in await self._rows(_JUDGED, **ends, **_named_by(versions))}

    async def vectors(self, text_ids: Collection[str], versions: Versions) -> dict[str, tuple[Vectors, ...]]:
        rows = await self._rows(_VECTORS, ids=sorted(text_ids), **_named_by(versions))
        return {row.text_id: _matrices(row, versions.sizes) for row in rows}

    async def keep(self, text_id: str, vectors: Sequence[Vectors], versions: Versions) -> None:
        packed = np.hstack(vectors).astype("<f2")
        values = {"text_id": text_id, "vectors": packed.tobytes(), "sentences": len(packed)}
        async with self._engine.begin() as connection:
            await connection.execute(_KEEP, values | _named_by(versions))

    async def _rows(self, query: Any, **values: Any) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(query, values)).all()


def _named_by(versions: Versions) -> dict[str, str]:
    return {"encoders": versions.encoders, "background": versions.background}


def _note(note: Note) -> dict[str, Any]:
    return {
        "text_id": note.text_id,
        "named": sorted(note.named),
        "sought": sorted(note.sought),
        "published": note.published,
        "spoken": note.spoken,
    }


def _matrices(row: Row[Any], sizes: tuple[int, ...]) -> tuple[Vectors, ...]:
    packed = np.frombuffer(row.vectors, dtype="<f2").reshape(row.sentences, sum(sizes)).astype(np.float32)
    return tuple(np.ascontiguousarray(part) for part in np.split(packed, np.cumsum(sizes)[:-1], axis=1))
