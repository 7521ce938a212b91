"""What the search index should hold by PostgreSQL's account, and whether that account agrees with itself.

For `newsfold verify` and the proof at the end of a reindex. Everything streams in id order; nothing is written.
"""

import tomllib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, Select, case, exists, literal, null, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.projections import is_shown
from libs.adapters.postgres.tables import articles, captures, revisions, stories, turns
from libs.contracts.reasons import CaptureEnd, RevisionEnd
from libs.domain.documents import ArticleKind, ExtractedArticle, InterviewFacts, Turn
from libs.domain.revisions import content_hash

PAGE: Final = 5_000
EXAMPLES: Final = 5
CONTENTS: Final = 500  # texts in memory at once
RULES: Final = Path(__file__).with_name("ledger_rules.toml")


@dataclass(frozen=True, slots=True)
class Expected:
    """A document that the index should hold. `version` None: any will do, for its text is set aside in quarantine."""

    id: tuple[str, int]  # article or story id; number of the turn, else 0
    version: int | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the ledger that does not hold."""

    rule: str
    count: int
    examples: tuple[str, ...]


class PostgresConsistency:
    """Reads the account."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    def expected(self, kind: str) -> AsyncIterator[Expected]:
        """The documents of an alias (`articles`, `turns`, `stories`) in id order."""
        return self._stream(_EXPECTED[kind])

    async def _stream(self, query: Select[Any]) -> AsyncIterator[Expected]:
        async with self._engine.connect() as connection:
            rows = await connection.stream(query, execution_options={"yield_per": PAGE})
            async for identifier, n, version, language in rows:
                yield Expected((identifier, n), version, language)

    async def captured_blobs(self) -> AsyncIterator[tuple[str, str]]:
        """(capture id, sha256) of every capture that has bytes."""
        query = select(captures.c.capture_id, captures.c.sha256).where(captures.c.sha256.is_not(None))
        async with self._engine.connect() as connection:
            rows = await connection.stream(query.order_by(captures.c.capture_id), execution_options={"yield_per": PAGE})
            async for capture_id, sha256 in rows:
                yield capture_id, sha256

    async def altered_revisions(self) -> AsyncIterator[tuple[str, str, str]]:
        """(revision id, content hash as recorded, as its text has it now) where the two differ, in id order."""
        last = ""
        while rows := await self._contents_after(last):
            last = rows[-1][0].revision_id
            for row, spoken in rows:
                found = content_hash(_as_extracted(row, spoken))
                if found != row.content_hash:
                    yield row.revision_id, row.content_hash, found

    async def _contents_after(self, revision_id: str) -> list[tuple[Row[Any], list[Row[Any]]]]:
        query = select(revisions).where(revisions.c.revision_id > revision_id).order_by(revisions.c.revision_id)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.limit(CONTENTS))).all()
            said = select(turns).where(turns.c.revision_id.in_([row.revision_id for row in rows])).order_by(turns.c.n)
            spoken: dict[str, list[Row[Any]]] = defaultdict(list)
            for turn in await connection.execute(said):
                spoken[turn.revision_id].append(turn)
        return [(row, spoken[row.revision_id]) for row in rows]

    async def sums(self) -> dict[str, dict[str, int]]:
        """How many captures and revisions there are, by each end there is; `under_way` have none yet."""
        found: dict[str, dict[str, int]] = {}
        async with self._engine.connect() as connection:
            for table, ends in (("captures", CaptureEnd), ("revisions", RevisionEnd)):
                query = f"SELECT coalesce(\"end\", 'under_way'), count(*) FROM {table} GROUP BY 1 ORDER BY 1"  # noqa: S608
                rows = {end: count for end, count in await connection.execute(text(query))}  # noqa: C416 - rows are no pairs
                found[table] = dict.fromkeys((*map(str, ends), "under_way"), 0) | rows | {"total": sum(rows.values())}
        return found

    async def violations(self) -> list[Violation]:
        """The rules of the ledger that do not hold, with a few examples each."""
        async with self._engine.connect() as connection:
            return [
                Violation(rule, len(ids), tuple(ids[:EXAMPLES]))
                for rule, query in _rules()
                if (ids := (await connection.execute(text(query))).scalars().all())
            ]


def _as_extracted(row: Row[Any], spoken: Sequence[Row[Any]]) -> ExtractedArticle:
    """A revision's row as the article that it was made from, as far as its content hash goes."""
    return ExtractedArticle(
        title=row.title,
        body=row.body,
        language=row.language,
        bylines=tuple(row.bylines),
        credit=row.credit,
        published=row.published,
        kind=ArticleKind(row.kind),
        turns=tuple(Turn(t.role, t.speaker, row.body[t.start : t.end], t.start, t.end) for t in spoken),
        facts=InterviewFacts(row.interviewee, tuple(row.broadcasters), aired=row.aired),
    )


def _rules() -> Iterator[tuple[str, str]]:
    """Each rule's words, and the query for the ids that break it."""
    data = tomllib.loads(RULES.read_text(encoding="utf-8"))
    for rule in data["rule"]:
        yield rule["text"], f"WITH shown AS ({data['shown']}) SELECT id FROM ({rule['broken']}) AS broken ORDER BY id"  # noqa: S608 - our own file


def _version() -> Any:
    return case((revisions.c.end == "quarantined", null()), else_=articles.c.projection)


def _article_query() -> Select[Any]:
    return (
        select(articles.c.article_id, literal(0), _version(), revisions.c.language)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .where(is_shown())
        .order_by(articles.c.article_id.collate("C"))
    )


def _turn_query() -> Select[Any]:
    return (
        select(articles.c.article_id, turns.c.n, _version(), revisions.c.language)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .join(turns, turns.c.revision_id == articles.c.revision_id)
        .where(is_shown())
        .order_by(articles.c.article_id.collate("C"), turns.c.n)
    )


def _story_query() -> Select[Any]:
    told = exists().where(articles.c.story_id == stories.c.story_id, is_shown())
    return (
        select(stories.c.story_id, literal(0), stories.c.projection, null())
        .where(stories.c.redirect_to.is_(None), told)
        .order_by(stories.c.story_id.collate("C"))
    )


_EXPECTED: Final = {"articles": _article_query(), "turns": _turn_query(), "stories": _story_query()}
