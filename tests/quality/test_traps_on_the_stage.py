"""The traps in which time or size plays a part, on the deduplicator's stage over real PostgreSQL.

Four more stand elsewhere, all under `tests/integration/deduplicator/`:

| trap | test |
|---|---|
| a lead that is withdrawn | `test_corrections.py::test_the_id_of_a_story_whose_founder_is_withdrawn_leads_to_what_is_left_of_it` |
| a lead that is gone | `test_corrections.py::test_who_is_gone_is_a_member_and_leads_no_more_until_everybody_is` |
| an old story id | `test_stage.py::test_an_old_story_id_leads_to_where_its_first_article_is` |
| boilerplate whose witnesses are corrected | `test_stage.py::test_boilerplate_becomes_plain_words_when_its_witnesses_are_corrected` |
"""

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import Made
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.fingerprints import PostgresFingerprints
from libs.domain.documents import ArticleKind, InterviewFacts, Turn
from tests.integration.deduplicator.running import deduplicate, expected, found, made
from tests.unit.stories.making import agency_copies, pages_with_footer, words

pytestmark = pytest.mark.engines


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


def _retold(rng: random.Random, name: str, said: list[str], **fields: Any) -> Made:
    return made(name, " ".join(f"{words(rng, 40)} {s}" for s in said), quoted=said, **fields)


def _printed(rng: random.Random, name: str, answers: list[str], **fields: Any) -> Made:
    body, turns = "", []
    for answer in answers:
        body += f"{words(rng, 10)}\n\n"
        turns.append(Turn("answer", None, answer, len(body), len(body) + len(answer)))
        body += f"{answer}\n\n"
    facts = InterviewFacts(questions=len(answers))
    return replace(made(name, body, **fields), kind=ArticleKind.INTERVIEW, facts=facts, turns=tuple(turns))


def _start(answer: str) -> str:
    return " ".join(answer.split()[:25])


async def _stories(engine: AsyncEngine) -> list[tuple[str, str, int]]:
    """Id, lead and size of all stories."""
    rows: list[tuple[str, str, int]] = (await found(engine))["stories"]
    return rows


async def test_a_transcript_that_arrives_last_leads_the_story_and_keeps_its_id(engine: AsyncEngine) -> None:
    rng = random.Random(15)
    answers = [words(rng, 60) for _ in range(8)]
    source = _printed(rng, "source", answers, published="2024-05-14T12:00:00+00:00")
    early = _retold(rng, "early", [_start(a) for a in answers[:3]], published="2024-05-14T09:00:00+00:00")
    late = _retold(rng, "late", [_start(a) for a in answers[3:6]], published="2024-05-15")
    await deduplicate(engine, [early])
    ((before, _, _),) = await _stories(engine)
    await deduplicate(engine, [late])
    assert [size for _, _, size in await _stories(engine)] == [1, 1]
    await deduplicate(engine, [source])
    assert await _stories(engine) == [(before, source.article_id, 3)]
    assert await found(engine) == expected([source, early, late])


async def test_a_retelling_that_comes_a_month_late_finds_its_source_in_the_archive(engine: AsyncEngine) -> None:
    rng = random.Random(16)
    answers = [words(rng, 60) for _ in range(8)]
    source = _printed(rng, "source", answers, published="2024-05-14")
    others = [made(f"other{n}", words(rng, 200), published="2024-05-20") for n in range(30)]
    await deduplicate(engine, [source, *others])
    async with engine.begin() as connection:
        await PostgresFingerprints(connection).seal(-(2**63))
        assert (await connection.execute(text("SELECT count(*) FROM fingerprints"))).scalar_one() == 0
    late = _retold(rng, "late", [_start(a) for a in answers[:3]], published="2024-06-14")
    await deduplicate(engine, [late])
    assert [(lead, size) for _, lead, size in await _stories(engine) if size > 1] == [(source.article_id, 2)]


async def test_a_page_that_is_continued_under_its_address_stays_one_member_of_its_story(engine: AsyncEngine) -> None:
    rng = random.Random(18)
    answers = [words(rng, 60) for _ in range(8)]
    said = [_start(a) for a in answers[:4]]
    source = _printed(rng, "source", answers, published="2024-05-14")
    first = _retold(rng, "page", said[:3], published="2024-05-15")
    await deduplicate(engine, [source, first])
    before = await _stories(engine)
    second = replace(first, body=f"{first.body} {words(rng, 60)} {said[3]}", version=1)
    await deduplicate(engine, [second])
    assert await _stories(engine) == before
    assert await found(engine) == expected([source, first, second])


async def test_a_correction_under_the_same_address_is_judged_by_what_it_says_now(engine: AsyncEngine) -> None:
    rng = random.Random(19)
    answers = [words(rng, 60) for _ in range(8)]
    source = _printed(rng, "source", answers, published="2024-05-14")
    first = _retold(rng, "page", [_start(a) for a in answers[:3]], published="2024-05-15")
    figure = first.quotes[1].text.split()[12]
    mended = replace(first, body=first.body.replace(f" {figure} ", f" {words(rng, 1)} "), quotes=(), version=1)
    emptied = replace(first, body=words(rng, 150), quotes=(), version=2)
    await deduplicate(engine, [source, first])
    before = await _stories(engine)
    assert [size for _, _, size in before] == [2]
    await deduplicate(engine, [mended])
    assert await _stories(engine) == before
    await deduplicate(engine, [emptied])
    assert [size for _, _, size in await _stories(engine)] == [1, 1]
    assert await found(engine) == expected([source, first, mended, emptied])


@pytest.mark.parametrize(
    ("copies", "cuts"), [(200, 12), pytest.param(2000, 100, marks=pytest.mark.slow)], ids=["few", "two thousand"]
)
async def test_copies_of_an_agency_text_in_random_order_become_one_story(
    engine: AsyncEngine, copies: int, cuts: int
) -> None:
    rng = random.Random(20)
    articles = [made(name, body) for name, body in agency_copies(rng, copies, cuts)]
    await deduplicate(engine, articles, seed=copies, workers=2, batch=50)
    assert [size for _, _, size in await _stories(engine)] == [copies]
    assert (await found(engine))["boilerplate"] == []


@pytest.mark.parametrize("hosts", [60, pytest.param(500, marks=pytest.mark.slow)])
async def test_a_footer_of_sixty_words_on_all_pages_of_many_hosts_links_nothing(
    engine: AsyncEngine, hosts: int
) -> None:
    pages = [made(name, body) for name, body in pages_with_footer(random.Random(21), hosts)]
    await deduplicate(engine, pages, seed=hosts, workers=2, batch=50)
    state = await found(engine)
    assert state["links"] == []
    assert [size for _, _, size in state["stories"]] == [1] * len(pages)
