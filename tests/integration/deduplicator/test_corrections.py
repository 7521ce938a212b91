"""Editors' decisions on real PostgreSQL: they hold whatever comes before and after them, and can be taken back."""

import random
import re
import uuid
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made, record
from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.stories import PostgresStories
from libs.adapters.postgres.tables import captures
from libs.contracts.events import ArticleNormalized, PageFetched
from libs.domain.stories.corrections import CorrectionKind
from services.deduplicator.correct import Asked, Corrected, Refused, Revoking, correct, revoke
from services.deduplicator.rebuild import Rebuilt, rebuild
from tests.integration.deduplicator.running import decisions, deduplicate, expected, found, handle, made
from tests.integration.deduplicator.test_stage import _newspaper
from tests.unit.stories.making import words

MERGE, SPLIT, PIN, WITHDRAW = CorrectionKind.MERGE, CorrectionKind.SPLIT, CorrectionKind.PIN, CorrectionKind.WITHDRAW

pytestmark = pytest.mark.engines


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


async def _decide(engine: AsyncEngine, kind: CorrectionKind, articles: Collection[str], *stories: str) -> Corrected:
    asked = Asked(kind, tuple(articles), "desk", "as the editor saw it", uuid.uuid4().hex, stories)
    return await correct(PostgresStories(engine), asked)


async def _undo(engine: AsyncEngine, number: int) -> Corrected:
    return await revoke(PostgresStories(engine), Revoking(number, "desk", "a mistake", uuid.uuid4().hex))


async def _rows(engine: AsyncEngine, query: str, **bound: Any) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), bound)]


async def _go(engine: AsyncEngine, urls: Collection[str]) -> None:
    """The pages' servers say that they are not there any more; the stage hears of it."""
    for url in urls:
        key = uuid.uuid4().hex
        row = {"capture_id": key, "asked_url": url, "final_url": url, "status": 404, "trace_id": key, "lane": "live"}
        async with engine.begin() as connection:
            await connection.execute(insert(captures).values(**row, captured_at=datetime.now(UTC)))
        event = PageFetched(lane="live", trace_id=key, capture_id=key)
        pages = PostgresPages(engine)
        recorded = await pages.gone(event, (await pages.captures([key]))[key])
        await handle(engine, [e for e in recorded.events if isinstance(e, ArticleNormalized)])


async def _broken_rules(engine: AsyncEngine) -> list[str]:
    """The rules about stories that do not hold; those about captures are not for articles that were never captured."""
    found = await PostgresConsistency(engine).violations()
    return [v.rule for v in found if re.search("stor|withdrawn", v.rule)]


async def _any_decision(engine: AsyncEngine, rng: random.Random) -> None:
    """Something that an editor might do; what makes no sense at the moment is refused and changes nothing."""
    placed = await _rows(engine, "SELECT article_id, story_id FROM articles WHERE story_id IS NOT NULL ORDER BY 1")
    if not placed:
        return
    stories = sorted({story_id for _, story_id in placed})
    chosen = rng.choice(placed)[1]
    members = [i for i, story_id in placed if story_id == chosen]
    numbers = [c.number for c in await decisions(engine)]
    what = rng.choice([*CorrectionKind, "undo"])
    try:
        if what == "undo":
            await _undo(engine, rng.choice([*numbers, 0]))
        elif what is MERGE:
            await _decide(engine, MERGE, (), *rng.sample(stories, min(len(stories), rng.choice([2, 2, 3]))))
        elif what is SPLIT:
            await _decide(
                engine, SPLIT, rng.sample(members, rng.randint(1, max(1, len(members) - 1))) or [placed[0][0]]
            )
        else:
            await _decide(engine, what, [rng.choice(placed)[0]])
    except Refused:
        pass


def _states(seed: int) -> list[Made]:
    """A newspaper, of which a third has a second state."""
    first = _newspaper(seed)
    rng = random.Random(seed)
    second = [
        Made(m.url, rng.choice([words(rng, 120), rng.choice(first).body]), m.title, outlet=m.outlet, version=1)
        for m in first[::3]
    ]
    return first + second


@pytest.mark.parametrize("seed", range(3))
async def test_decisions_between_any_batches_give_the_stories_of_the_whole_judgement(
    engine: AsyncEngine, seed: int
) -> None:
    await _decisions_and_batches(engine, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 40))
async def test_many_decisions_between_any_batches(engine: AsyncEngine, seed: int) -> None:
    await _decisions_and_batches(engine, seed)


