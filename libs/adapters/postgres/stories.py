"""Texts, links and stories in PostgreSQL: implements `services.deduplicator.ports`.

All deduplicators share one advisory lock, held for the length of a transaction. It must be READ COMMITTED: under a
snapshot taken before the lock was granted a batch would not see what the one before it wrote.
"""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres import story_queries as sql
from libs.adapters.postgres.corrections import PostgresEdits
from libs.adapters.postgres.fingerprints import PostgresFingerprints, array_literal, bigints, unsigned
from libs.adapters.postgres.hearing import PostgresHearing
from libs.adapters.postgres.placings import place
from libs.adapters.postgres.restoring import ALL_TAKEN, MISPLACED, RESTORE_STORIES
from libs.adapters.postgres.story_rows import (
    Values,
    article_of,
    columns,
    facts_of,
    link_values,
    pair_of,
    reasons_of,
    standing,
    stored_link,
    stored_text,
    text_values,
)
from libs.contracts.events import Event, StoryAssigned, StoryChanged
from libs.contracts.pipeline import Lane
from libs.domain.documents import Quote, Turn
from libs.domain.stories.boilerplate import Witness
from libs.domain.stories.corrections import Correction, CorrectionKind
from libs.domain.stories.links import Link
from libs.domain.stories.membership import founding_id
from libs.domain.stories.pairs import Pair
from libs.domain.stories.records import Carrier, Cause, Placing, Revision, Standing, StoredLink, StoredText, Touched
from libs.domain.stories.retold import DAY_SECONDS, WINDOW_DAYS
from libs.domain.stories.texts import Article

STORY_LOCK = 0x73746F72  # "stor"; any constant that no other lock of ours uses
PairKey = tuple[str, str]


class PostgresStories:
    """The deduplicator's store. `meaning`: whether what is new is to be heard for it."""

    def __init__(self, engine: AsyncEngine, *, meaning: bool = False) -> None:
        self._engine, self._meaning = engine, meaning

    async def revisions(self, revision_ids: Collection[str]) -> dict[str, Revision]:
        async with self._engine.connect() as connection:
            ids = {"ids": sorted(revision_ids)}
            rows = (await connection.execute(sql.REVISIONS, ids)).all()
            turns, quotes = defaultdict(list), defaultdict(list)
            for row in await connection.execute(sql.TURNS, ids):
                turns[row.revision_id].append(Turn(row.role, row.speaker, "", row.start, row.end))
            for row in await connection.execute(sql.QUOTES, ids):
                quotes[row.revision_id].append(Quote(row.text, row.speaker, row.start, row.end))
        return {
            row.revision_id: Revision(
                row.revision_id,
                row.article_id,
                row.body,
                tuple(turns[row.revision_id]),
                tuple(quotes[row.revision_id]),
                facts_of(row),
                row.assigned_at is not None,
            )
            for row in rows
        }

    @asynccontextmanager
    async def book(self) -> AsyncIterator["PostgresBook"]:
        async with self._engine.begin() as connection:
            await connection.execute(sql.BEGIN, {"key": STORY_LOCK})
            yield PostgresBook(connection, meaning=self._meaning)

    async def events(
        self, revision_ids: Iterable[str], lane: str, trace_ids: Mapping[str, str]
    ) -> dict[str, tuple[Event, ...]]:
        async with self._engine.connect() as connection:
            rows = (await connection.execute(sql.RESULTS, {"ids": sorted(revision_ids)})).all()
            placed, told = await _now(connection, [_touched(row) for row in rows])
        return {
            row.revision_id: _events(_touched(row), placed, told, lane, row.attempt, trace_ids[row.revision_id])
            for row in rows
        }

    async def told(self, touched: Touched, lane: Lane, trace_id: str) -> tuple[Event, ...]:
        async with self._engine.connect() as connection:
            placed, told = await _now(connection, [touched])
        return _events(touched, placed, told, lane, 0, trace_id)


Rows = Mapping[str, Row[Any]]


def _touched(row: Row[Any]) -> Touched:
    return Touched(tuple(row.touched_articles), tuple(row.touched_stories))


async def _now(connection: AsyncConnection, results: Sequence[Touched]) -> tuple[Rows, Rows]:
    """How the articles and stories of these results stand."""
    articles = sorted({i for touched in results for i in touched.articles})
    stories = sorted({i for touched in results for i in touched.stories})
    placed = {r.article_id: r for r in await connection.execute(sql.PLACED, {"ids": articles})}
    return placed, {r.story_id: r for r in await connection.execute(sql.TOLD, {"ids": stories})}


