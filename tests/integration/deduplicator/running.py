"""Runs the deduplicator's stage over real PostgreSQL, and tells what it should have found."""

import asyncio
import random
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made, record
from libs.adapters.postgres.stories import PostgresStories
from libs.contracts.events import ArticleNormalized, Event
from libs.domain.documents import Quote
from libs.domain.stories.corrections import Correction, CorrectionKind, withdrawn
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.meant import NO_VERDICTS
from libs.runtime.outcomes import Emit
from services.deduplicator.ports import Encoder
from services.deduplicator.stage import Deduplicate
from tests.quality.clean_corpus import clean_articles
from tests.support.hearing import Spoken, verdicts_on

State = dict[str, Any]


def made(name: str, body: str, *, quoted: Sequence[str] = (), **fields: Any) -> Made:
    """An article at `https://<name>.example/`; every string of `quoted` stands in the body in quotation marks."""
    quotes = tuple(Quote(q, None, body.index(q), body.index(q) + len(q)) for q in quoted)
    return Made(f"https://{name}.example/", body, name, outlet=name, quotes=quotes, **fields)


def corpus_articles(*, later: bool = False) -> list[Made]:
    """The labelled corpus, from its clean texts."""
    return [
        Made(
            c.url,
            c.body,
            c.title,
            c.segment,
            c.outlet,
            c.published,
            c.language,
            kind=c.read.kind,
            facts=c.read.facts,
            turns=c.read.turns,
            quotes=c.read.quotes,
            version=int(later),
        )
        for c in clean_articles(later=later)
    ]


def expected(
    articles: Iterable[Made],
    corrections: Sequence[Correction] = (),
    gone: Collection[str] = (),
    encoder: Encoder | None = None,
) -> State:
    """What the whole judgement finds in the newest version of each article; the pages at `gone` URLs are gone.

    With an encoder meaning is judged, too.
    """
    newest: dict[str, Made] = {}
    for m in sorted(articles, key=lambda m: m.version):
        newest[m.article_id] = m
    documents = [m.document(gone=m.url in gone) for m in newest.values()]
    out = withdrawn(corrections)
    spoken = [
        (*document, Spoken(m.body, m.turns, m.quotes))
        for m, document in zip(newest.values(), documents, strict=True)
        if m.article_id not in out
    ]
    verdicts = verdicts_on(spoken, encoder) if encoder else NO_VERDICTS
    return _of_folded(fold(documents, corrections, verdicts))


async def decisions(engine: AsyncEngine) -> list[Correction]:
    """The standing corrections, as the tables have them."""
    query = text(
        "SELECT correction_id, kind, array_agg(article_id) FILTER (WHERE NOT apart) AS articles,"
        " array_agg(article_id) FILTER (WHERE apart) AS apart"
        " FROM corrections JOIN correction_articles USING (correction_id) WHERE revoked_at IS NULL GROUP BY 1"
    )
    async with engine.connect() as connection:
        return [
            Correction(r.correction_id, CorrectionKind(r.kind), frozenset(r.articles), frozenset(r.apart or ()))
            for r in await connection.execute(query)
        ]


def _of_folded(folded: Folded) -> State:
    return {
        "articles": sorted(
            (article_id, story.story_id, article_id == story.lead, list(folded.quoted[article_id]))
            for story in folded.stories.values()
            for article_id in story.members
        ),
        "links": sorted(
            (x.a, x.b, str(x.type), x.grade.longest_run, x.grade.weight, x.grade.coverage_a, x.grade.coverage_b)
            for x in folded.links
            if x.type is not None
        ),
        "boilerplate": sorted(folded.boilerplate),
        "stories": sorted((s.story_id, s.lead, len(s.members)) for s in folded.stories.values()),
    }


async def found(engine: AsyncEngine) -> State:
    """The same as `expected`, read from the tables."""
    async with engine.connect() as connection:

        async def rows(query: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.execute(text(query))]

        hashes = [value for (value,) in await rows("SELECT hash FROM boilerplate")]
        return {
            "articles": await rows(
                "SELECT article_id, story_id, lead, quoted_stories FROM articles WHERE withdrawn_reason IS NULL"
                " ORDER BY article_id"
            ),
            "links": await rows(
                "SELECT a, b, type, longest_run, weight_words, coverage_a, coverage_b FROM links"
                " WHERE live AND type IS NOT NULL ORDER BY a, b"
            ),
            "boilerplate": sorted(value + 2**64 if value < 0 else value for value in hashes),
            "stories": await rows(
                "SELECT story_id, lead_article_id, size FROM stories WHERE size > 0 ORDER BY story_id"
            ),
        }


async def deduplicate(
    engine: AsyncEngine, articles: Sequence[Made], *, seed: int = 0, workers: int = 1, batch: int = 20
) -> list[Event]:
    """Record articles and take their events through the stage in a random order, several batches at once."""
    events = await record(engine, articles)
    random.Random(seed).shuffle(events)
    return await handle(engine, events, workers=workers, batch=batch)


async def handle(
    engine: AsyncEngine,
    events: Sequence[ArticleNormalized],
    *,
    workers: int = 1,
    batch: int = 20,
    meaning: bool = False,
) -> list[Event]:
    """Take events through the stage; answer what it emits. With `meaning` texts are asked for to be heard."""
    stage = Deduplicate(PostgresStories(engine, meaning=meaning))
    batches = [events[i : i + batch] for i in range(0, len(events), batch)]
    emitted: list[Event] = []

    async def work() -> None:
        while batches:
            for outcome in await stage(batches.pop(0)):
                assert isinstance(outcome, Emit), outcome
                emitted.extend(outcome.events)

    await asyncio.gather(*(work() for _ in range(workers)))
    return emitted