async def _decisions_and_batches(engine: AsyncEngine, seed: int) -> None:
    rng = random.Random(seed)
    articles = _states(seed)
    gone: set[str] = set()
    for version in (0, 1):
        events = await record(engine, [m for m in articles if m.version == version])
        rng.shuffle(events)
        while events:
            await handle(engine, [events.pop() for _ in range(min(len(events), rng.randint(1, 9)))])
            for _ in range(rng.choice([0, 1, 2])):
                await _any_decision(engine, rng)
            if rng.random() < 0.2:
                gone.add(rng.choice(articles).url)
                await _go(engine, gone)
    standing = await decisions(engine)
    assert standing
    assert await found(engine) == expected(articles, standing, gone)
    assert await _broken_rules(engine) == []
    assert await rebuild(PostgresStories(engine)) == Rebuilt(0, 0)
    assert await found(engine) == expected(articles, standing, gone)


def _family(rng: random.Random) -> list[Made]:
    """An agency text with three copies, the first of which founds the story, and one piece about something else."""
    body = words(rng, 150)
    copies = [made(f"copy{n}", f"{words(rng, 20)} {body}", published=f"2024-05-0{1 + n}") for n in range(4)]
    return [*copies, made("other", words(rng, 150), published="2024-05-09")]


async def _story_of(engine: AsyncEngine, article: Made) -> str:
    query = "SELECT story_id FROM articles WHERE article_id = :id"
    ((story_id,),) = await _rows(engine, query, id=article.article_id)
    return str(story_id)


async def _leads_to(engine: AsyncEngine, story_id: str) -> str | None:
    """Where an old story id ends; none when nothing is left of it."""
    while True:
        ((size, redirect),) = await _rows(
            engine, "SELECT size, redirect_to FROM stories WHERE story_id = :id", id=story_id
        )
        if redirect is None:
            return story_id if size else None
        story_id = redirect


async def test_the_id_of_a_story_whose_founder_is_withdrawn_leads_to_what_is_left_of_it(engine: AsyncEngine) -> None:
    first, second, third, fourth, _ = articles = _family(random.Random(1))
    await deduplicate(engine, articles)
    ids = []
    for article, left in ((first, second), (second, third), (third, fourth)):
        ids.append(await _story_of(engine, article))
        await _decide(engine, WITHDRAW, [article.article_id])
        await rebuild(PostgresStories(engine))
        now = await _story_of(engine, left)
        assert [await _leads_to(engine, old) for old in ids] == [now] * len(ids)
    ids.append(await _story_of(engine, fourth))
    await _decide(engine, WITHDRAW, [fourth.article_id])
    await rebuild(PostgresStories(engine))
    assert [await _leads_to(engine, old) for old in ids] == [None] * 4
    assert len((await found(engine))["stories"]) == 1


async def test_what_is_taken_back_leaves_no_trace_but_in_history(engine: AsyncEngine) -> None:
    articles = _family(random.Random(2))
    await deduplicate(engine, articles)
    before = await found(engine)
    first, second, *_, other = articles
    made_now = [
        await _decide(engine, MERGE, [first.article_id, other.article_id]),
        await _decide(engine, PIN, [second.article_id]),
        await _decide(engine, SPLIT, [second.article_id, other.article_id]),
        await _decide(engine, WITHDRAW, [first.article_id]),
    ]
    assert await found(engine) != before
    for one in random.Random(2).sample(made_now, 4):
        await _undo(engine, one.number)
    assert await found(engine) == before
    numbers = {n for (n,) in await _rows(engine, "SELECT correction_id FROM story_history") if n}
    assert numbers == {one.number for one in made_now}


async def test_every_change_of_a_decision_raises_a_projection_and_says_which_decision_it_was(
    engine: AsyncEngine,
) -> None:
    first, *_, other = articles = _family(random.Random(3))
    await deduplicate(engine, articles)
    query = "SELECT article_id, projection FROM articles UNION SELECT story_id, projection FROM stories"
    before = dict(await _rows(engine, query))
    done = await _decide(engine, MERGE, [first.article_id, other.article_id])
    after = dict(await _rows(engine, query))
    assert {i for i in after if after[i] != before[i]} == {*done.touched.articles, *done.touched.stories}
    assert set(done.touched.articles) == {other.article_id}
    changes = await _rows(engine, "SELECT change FROM story_history WHERE correction_id = :n ORDER BY 1", n=done.number)
    assert changes == [("joined",), ("merged",)]