def _events(touched: Touched, placed: Rows, told: Rows, lane: str, attempt: int, trace_id: str) -> tuple[Event, ...]:
    common: dict[str, Any] = {"lane": lane, "attempt": attempt, "trace_id": trace_id}
    assigned = [
        StoryAssigned(article_id=i, story_id=placed[i].story_id, projection=placed[i].projection, **common)
        for i in touched.articles
    ]
    changed = [
        StoryChanged(story_id=i, projection=told[i].projection, change=_change(told[i]), **common)
        for i in touched.stories
    ]
    return (*assigned, *changed)


def _change(row: Row[Any]) -> Any:
    if row.redirect_to is not None:
        return "redirected"
    return "created" if row.projection == 1 else "changed"


class PostgresBook:
    """One transaction under the lock."""

    def __init__(self, connection: AsyncConnection, *, meaning: bool = False) -> None:
        self._connection = connection
        self._fingerprints = PostgresFingerprints(connection)
        self.hearing = PostgresHearing(connection, meaning=meaning)
        self.edits = PostgresEdits(connection)

    async def _rows(self, query: str, **values: Any) -> Sequence[Row[Any]]:
        """The rows of a query; none, without asking, where its `ids` are empty."""
        if "ids" in values:
            if not values["ids"]:
                return ()
            values["ids"] = "{" + ",".join(map(str, values["ids"])) + "}"  # the driver would quote one by one
        return (await self._connection.execute(_statement(query), values)).all()

    async def _do(self, statement: str, **values: Any) -> None:
        await self._connection.execute(_statement(statement), values)

    async def current(self, article_ids: Collection[str]) -> dict[str, str]:
        rows = await self._rows(
            "SELECT article_id, revision_id FROM articles WHERE article_id = ANY(CAST(:ids AS text[]))"
            " AND revision_id IS NOT NULL AND withdrawn_reason IS NULL",
            ids=sorted(article_ids),
        )
        return {row.article_id: row.revision_id for row in rows}

    async def carried(self, article_ids: Collection[str]) -> dict[str, str]:
        query = "SELECT article_id, text_id FROM carriers WHERE article_id = ANY(CAST(:ids AS text[]))"
        return {r.article_id: r.text_id for r in await self._rows(query, ids=sorted(article_ids))}

    async def carry(self, carriers: Sequence[Carrier]) -> None:
        ids = sorted(c.article_id for c in carriers)
        urls = {
            row.article_id: row.url
            for row in await self._rows(
                "SELECT article_id, url FROM articles JOIN pages USING (page_id)"
                " WHERE article_id = ANY(CAST(:ids AS text[]))",
                ids=ids,
            )
        }
        values = [
            {
                "article_id": c.article_id,
                "text_id": c.text_id,
                "revision_id": c.revision_id,
                "founding_id": founding_id(urls[c.article_id], c.article_id),
                "in_focus": c.in_focus,
            }
            for c in sorted(carriers, key=lambda c: c.article_id)
        ]
        await self._do(sql.UPSERT_CARRIERS, **columns(values))

    async def uncarry(self, article_ids: Collection[str]) -> None:
        await self._do("DELETE FROM carriers WHERE article_id = ANY(CAST(:ids AS text[]))", ids=sorted(article_ids))

    async def carriers(self, text_ids: Collection[str]) -> dict[str, list[Article]]:
        found: dict[str, list[Article]] = {text_id: [] for text_id in sorted(text_ids)}
        for row in await self._rows(sql.CARRIERS, ids=list(found)):
            found[row.text_id].append(article_of(row))
        return found

    async def live(self, text_ids: Collection[str]) -> set[str]:
        query = "SELECT text_id FROM texts WHERE live AND text_id = ANY(CAST(:ids AS text[]))"
        return {r.text_id for r in await self._rows(query, ids=sorted(text_ids))}

    async def add_texts(self, texts: Sequence[StoredText]) -> None:
        values = [text_values(t) for t in sorted(texts, key=lambda t: t.text.text_id)]
        numbers = await self._rows(sql.UPSERT_TEXTS, **columns(values))
        by_id = {t.text.text_id: t.marked.hashes for t in texts}
        await self._fingerprints.add({row.text_no: by_id[row.text_id] for row in numbers})

    async def retire(self, text_ids: Collection[str]) -> None:
        gone = await self.texts(text_ids)
        numbers = await self._rows(
            "UPDATE texts SET live = false, person_keys = '{}' WHERE text_id = ANY(CAST(:ids AS text[]))"
            " RETURNING text_no",
            ids=sorted(text_ids),
        )
        hashes = {value for t in gone.values() for value in t.marked.hashes.tolist()}
        await self._fingerprints.remove([row.text_no for row in numbers], hashes)
        await self._do(
            "UPDATE links SET live = false WHERE live"
            " AND (a = ANY(CAST(:ids AS text[])) OR b = ANY(CAST(:ids AS text[])))",
            ids=sorted(text_ids),
        )

    async def texts(self, text_ids: Collection[str]) -> dict[str, StoredText]:
        query = "SELECT text_id, words, codes, spoken, dull_words FROM texts WHERE text_id = ANY(CAST(:ids AS text[]))"
        return {r.text_id: stored_text(r) for r in await self._rows(query, ids=sorted(text_ids))}

    async def lengths(self, text_ids: Collection[str]) -> dict[str, int]:
        query = "SELECT text_id, words FROM texts WHERE text_id = ANY(CAST(:ids AS text[]))"
        return {r.text_id: r.words for r in await self._rows(query, ids=sorted(text_ids))}

    async def having(self, hashes: Collection[int]) -> dict[int, set[str]]:
        postings = await self._fingerprints.having(hashes) if hashes else set()
        query = "SELECT text_no, text_id FROM texts WHERE live AND text_no = ANY(CAST(:ids AS int[]))"
        ids = {r.text_no: r.text_id for r in await self._rows(query, ids=sorted({n for _, n in postings}))}
        found: dict[int, set[str]] = defaultdict(set)
        for value, number in postings:
            if number in ids:
                found[value].add(ids[number])
        return dict(found)

    async def boilerplate(self, hashes: Collection[int]) -> dict[int, Witness]:
        query = "SELECT hash, witnesses FROM boilerplate WHERE hash = ANY(CAST(:hashes AS bigint[]))"
        rows = await self._rows(query, hashes=array_literal(bigints(hashes))) if hashes else []
        return {unsigned(r.hash): tuple(r.witnesses) for r in rows}

    async def put_boilerplate(self, found: Mapping[int, Witness]) -> None:
        if found:
            await self._do(
                sql.PUT_BOILERPLATE,
                hashes=array_literal(bigints(found)),
                witnesses=[" ".join(found[value]) for value in map(unsigned, bigints(found).tolist())],
            )

    async def drop_boilerplate(self, hashes: Collection[int]) -> None:
        query = "DELETE FROM boilerplate WHERE hash = ANY(CAST(:hashes AS bigint[]))"
        await self._do(query, hashes=array_literal(bigints(hashes)))

    async def dull(self, text_ids: Collection[str]) -> dict[str, int]:
        query = "SELECT text_id, dull_words FROM texts WHERE text_id = ANY(CAST(:ids AS text[]))"
        return {r.text_id: r.dull_words for r in await self._rows(query, ids=sorted(text_ids))}

    async def set_dull(self, dull_words: Mapping[str, int]) -> None:
        await self._do(sql.SET_DULL, ids=list(dull_words), dull=list(dull_words.values()))

    async def links(self, text_ids: Collection[str]) -> list[StoredLink]:
        return [stored_link(row) for row in await self._rows(sql.LINKS, ids=sorted(text_ids))]

    async def links_between(self, pairs: Collection[PairKey]) -> list[StoredLink]:
        return [stored_link(row) for row in await self._rows(sql.OF_PAIRS, **_ends(pairs))] if pairs else []

    async def candidates_of(self, text_ids: Collection[str]) -> list[StoredLink]:
        return [stored_link(row) for row in await self._rows(sql.CANDIDATES, ids=sorted(text_ids))]

    async def standing(self, text_ids: Collection[str]) -> list[Standing]:
        return [standing(row) for row in await self._rows(sql.STANDING, ids=sorted(text_ids))]

    async def strangers_among(self, text_ids: Collection[str]) -> list[Pair]:
        return [pair_of(row) for row in await self._rows(sql.STRANGERS, ids=sorted(text_ids))]

    async def asides_of(self, least: Mapping[str, int]) -> list[Pair]:
        ids = sorted(least)
        return [pair_of(row) for row in await self._rows(sql.ASIDES, ids=ids, least=[least[i] for i in ids])]

    async def put_links(self, links: Sequence[StoredLink]) -> None:
        if not links:
            return
        values = [link_values(x) for x in sorted(links, key=lambda x: (x.pair.a, x.pair.b))]
        await self._do(sql.UPSERT_LINKS, rows=json.dumps(values))

    async def drop_links(self, pairs: Collection[PairKey]) -> None:
        if pairs:
            await self._do(
                "DELETE FROM links USING unnest(CAST(:a AS text[]), CAST(:b AS text[])) AS gone (a, b)"
                " WHERE links.a = gone.a AND links.b = gone.b",
                **_ends(pairs),
            )

    async def set_types(self, links: Mapping[PairKey, Link]) -> None:
        if not links:
            return
        values: list[Values] = [
            {"a": a, "b": b, "type": x.type, "reasons": reasons_of(x)} for (a, b), x in sorted(links.items())
        ]
        await self._do(sql.SET_TYPES, rows=json.dumps(values))

    async def link_types(self, text_ids: Collection[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {text_id: set() for text_id in sorted(text_ids)}
        for row in await self._rows(sql.LINK_TYPES, ids=list(found)):
            found[row.text_id].add(row.type)
        return found

    async def tell(self, facts: Mapping[str, tuple[Collection[str], float]]) -> None:
        ids = sorted(facts)
        await self._do(
            sql.TELL,
            ids=ids,
            keys=[json.dumps(sorted(facts[i][0])) for i in ids],
            firsts=[facts[i][1] for i in ids],
        )

    async def told_like(self, text_ids: Collection[str]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {text_id: set() for text_id in sorted(text_ids)}
        window = float(WINDOW_DAYS * DAY_SECONDS)
        for row in await self._rows(sql.TOLD_LIKE, ids=list(found), window=window):
            found[row.text_id].add(row.other_id)
        return found

    async def joined_to(self, text_ids: Collection[str]) -> set[str]:
        return {row.text_id for row in await self._rows(sql.JOINED, ids=sorted(text_ids))}

    async def story_mates(self, text_ids: Collection[str]) -> set[str]:
        return {row.text_id for row in await self._rows(sql.MATES, ids=sorted(text_ids))}

    async def corrections(self, text_ids: Collection[str]) -> list[Correction]:
        return [
            Correction(r.correction_id, CorrectionKind(r.kind), frozenset(r.articles), frozenset(r.apart))
            for r in await self._rows(sql.CORRECTIONS, ids=sorted(text_ids))
        ]

    async def placings(self, text_ids: Collection[str]) -> dict[str, Placing]:
        rows = await self._rows(sql.PLACINGS, ids=sorted(text_ids))
        return {
            r.article_id: Placing(r.article_id, r.story_id, r.lead, tuple(r.quoted_stories), tuple(r.link_types))
            for r in rows
        }

    async def place(
        self,
        placings: Sequence[Placing],
        renewed: Collection[str],
        leads: Mapping[str, str],
        cause: Cause,
        successors: Mapping[str, str],
    ) -> Touched:
        return await place(self._connection, placings, renewed, leads, cause, successors)

    async def all_current(self) -> list[str]:
        rows = await self._rows(ALL_TAKEN)
        return [row.revision_id for row in rows]

    async def clear(self) -> None:
        for table in ("links", "boilerplate", "fingerprints", "fingerprint_chunks", "carriers", "texts"):
            await self._do(f"DELETE FROM {table}")  # noqa: S608

    async def misplaced(self) -> list[str]:
        return [row.article_id for row in await self._rows(MISPLACED)]

    async def restore_stories(self, cause: Cause) -> int:
        return len(await self._rows(RESTORE_STORIES, lane=cause.lane, trace=cause.trace_id))

    async def record(self, results: Mapping[str, Touched]) -> None:
        ids = sorted(results)
        await self._do(
            sql.RECORD,
            revisions=ids,
            articles=[" ".join(results[i].articles) for i in ids],
            stories=[" ".join(results[i].stories) for i in ids],
        )


_statement = cache(text)  # parsed once


def _ends(pairs: Collection[PairKey]) -> dict[str, list[str]]:
    ordered = sorted(pairs)
    return {"a": [a for a, _ in ordered], "b": [b for _, b in ordered]}
