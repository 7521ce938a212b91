"""The deduplicator's stage on real PostgreSQL arrives at what the whole judgement finds, whatever the way there."""

import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made, record
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.stories import PostgresStories
from libs.contracts.events import ArticleNormalized, Event, StoryAssigned
from libs.contracts.reasons import Reason
from libs.domain.documents import ArticleKind, InterviewFacts, Turn
from libs.runtime.failures import Quarantine
from services.deduplicator.rebuild import Rebuilt, rebuild
from services.deduplicator.stage import Deduplicate
from tests.integration.deduplicator.running import corpus_articles, deduplicate, expected, found, handle, made
from tests.unit.stories.making import words

pytestmark = pytest.mark.engines


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


def _interview(rng: random.Random, name: str, answers: list[str], **fields: object) -> Made:
    body, turns = "", []
    for answer in answers:
        body += words(rng, 10) + "\n\n"
        turns.append(Turn("answer", None, answer, len(body), len(body) + len(answer)))
        body += answer + "\n\n"
    facts = InterviewFacts(questions=len(answers))
    url = f"https://{name}.example/"
    return Made(url, body, name, outlet=name, kind=ArticleKind.INTERVIEW, facts=facts, turns=tuple(turns), **fields)  # type: ignore[arg-type]


def _newspaper(seed: int) -> list[Made]:
    """Interviews with rewrites, an agency text with copies, a footer, a background paragraph, single quotations."""
    rng = random.Random(seed)
    footer, background = words(rng, 40), words(rng, 50)
    agency = words(rng, 200)
    articles = [made(f"footer{n}", f"{words(rng, 90)} {footer}") for n in range(6)]
    articles += [made(f"background{n}", f"{words(rng, 70)} {background} {words(rng, 70)}") for n in range(4)]
    articles += [made(f"copy{n}", f"{words(rng, 20)} {agency} {background}") for n in range(4)]
    articles += [made(f"same{n}", agency, published=f"2024-05-1{n}") for n in range(3)]
    for k in range(3):
        answers = [words(rng, 50) for _ in range(6)]
        articles.append(_interview(rng, f"source{k}", answers, published="2024-05-14T10:00:00+00:00"))
        for n in range(3):
            said = [" ".join(a.split()[:30]) for a in rng.sample(answers, 3)]
            body = " ".join(f"{words(rng, 35)} {s}" for s in said) + f" {footer}"
            articles.append(made(f"retold{k}x{n}", body, quoted=said, published=f"2024-05-1{5 + n}"))
        said = [" ".join(answers[0].split()[:20])]
        articles.append(made(f"quoting{k}", f"{words(rng, 90)} {said[0]} {words(rng, 90)}", quoted=said))
    return articles


def _second_versions(articles: list[Made]) -> list[Made]:
    """New states of a third of the articles: some lose what they shared, some swap bodies."""
    rng = random.Random(9)
    newer = []
    for n, m in enumerate(articles[::3]):
        body = words(rng, 120) if n % 2 else articles[(3 * n + 5) % len(articles)].body
        newer.append(Made(m.url, body, m.title, outlet=m.outlet, published=m.published, version=1))
    return newer


@pytest.mark.parametrize(("workers", "batch"), [(1, 7), (2, 3), (4, 20)])
async def test_stories_are_those_of_the_whole_judgement(engine: AsyncEngine, workers: int, batch: int) -> None:
    articles = _newspaper(1)
    await deduplicate(engine, articles, seed=workers, workers=workers, batch=batch)
    assert await found(engine) == expected(articles)


async def test_corrections_leave_no_trace_in_stories(engine: AsyncEngine) -> None:
    first = _newspaper(2)
    second = _second_versions(first)
    await deduplicate(engine, first, seed=1, workers=2, batch=5)
    await deduplicate(engine, second, seed=2, workers=2, batch=4)
    assert await found(engine) == expected(first + second)


async def test_boilerplate_becomes_plain_words_when_its_witnesses_are_corrected(engine: AsyncEngine) -> None:
    rng = random.Random(3)
    paragraph = words(rng, 60)
    first = [made(f"one{n}", f"{words(rng, 80)} {paragraph} {words(rng, 60)}") for n in range(4)]
    await deduplicate(engine, first)
    assert (await found(engine))["boilerplate"]
    second = [Made(m.url, words(rng, 150), outlet=m.outlet, version=1) for m in first[:2]]
    await deduplicate(engine, second)
    state = await found(engine)
    assert state["boilerplate"] == []
    assert state == expected(first + second)
    assert sorted(size for _, _, size in state["stories"]) == [1, 1, 2]


async def test_a_repeated_message_gives_the_same_events_and_changes_nothing(engine: AsyncEngine) -> None:
    events = await record(engine, _newspaper(4))
    emitted = await handle(engine, events, batch=50)
    before = await found(engine)
    again = await handle(engine, events, batch=50)
    assert sorted(e.message_id for e in again) == sorted(e.message_id for e in emitted)
    assert await found(engine) == before


async def test_every_article_and_story_is_announced_with_its_projection(engine: AsyncEngine) -> None:
    emitted = await deduplicate(engine, _newspaper(5), batch=6)
    async with engine.connect() as connection:
        articles = dict((await connection.execute(text("SELECT article_id, projection FROM articles"))).all())
        stories = dict((await connection.execute(text("SELECT story_id, projection FROM stories"))).all())
    told: dict[str, int] = {}
    for event in emitted:
        key = event.article_id if isinstance(event, StoryAssigned) else event.story_id  # type: ignore[attr-defined]
        told[key] = max(told.get(key, 0), event.projection)  # type: ignore[attr-defined]
    assert told == {**articles, **stories}


