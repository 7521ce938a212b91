"""The deduplicator's own stage over real PostgreSQL, without the bus.

    python -m benchmarks.stories FILE.jsonl --out FILE [--workers N] [--order-seed N] [--batch N] [--beside-datasketch]

A line in: `{"id", "url", "outlet", "title", "published", "language", "text"}`; several lines may share a URL and are
then articles of one page. Out: `{"stories": {id: story}, "links": [[a, b, type, longest_run, coverage]],
"documents_per_second", "processor_ms_per_document", "p99_ms", "index_bytes_per_document"}`. Texts are paragraphs;
turns, quotations and facts are read by the normalizer's own reader before the clock starts. A document's time is its
batch's time; the index is everything that the deduplicator keeps. A line may name as `"source"` the id of another that
it retells (`benchmarks.planted` makes such files): how many of them share a story with it is counted, and
`--beside-datasketch` measures `benchmarks.minhash` over the same texts after it. Processor time is that of this
process, without PostgreSQL. PostgreSQL is that of `NEWSFOLD_POSTGRES_URL` (in a database of its own, dropped
afterwards) or a local one.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.minhash import minhash
from benchmarks.revisions import Made, record
from libs.adapters.engines import LocalEngines
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.migrate import upgrade
from libs.adapters.postgres.stories import PostgresStories
from libs.contracts.events import ArticleNormalized
from libs.domain.documents import Block
from libs.domain.interviews import read_interview
from services.deduplicator.stage import Deduplicate

Json = dict[str, Any]
RECORDED_AT_ONCE = 500
INDEX_TABLES = ("texts", "carriers", "fingerprints", "fingerprint_chunks", "boilerplate", "links")


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of an empty database with the current schema."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("NEWSFOLD_POSTGRES_URL")
        engines = None if url else LocalEngines(Path(folder), which={"postgres"})
        server = url or (engines.start().postgres if engines else "")
        name = f"benchmark_{secrets.token_hex(6)}"
        try:
            _run(server, f"CREATE DATABASE {name}")
            own = f"{server.rpartition('/')[0]}/{name}"
            upgrade(own)
            yield own
            _run(server, f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            if engines:
                engines.stop()


def _run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def read_articles(lines: Sequence[Json]) -> dict[str, Made]:
    """Lines as articles, by their id."""
    seen: Counter[str] = Counter()
    return {line["id"]: _article(line, _next(seen, line["url"])) for line in lines}


def _next(seen: Counter[str], url: str) -> int:
    seen[url] += 1
    return seen[url] - 1


def _article(line: Json, segment: int) -> Made:
    body, blocks, at = line["text"], [], 0
    for paragraph in body.split("\n\n"):
        blocks.append(Block(paragraph, at))
        at += len(paragraph) + 2
    title, published, language = line.get("title") or "", line.get("published"), line.get("language")
    read = read_interview(body, blocks, title=title, published=published, language=language)
    return Made(
        line["url"],
        body,
        title,
        segment,
        line.get("outlet") or "",
        published,
        language,
        kind=read.kind,
        facts=read.facts,
        turns=read.turns,
        quotes=read.quotes,
    )


async def run(url: str, articles: dict[str, Made], *, workers: int, seed: int | None, batch: int) -> Json:
    """Take all articles through the stage and read the result."""
    engine = open_postgres(url, application="benchmark", pool_size=workers + 2)
    try:
        events = await _recorded(engine, list(articles.values()))
        if seed is not None:
            random.Random(seed).shuffle(events)
        milliseconds: list[float] = []
        started, processor = time.perf_counter(), time.process_time()
        await _work(engine, events, workers, batch, milliseconds)
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
        found = await _result(engine, {m.article_id: name for name, m in articles.items()})
        ordered = sorted(milliseconds)
        return {
            **found,
            "documents": len(events),
            "documents_per_second": round(len(events) / seconds, 1) if events else 0,
            "processor_ms_per_document": round(1000 * processor / max(1, len(events)), 2),
            "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))], 1) if ordered else 0,
            "index_bytes_per_document": await _index_bytes(engine, len(events)),
        }
    finally:
        await engine.dispose()


async def _recorded(engine: AsyncEngine, articles: Sequence[Made]) -> list[ArticleNormalized]:
    events: list[ArticleNormalized] = []
    for at in range(0, len(articles), RECORDED_AT_ONCE):
        events += await record(engine, articles[at : at + RECORDED_AT_ONCE])
    return events


async def _work(
    engine: AsyncEngine, events: Sequence[ArticleNormalized], workers: int, batch: int, milliseconds: list[float]
) -> None:
    stage = Deduplicate(PostgresStories(engine))
    batches = [events[at : at + batch] for at in range(0, len(events), batch)]
    batches.reverse()

    async def work() -> None:
        while batches:
            taken = batches.pop()
            started = time.perf_counter()
            outcomes = await stage(taken)
            milliseconds.extend([1000 * (time.perf_counter() - started)] * len(taken))
            for failed in (o for o in outcomes if isinstance(o, BaseException)):
                raise failed

    await asyncio.gather(*(work() for _ in range(workers)))


async def _result(engine: AsyncEngine, names: dict[str, str]) -> Json:
    async with engine.connect() as connection:
        placed = await connection.execute(text("SELECT article_id, story_id FROM articles"))
        stories = {names[row.article_id]: row.story_id for row in placed}
        # Links are between texts; of several articles with one body the first by id stands for it.
        first: dict[str, str] = {}
        for row in await connection.execute(text("SELECT text_id, article_id FROM carriers")):
            first[row.text_id] = min(names[row.article_id], first.get(row.text_id, names[row.article_id]))
        query = (
            "SELECT a, b, type, longest_run, greatest(coverage_a, coverage_b) AS coverage FROM links"
            " WHERE live AND type IS NOT NULL"
        )
        links = [
            [*sorted((first[r.a], first[r.b])), r.type, r.longest_run, r.coverage / 1000]
            for r in await connection.execute(text(query))
        ]
    return {"stories": dict(sorted(stories.items())), "links": sorted(links)}


async def _index_bytes(engine: AsyncEngine, documents: int) -> Json:
    """Bytes a document of each table with its indices, and of all."""
    async with engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        query = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        sizes = {name: int((await connection.execute(query, {"name": name})).scalar_one()) for name in INDEX_TABLES}
    return {name: round(size / max(1, documents)) for name, size in {**sizes, "all": sum(sizes.values())}.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--order-seed", type=int)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--beside-datasketch", action="store_true")
    args = parser.parse_args()
    with args.file.open(encoding="utf-8") as stream:
        lines = [json.loads(line) for line in stream if line.strip()]
    articles = read_articles(lines)
    planted = {line["id"]: line["source"] for line in lines if line.get("source")}
    with fresh_database() as url:
        result = asyncio.run(run(url, articles, workers=args.workers, seed=args.order_seed, batch=args.batch))
    sizes = result["index_bytes_per_document"]
    result["index_bytes_per_document"], result["index_bytes_by_table"] = sizes.pop("all"), sizes
    if planted:
        stories = result["stories"]
        result["planted"] = len(planted)
        result["planted_found"] = sum(stories[one] == stories[source] for one, source in planted.items())
    if args.beside_datasketch:
        result["datasketch"] = minhash({line["id"]: line["text"] for line in lines}, planted)
    args.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shown = {name: value for name, value in result.items() if name not in ("stories", "links")}
    print(json.dumps({**shown, "stories": len(set(result["stories"].values())), "links": len(result["links"])}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
