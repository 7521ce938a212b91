"""What may happen to the deduplicator's stage from outside: articles withdrawn, a failure half way, facts nobody can read."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made, record
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.stories import PostgresBook, PostgresStories
from libs.domain.documents import InterviewFacts
from libs.domain.stories.records import Touched
from libs.runtime.metrics import Metrics
from services.deduplicator.rebuild import rebuild
from services.deduplicator.stage import Deduplicate
from tests.integration.deduplicator.running import deduplicate, expected, found, handle, made
from tests.unit.stories.making import words

pytestmark = pytest.mark.engines


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


async def _withdraw(engine: AsyncEngine, *articles: Made) -> None:
    async with engine.begin() as connection:
        statement = text("UPDATE articles SET withdrawn_reason = 'law' WHERE article_id = ANY(CAST(:ids AS text[]))")
        await connection.execute(statement, {"ids": [m.article_id for m in articles]})


def _family(rng: random.Random) -> tuple[Made, list[Made], Made]:
    """An agency text, three that print most of it, and a piece that quotes a sentence of it."""
    body, said = words(rng, 150), words(rng, 25)
    source = made("source", f"{body} {said}", quoted=[said], published="2024-05-01")
    copies = [made(f"copy{n}", f"{words(rng, 20)} {body}", published=f"2024-05-0{2 + n}") for n in range(3)]
    quoting = made("quoting", f"{words(rng, 150)} {said}", quoted=[said], published="2024-05-09")
    return source, copies, quoting


async def test_withdrawn_articles_leave_their_story_when_it_is_judged_again(engine: AsyncEngine) -> None:
    source, copies, quoting = _family(random.Random(1))
    await deduplicate(engine, [source, *copies[:2]])
    await _withdraw(engine, source)
    await deduplicate(engine, [copies[2], quoting])
    state, right = await found(engine), expected([*copies, quoting])
    assert [row for row in state["articles"] if row[0] != source.article_id] == right["articles"]
    assert state["stories"] == right["stories"]


async def test_a_withdrawn_source_of_a_quotation_is_passed_over(engine: AsyncEngine) -> None:
    source, _, quoting = _family(random.Random(2))
    await deduplicate(engine, [source])
    await _withdraw(engine, source)
    await deduplicate(engine, [quoting])
    assert [row for row in (await found(engine))["articles"] if row[0] == quoting.article_id] == expected([quoting])[
        "articles"
    ]


async def test_making_everything_anew_leaves_withdrawn_articles_out(engine: AsyncEngine) -> None:
    source, copies, quoting = _family(random.Random(3))
    await deduplicate(engine, [source, *copies, quoting])
    await _withdraw(engine, source, copies[0])
    await rebuild(PostgresStories(engine))
    state, right = await found(engine), expected([*copies[1:], quoting])
    gone = {source.article_id, copies[0].article_id}
    assert [row for row in state["articles"] if row[0] not in gone] == right["articles"]
    assert (state["links"], state["stories"]) == (right["links"], right["stories"])


class _Breaking(PostgresStories):
    """Fails at the last step of the transaction."""

    @asynccontextmanager
    async def book(self) -> AsyncIterator[PostgresBook]:
        async with super().book() as book:
            yield _BreakingBook(book._connection)


class _BreakingBook(PostgresBook):
    async def record(self, results: Mapping[str, Touched]) -> None:
        await super().record(results)
        raise RuntimeError("before the commit")


async def test_a_failure_before_the_commit_leaves_nothing_half(engine: AsyncEngine) -> None:
    source, copies, quoting = _family(random.Random(4))
    first, second = await record(engine, [source]), await record(engine, [*copies, quoting])
    await handle(engine, first)
    before, rows = await found(engine), await _rows(engine)
    with pytest.raises(RuntimeError):
        await Deduplicate(_Breaking(engine))(second)
    assert (await found(engine), await _rows(engine)) == (before, rows)
    await handle(engine, second)
    assert await found(engine) == expected([source, *copies, quoting])


async def _rows(engine: AsyncEngine) -> dict[str, int]:
    tables = ("texts", "carriers", "links", "fingerprints", "stories", "story_history", "ledger")
    async with engine.connect() as connection:
        return {t: (await connection.execute(text(f"SELECT count(*) FROM {t}"))).scalar_one() for t in tables}


async def test_times_that_nobody_can_read_are_unknown_to_stories(engine: AsyncEngine) -> None:
    body = words(random.Random(5), 120)
    facts = InterviewFacts(interviewee="Mara Kessler", broadcasters=("Harbour Radio",), aired="next week", questions=3)
    odd = made("odd", body, facts=facts)
    await deduplicate(engine, [odd])
    later = made("later", f"{body} {words(random.Random(6), 9)}", facts=facts)
    await deduplicate(engine, [later])
    assert await found(engine) == expected([odd, later])


async def test_every_result_is_a_line_of_the_ledger(engine: AsyncEngine) -> None:
    source, copies, _ = _family(random.Random(7))
    newer = Made(source.url, words(random.Random(8), 100), source.title, outlet=source.outlet, version=1)
    events = await record(engine, [source, *copies])
    events += await record(engine, [newer])
    await handle(engine, events)
    await handle(engine, events)
    async with engine.connect() as connection:
        query = text("SELECT revision_id, stage, outcome, article_id, story_id FROM ledger ORDER BY revision_id")
        lines = [tuple(row) for row in await connection.execute(query)]
        placed = dict((await connection.execute(text("SELECT article_id, story_id FROM articles"))).all())
    current = [
        (m.revision_id, "deduplicator", "assigned", m.article_id, placed[m.article_id]) for m in [*copies, newer]
    ]
    old = (source.revision_id, "deduplicator", "superseded", source.article_id, None)
    assert lines == sorted([*current, old])


async def test_a_batch_counts_what_it_did_once(engine: AsyncEngine) -> None:
    source, copies, quoting = _family(random.Random(9))
    events = await record(engine, [source, *copies, quoting])
    metrics = Metrics(CollectorRegistry())
    stage = Deduplicate(PostgresStories(engine), metrics)
    await stage(events)
    await stage(events)
    sample = metrics.registry.get_sample_value
    assert sample("newsfold_pairs_compared_total") == 7  # four that share the agency text, and the quotation
    assert sample("newsfold_links_total", {"type": "copy"}) == 6
    assert sample("newsfold_links_total", {"type": "quotes"}) == 1
    assert sample("newsfold_stories_changed_total", {"change": "created"}) == 2