async def test_a_batch_that_fails_leaves_nothing_behind(engine: AsyncEngine) -> None:
    events = await record(engine, _newspaper(6))

    class Broken(PostgresStories):
        async def events(self, *_: Any) -> dict[str, tuple[Event, ...]]:
            raise RuntimeError("after the commit")

    await handle(engine, events[:20])
    before = await found(engine)
    with pytest.raises(RuntimeError):
        await Deduplicate(Broken(engine))(events[20:40])  # type: ignore[abstract]
    committed = await found(engine)
    assert committed != before
    again = await handle(engine, events[20:40])
    assert await found(engine) == committed
    assert {e.article_id for e in again if isinstance(e, StoryAssigned)} >= {e.article_id for e in events[20:40]}


async def test_an_old_story_id_leads_to_where_its_first_article_is(engine: AsyncEngine) -> None:
    rng = random.Random(7)
    body = words(rng, 120)
    later = made("later", body, published="2024-05-14")
    await deduplicate(engine, [later])
    ((old, _, _),) = (await found(engine))["stories"]
    await deduplicate(engine, [made("earlier", f"{words(rng, 10)} {body}", published="2024-05-13")])
    ((new, _, size),) = (await found(engine))["stories"]
    assert size == 2
    assert new != old
    async with engine.connect() as connection:
        query = text("SELECT redirect_to FROM stories WHERE story_id = :id")
        assert (await connection.execute(query, {"id": old})).scalar_one() == new
        changes = (
            await connection.execute(text("SELECT change FROM story_history WHERE story_id = :id"), {"id": old})
        ).all()
    assert [c for (c,) in changes] == ["created", "merged"]
    await deduplicate(engine, [Made(later.url, words(rng, 90), outlet="later", published="2024-05-14", version=1)])
    assert {story for story, _, _ in (await found(engine))["stories"]} == {old, new}
    async with engine.connect() as connection:
        assert (await connection.execute(query, {"id": old})).scalar_one() is None


async def test_a_superseded_revision_is_finished_without_a_result(engine: AsyncEngine) -> None:
    rng = random.Random(8)
    first = made("page", words(rng, 100))
    second = Made(first.url, words(rng, 100), outlet="page", version=1)
    events = await record(engine, [first]) + await record(engine, [second])
    assert await handle(engine, events[:1]) == []
    await handle(engine, events[1:])
    assert await found(engine) == expected([first, second])


async def test_an_unknown_revision_is_set_aside(engine: AsyncEngine) -> None:
    event = ArticleNormalized(lane="live", trace_id="0" * 32, revision_id="f" * 32, article_id="f" * 32)
    (outcome,) = await Deduplicate(PostgresStories(engine))([event])
    assert isinstance(outcome, Quarantine)
    assert outcome.reason is Reason.RECORD_MISSING


async def test_everything_made_anew_is_the_same_and_raises_nothing(engine: AsyncEngine) -> None:
    first = _newspaper(10)
    second = _second_versions(first)
    await deduplicate(engine, first, seed=1)
    await deduplicate(engine, second, seed=2)
    before = await found(engine)
    assert await rebuild(PostgresStories(engine)) == Rebuilt(0, 0)
    assert await found(engine) == before


DAMAGE = {
    "links": ("DELETE FROM links WHERE a < '8'", "UPDATE links SET type = 'copy', words_type = 'copy', coverage_b = 1"),
    "places": (
        "UPDATE articles SET lead = false, link_types = '{}', story_id = (SELECT max(story_id) FROM stories)"
        " WHERE article_id < '8'",
    ),
    "stories": (
        "UPDATE stories SET size = 1, lead_article_id = NULL, redirect_to = NULL WHERE story_id < '8'",
        "DELETE FROM stories WHERE story_id > 'c'",
    ),
    "registered": ("DELETE FROM carriers WHERE article_id > '8'", "DELETE FROM fingerprints", "DELETE FROM texts"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_making_everything_anew_repairs_what_was_damaged(engine: AsyncEngine, damage: tuple[str, ...]) -> None:
    articles = _newspaper(10)
    await deduplicate(engine, articles, seed=1)
    async with engine.begin() as connection:
        touched = [(await connection.execute(text(statement))).rowcount for statement in damage]
    assert min(touched) > 0

    await rebuild(PostgresStories(engine))

    assert await found(engine) == expected(articles)
    assert await rebuild(PostgresStories(engine)) == Rebuilt(0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
async def test_corpus_gives_the_same_stories_in_any_order(engine: AsyncEngine, seed: int) -> None:
    articles = corpus_articles()
    await deduplicate(engine, articles, seed=seed, workers=(1, 2, 4)[seed % 3], batch=(50, 1, 7)[seed % 3])
    assert await found(engine) == expected(articles)


async def test_corpus_and_its_corrections_give_the_stories_of_the_whole_judgement(engine: AsyncEngine) -> None:
    articles, later = corpus_articles(), corpus_articles(later=True)
    await deduplicate(engine, articles, seed=1, workers=2)
    await deduplicate(engine, later, seed=2)
    assert await found(engine) == expected(articles + later)
