"""What is said in other words joins its interview, as the whole judgement finds, whatever the way there."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made, record
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.queries.links import why
from libs.adapters.postgres.queries.progress import progress
from libs.adapters.postgres.stories import PostgresStories
from libs.adapters.postgres.voices import PostgresVoices
from libs.contracts.events import Event, StoryAssigned
from libs.domain.documents import ArticleKind, InterviewFacts, Turn
from libs.domain.stories.corrections import CorrectionKind
from libs.domain.stories.meaning import Vectors
from services.deduplicator.correct import Asked, Revoking, correct, revoke
from services.deduplicator.hear import Hear
from services.deduplicator.rebuild import Rebuilt, rebuild
from tests.integration.deduplicator.running import decisions, expected, found, handle, made
from tests.support.hearing import MadeUpEncoder
from tests.unit.stories.making import words

pytestmark = pytest.mark.engines
ENCODER = MadeUpEncoder()
PERSONS = ("Mirjam Tolvanen", "Ashok Brendanhal", "Celia Wostrikov")


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


def _hear(engine: AsyncEngine, encoder: MadeUpEncoder = ENCODER) -> Hear:
    return Hear(PostgresVoices(engine), PostgresStories(engine, meaning=True), encoder)


async def _hear_all(engine: AsyncEngine, *, workers: int = 1, encoder: MadeUpEncoder = ENCODER) -> list[Event]:
    events: list[Event] = []

    async def work() -> None:
        hear = _hear(engine, encoder)
        while (heard := await hear()).texts:
            events.extend(heard.events)

    await asyncio.gather(*(work() for _ in range(workers)))
    return events


def _said(rng: random.Random, count: int) -> list[str]:
    """Sentences whose every word stands nowhere else."""
    return [f"{words(rng, 9)}.".capitalize() for _ in range(count)]


def _in_other_words(sentences: Sequence[str], language: int) -> list[str]:
    return [" ".join(f"{word.rstrip('.')}{language}" for word in s.split()) + "." for s in sentences]


def _transcript(rng: random.Random, name: str, person: str, answers: list[str], **fields: Any) -> Made:
    body, turns = f"{words(rng, 12)}\n\n", []
    for answer in answers:
        body += f"{words(rng, 8)}?\n\n"
        turns.append(Turn("answer", None, "", len(body), len(body) + len(answer)))
        body += f"{answer}\n\n"
    facts = InterviewFacts(person, fields.pop("broadcasters", ()), (), None, len(answers))
    url = f"https://{name}.example/"
    return Made(url, body, name, outlet=name, kind=ArticleKind.INTERVIEW, facts=facts, turns=tuple(turns), **fields)


def _retelling(rng: random.Random, name: str, person: str, said: list[str], **fields: Any) -> Made:
    body = f"{words(rng, 15)} {person} {words(rng, 15)} " + " ".join(f"{words(rng, 6)}: {s}" for s in said)
    return made(name, body, quoted=said, **{"published": "2024-05-15", **fields})


def _newspaper(seed: int) -> list[Made]:
    """Per person two interviews, retellings of the first in other words with and without its broadcaster, a reaction."""
    rng = random.Random(seed)
    articles = []
    for k, person in enumerate(PERSONS):
        first, second = _said(rng, 14), _said(rng, 14)
        station, other = f"Radio {words(rng, 1).title()}", f"Radio {words(rng, 1).title()}"
        day = {"published": f"2024-05-1{k}T10:00:00+00:00", "language": "en"}
        articles += [
            _transcript(rng, f"first{k}", person, first, broadcasters=(station,), **day),
            _transcript(rng, f"second{k}", person, second, broadcasters=(other,), **day),
            _transcript(rng, f"abroad{k}", person, _in_other_words(first, 4), **{**day, "language": "fr"}),
            _retelling(rng, f"reaction{k}", person, _said(rng, 9)),
        ]
        for n, count in enumerate((10, 4, 3)):
            facts = InterviewFacts(person, (station,) if n == 1 else ()) if n else InterviewFacts()
            said = _in_other_words(rng.sample(first, count), n + 1) + _said(rng, 10 - count if n == 2 else 1)
            articles.append(_retelling(rng, f"retold{k}x{n}", "the guest" if n == 1 else person, said, facts=facts))
        articles.append(
            replace(articles[-1], url=f"https://copy{k}.example/", body=articles[-1].body.replace(". ", "; "))
        )
        late = _in_other_words(first, 7)
        articles.append(_retelling(rng, f"late{k}", person, late, published="2024-07-01"))
    return articles


def _second_versions(articles: list[Made]) -> list[Made]:
    """New states of a third of the articles: some say something else, some what another one says, some the same later."""
    rng = random.Random(9)
    newer = []
    for n, m in enumerate(articles[1::3]):
        if n % 3 == 0:
            newer.append(replace(_retelling(rng, "x", "", _said(rng, 9)), url=m.url, version=1))
        elif n % 3 == 2:
            newer.append(replace(articles[(3 * n + 5) % len(articles)], url=m.url, version=1))
        else:
            newer.append(replace(m, published="2024-08-01", version=1))
    return newer


def _stories_of(state: dict[str, Any], articles: Sequence[Made]) -> dict[str, str]:
    story_of = {article_id: story_id for article_id, story_id, _, _ in state["articles"]}
    return {m.url.split("//")[1].split(".")[0]: story_of[m.article_id] for m in articles}


async def test_what_is_said_in_other_words_joins_its_interview_and_nothing_else(engine: AsyncEngine) -> None:
    articles = _newspaper(1)
    await handle(engine, await record(engine, articles), meaning=True)
    apart = _stories_of(await found(engine), articles)
    assert apart["first0"] != apart["retold0x0"]
    await _hear_all(engine)
    state = await found(engine)
    assert state == expected(articles, encoder=ENCODER)
    for k in range(3):
        story = _stories_of(state, articles)
        together = [f"{name}{k}" for name in ("first", "abroad")] + [f"retold{k}x0", f"retold{k}x1"]
        assert len({story[name] for name in together}) == 1
        assert len({story[name] for name in (f"first{k}", f"second{k}", f"reaction{k}", f"late{k}")}) == 4
        assert story[f"retold{k}x2"] != story[f"first{k}"]  # 3 of 10 sentences, and it does not say who asked


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[] if n < 2 else pytest.mark.slow) for n in range(40)])
async def test_no_order_number_of_workers_or_moment_of_hearing_shows(engine: AsyncEngine, seed: int) -> None:
    rng = random.Random(seed)
    first = _newspaper(seed)
    second = _second_versions(first)
    for articles in (first, second):
        events = await record(engine, articles)
        rng.shuffle(events)
        workers, batch = rng.randint(1, 3), rng.randint(2, 9)
        for at in range(0, len(events), 15):
            part = handle(engine, events[at : at + 15], workers=workers, batch=batch, meaning=True)
            await asyncio.gather(part, *(_hear(engine)() for _ in range(rng.randint(0, 3))))
    await _hear_all(engine, workers=rng.randint(1, 3))
    assert await found(engine) == expected(first + second, encoder=ENCODER)


async def test_corrections_and_rebuilding_keep_what_was_heard(engine: AsyncEngine) -> None:
    articles = _newspaper(3)
    await handle(engine, await record(engine, articles), meaning=True)
    await _hear_all(engine)
    stories = PostgresStories(engine, meaning=True)
    by_name = {m.url.split("//")[1].split(".")[0]: m for m in articles}
    out = await _decide(stories, CorrectionKind.WITHDRAW, by_name["first0"])
    await _decide(stories, CorrectionKind.SPLIT, by_name["retold1x0"])
    await _hear_all(engine)
    state = await found(engine)
    assert state == expected(articles, await decisions(engine), encoder=ENCODER)
    assert await rebuild(stories) == Rebuilt(0, 0)
    await _hear_all(engine)
    assert await found(engine) == state
    await revoke(stories, Revoking(out, "desk", "a mistake", uuid.uuid4().hex))
    await _hear_all(engine)
    assert await found(engine) == expected(articles, await decisions(engine), encoder=ENCODER)


async def test_what_is_erased_leaves_neither_vectors_nor_verdicts(engine: AsyncEngine) -> None:
    articles = _newspaper(11)
    await handle(engine, await record(engine, articles), meaning=True)
    await _hear_all(engine)
    (erased,) = [m for m in articles if _name(m) == "abroad0"]
    async with engine.connect() as connection:
        text_id = await connection.scalar(
            text("SELECT text_id FROM carriers WHERE article_id = :id"), {"id": erased.article_id}
        )
    kept = "SELECT (SELECT count(*) FROM voices WHERE text_id = :id AND vectors IS NOT NULL), (SELECT count(*) FROM verdicts WHERE :id IN (a, b))"
    assert min(await _row(engine, kept, id=text_id)) > 0
    asked = Asked(CorrectionKind.WITHDRAW, (erased.article_id,), "desk", "a court", uuid.uuid4().hex, erase=True)
    await correct(PostgresStories(engine, meaning=True), asked)
    assert await _row(engine, kept, id=text_id) == (0, 0)


async def _row(engine: AsyncEngine, query: str, **bound: Any) -> tuple[Any, ...]:
    async with engine.connect() as connection:
        return tuple((await connection.execute(text(query), bound)).one())


async def _decide(stories: PostgresStories, kind: CorrectionKind, *articles: Made) -> int:
    asked = Asked(kind, tuple(m.article_id for m in articles), "desk", "a test", uuid.uuid4().hex)
    return (await correct(stories, asked)).number


async def test_what_meaning_changed_is_announced(engine: AsyncEngine) -> None:
    articles = _newspaper(4)
    await handle(engine, await record(engine, articles), meaning=True)
    before = _stories_of(await found(engine), articles)
    events = await _hear_all(engine)
    after = _stories_of(await found(engine), articles)
    moved = {m.article_id for m in articles if before[_name(m)] != after[_name(m)]}
    assert moved
    assert moved <= {e.article_id for e in events if isinstance(e, StoryAssigned)}
    async with engine.connect() as connection:
        projections = dict((await connection.execute(text("SELECT article_id, projection FROM articles"))).all())
    told = {
        e.article_id: e.projection
        for e in sorted(events, key=lambda e: getattr(e, "projection", 0))
        if isinstance(e, StoryAssigned)
    }
    assert all(projections[article_id] == told[article_id] for article_id in told)


def _name(m: Made) -> str:
    return m.url.split("//")[1].split(".")[0]


async def test_waiting_covers_what_is_to_be_heard(engine: AsyncEngine) -> None:
    articles = _newspaper(5)[:6]
    await handle(engine, await record(engine, articles), meaning=True)
    waiting = (await progress(engine)).unfinished["texts"]
    assert (waiting.count, waiting.oldest[0]) == (6, min(m.url for m in articles))
    await _hear_all(engine)
    assert "texts" not in (await progress(engine)).unfinished


async def test_off_nothing_is_asked_for_and_nobody_waits(engine: AsyncEngine) -> None:
    articles = _newspaper(6)
    await handle(engine, await record(engine, articles))
    assert await found(engine) == expected(articles)
    assert "texts" not in (await progress(engine)).unfinished
    assert (await _hear(engine)()).texts == 0


async def test_turned_on_later_all_are_heard_and_turned_off_nobody_is_waited_for(engine: AsyncEngine) -> None:
    articles = _newspaper(7)
    voices = PostgresVoices(engine)
    await handle(engine, await record(engine, articles))
    await voices.begin(_hear(engine).versions)
    assert (await progress(engine)).unfinished["texts"].count == len({m.body.replace("; ", ". ") for m in articles})
    await voices.begin(None)
    assert "texts" not in (await progress(engine)).unfinished
    await voices.begin(_hear(engine).versions)
    await _hear_all(engine)
    assert await found(engine) == expected(articles, encoder=ENCODER)
    await voices.begin(_hear(engine).versions)
    assert "texts" not in (await progress(engine)).unfinished


async def test_another_encoder_makes_every_verdict_anew(engine: AsyncEngine) -> None:
    class Other(MadeUpEncoder):
        versions = "made up 2"
        sizes = (40, 50)

    articles = _newspaper(8)
    await handle(engine, await record(engine, articles), meaning=True)
    await _hear_all(engine)
    await PostgresVoices(engine).begin(_hear(engine, Other()).versions)
    await _hear_all(engine, encoder=Other())
    assert await found(engine) == expected(articles, encoder=Other())
    async with engine.connect() as connection:
        assert set(await connection.scalars(text("SELECT encoders FROM verdicts"))) == {"made up 2"}


async def test_a_text_that_cannot_be_encoded_holds_nobody_back(engine: AsyncEngine) -> None:
    class Choking(MadeUpEncoder):
        def encode(self, sentences: Sequence[str]) -> tuple[Vectors, ...]:
            if any("gristle" in s for s in sentences):
                raise ValueError("too tough")
            return super().encode(sentences)

    articles = _newspaper(9)
    bad = _retelling(random.Random(9), "bad", PERSONS[0], ["This is gristle and nothing but gristle."] * 9)
    await handle(engine, await record(engine, [*articles, bad]), meaning=True)
    await _hear_all(engine, encoder=Choking())
    assert "texts" not in (await progress(engine)).unfinished
    story = _stories_of(await found(engine), articles)
    assert story["first0"] == story["retold0x0"]


async def test_why_says_it_in_a_sentence(engine: AsyncEngine) -> None:
    articles = {_name(m): m for m in _newspaper(10)}
    await handle(engine, await record(engine, list(articles.values())), meaning=True)
    await _hear_all(engine)
    joined = await why(engine, articles["first0"].article_id, articles["retold0x0"].article_id)
    assert joined is not None
    assert (joined["same_story"], joined["verdict"]) == (True, "identity")
    (meaning,) = [r for r in joined["reasons"] if r["rule"] == "meaning"]
    assert meaning["text"].startswith("10 of the 11 sentences that one says are said in the other, too")
    possible = await why(engine, articles["first0"].article_id, articles["retold0x2"].article_id)
    assert possible is not None
    assert (possible["same_story"], possible["verdict"]) == (False, "possible")