async def test_a_new_state_of_a_withdrawn_article_ends_withdrawn_and_stays_out(engine: AsyncEngine) -> None:
    first, *_ = articles = _family(random.Random(4))
    await deduplicate(engine, articles)
    await _decide(engine, WITHDRAW, [first.article_id])
    newer = Made(first.url, first.body + " " + words(random.Random(5), 9), outlet=first.outlet, version=1)
    await deduplicate(engine, [newer])
    ends = await _rows(
        engine, 'SELECT "end" FROM revisions WHERE article_id = :id ORDER BY captured_at', id=first.article_id
    )
    assert ends == [("withdrawn",), ("withdrawn",)]
    assert await found(engine) == expected([*articles, newer], await decisions(engine))
    assert await _broken_rules(engine) == []


async def test_a_message_that_comes_again_tells_that_its_article_was_withdrawn(engine: AsyncEngine) -> None:
    articles = _family(random.Random(6))
    events = await record(engine, articles)
    await handle(engine, events)
    await _decide(engine, WITHDRAW, [articles[0].article_id])
    told = [e for e in await handle(engine, events) if getattr(e, "article_id", "") == articles[0].article_id]
    assert [(e.story_id, e.projection) for e in told] == [(None, 2)]  # type: ignore[attr-defined]


async def test_what_only_an_editor_brought_together_is_judged_together(engine: AsyncEngine) -> None:
    rng = random.Random(10)
    articles = [made(f"alone{n}", words(rng, 80), published=f"2024-05-0{n + 1}") for n in range(3)]
    first, second, _ = articles
    await deduplicate(engine, articles)
    await _decide(engine, MERGE, [m.article_id for m in articles])
    out = await _decide(engine, WITHDRAW, [first.article_id])
    assert await found(engine) == expected(articles, await decisions(engine))
    await _undo(engine, out.number)
    assert await found(engine) == expected(articles, await decisions(engine))
    newer = Made(second.url, words(rng, 80), outlet=second.outlet, published="2024-05-02", version=1)
    await deduplicate(engine, [newer])
    assert await found(engine) == expected([*articles, newer], await decisions(engine))
    assert [size for _, _, size in (await found(engine))["stories"]] == [3]


async def test_who_is_gone_is_a_member_and_leads_no_more_until_everybody_is(engine: AsyncEngine) -> None:
    first, second, third, fourth, _ = articles = _family(random.Random(9))
    await deduplicate(engine, articles)
    leads = []
    for article in (first, second, third, fourth):
        await _go(engine, [article.url])
        ((lead, size),) = await _rows(engine, "SELECT lead_article_id, size FROM stories WHERE size > 1")
        leads.append((lead, size))
    assert leads == [(m.article_id, 4) for m in (second, third, fourth, first)]
    with pytest.raises(Refused, match="is gone"):
        await _decide(engine, PIN, [second.article_id])


async def test_articles_with_the_same_words_cannot_be_split(engine: AsyncEngine) -> None:
    one = made("one", words(random.Random(7), 100))
    same = made("same", one.body)
    await deduplicate(engine, [one, same])
    with pytest.raises(Refused, match="have the same words"):
        await _decide(engine, SPLIT, [one.article_id])


async def test_what_makes_no_sense_is_refused_and_changes_nothing(engine: AsyncEngine) -> None:
    first, second, *_, other = articles = _family(random.Random(8))
    await deduplicate(engine, articles)
    await _decide(engine, WITHDRAW, [second.article_id])
    pinned = await _decide(engine, PIN, [first.article_id])
    before = await found(engine), await _rows(engine, "SELECT count(*) FROM corrections")
    for kind, named, words_of in (
        (MERGE, [first, first], "one story already"),
        (SPLIT, [first, other], "in 2 stories"),
        (SPLIT, [other], "all the articles of their story"),
        (PIN, [first], "pinned as the lead"),
        (PIN, [second], "is withdrawn"),
        (WITHDRAW, [second], "was withdrawn before"),
    ):
        with pytest.raises(Refused, match=words_of):
            await _decide(engine, kind, [m.article_id for m in named])
    with pytest.raises(Refused, match="no article"):
        await _decide(engine, PIN, ["f" * 32])
    with pytest.raises(Refused, match="no correction"):
        await _undo(engine, pinned.number + 1)
    assert (await found(engine), await _rows(engine, "SELECT count(*) FROM corrections")) == before
    await _undo(engine, pinned.number)
    with pytest.raises(Refused, match="taken back before"):
        await _undo(engine, pinned.number)
