"""Writes what `newsfold why` answers about ten pairs of articles of each kind into docs/stories.md.

    python -m benchmarks.answers

The articles are those of the demo corpus, read from its sites and judged by the deduplicator's stage on PostgreSQL. Of
each kind of link, and of articles of one week that have none, ten pairs are taken at equal distances from the list of
all, in the order of addresses.
"""

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.corpus import corpus_articles
from benchmarks.revisions import Made, record
from benchmarks.stories import fresh_database
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.queries.links import why
from libs.adapters.postgres.stories import PostgresStories
from libs.domain.stories.texts import moment
from services.cli.answers import why_lines
from services.deduplicator.stage import Deduplicate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "stories.md"
BEGINNING = "<!-- from here on written by `python -m benchmarks.answers` -->\n"
PAIRS = 10
NEAR_DAYS = 7
KINDS: Mapping[str, str] = {
    "copy": "Half of the shorter text, or more, stands in the other.",
    "rewrite": "A quarter of the shorter text stands in the other, or an eighth in two places or more.",
    "identity": "No words are shared: both say that they tell of the same interview.",
    "quotes": "Words that somebody said stand in both; that makes no story.",
    "possible": "Something speaks for one interview and something else keeps it open.",
    "none": "Articles of one week without a link: what was missing.",
}
Pair = tuple[str, str]  # article ids


async def answers(engine: AsyncEngine, articles: Sequence[Made]) -> str:
    """The part of the page that is written, after judging `articles` in an empty database."""
    events = await record(engine, articles)
    await Deduplicate(PostgresStories(engine))(events)
    parts = [BEGINNING]
    for kind, pairs in (await _pairs(engine, articles)).items():
        parts.append(f"\n### {kind}\n\n{KINDS[kind]}\n")
        for pair in _spread(pairs):
            found = await why(engine, *pair)
            assert found is not None
            parts.append("\n```text\n" + "".join(f"{line}\n" for line in why_lines(found)) + "```\n")
    return "".join(parts)


async def _pairs(engine: AsyncEngine, articles: Sequence[Made]) -> dict[str, list[Pair]]:
    """Pairs of each kind, in the order of addresses."""
    place = {m.article_id: (m.url, m.segment) for m in articles}

    def pair(one: str, other: str) -> Pair:
        return (one, other) if place[one] < place[other] else (other, one)

    async with engine.connect() as connection:
        first: dict[str, str] = {}
        for row in await connection.execute(text("SELECT text_id, article_id FROM carriers")):
            first[row.text_id] = min(row.article_id, first.get(row.text_id, row.article_id), key=place.__getitem__)
        rows = (await connection.execute(text("SELECT a, b, type FROM links WHERE live AND type IS NOT NULL"))).all()
    links: dict[Pair, str] = {pair(first[row.a], first[row.b]): row.type for row in rows}
    kinds = {kind: [couple for couple, type_ in links.items() if type_ == kind] for kind in KINDS}
    kinds["none"] = [couple for couple in _near(articles) if couple not in links]
    return {kind: sorted(pairs, key=lambda p: (place[p[0]], place[p[1]])) for kind, pairs in kinds.items()}


def _near(articles: Sequence[Made]) -> Iterator[Pair]:
    ordered = sorted(articles, key=lambda m: (m.url, m.segment))
    for one, other in combinations(ordered, 2):
        if abs(moment(one.published) - moment(other.published)) <= NEAR_DAYS * 86_400:
            yield one.article_id, other.article_id


def _spread(pairs: Sequence[Pair]) -> list[Pair]:
    return [pairs[n * len(pairs) // PAIRS] for n in range(min(PAIRS, len(pairs)))]


def replaced(page: str, part: str) -> str:
    """The page with its written part replaced."""
    before = re.split(re.escape(BEGINNING), page)[0]
    return before + part


async def _written(url: str, articles: Sequence[Made]) -> str:
    engine = open_postgres(url, application="benchmark")
    try:
        return await answers(engine, articles)
    finally:
        await engine.dispose()


def main() -> int:
    with fresh_database() as url:
        part = asyncio.run(_written(url, corpus_articles()))
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), part), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
