"""Links as people see them: keys, directions, passages that can be cut out of both bodies."""

import random
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.queries.links import SHOWN_CARRIERS, links_of, why
from tests.integration.deduplicator.running import deduplicate, made
from tests.unit.stories.making import words

pytestmark = pytest.mark.engines


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


async def test_a_passage_shows_the_same_words_of_both_articles(engine: AsyncEngine) -> None:
    rng = random.Random(1)
    left, right = words(rng, 20), words(rng, 20)
    source = made(
        "source", f"{words(rng, 30)}\n\n“{left}, in Idleb, {right}.” {words(rng, 20)}", published="2024-05-13"
    )
    retold = made("retold", f"{left.upper()} in Idlib {right} {words(rng, 30)}", published="2024-05-14")
    await deduplicate(engine, [source, retold])
    async with engine.connect() as connection:
        links = await links_of(connection, [source.article_id, retold.article_id])
    (link,) = links[retold.article_id]
    assert (link["key"], link["type"], link["direction"]) == (source.url, "copy", "from")
    (passage,) = link["passages"]
    assert (passage["words"], passage["exact_words"], link["longest_run"]) == (42, 41, 21)
    assert passage["text"] == retold.body[slice(*passage["a"])] == f"{left.upper()} in Idlib {right}"
    assert source.body[slice(*passage["b"])] == f"{left}, in Idleb, {right}"
    (reverse,) = links[source.article_id]
    assert (reverse["direction"], reverse["passages"][0]["a"]) == ("to", passage["b"])
    assert reverse["coverage"] == {"self": link["coverage"]["other"], "other": link["coverage"]["self"]}


async def test_why_tells_what_was_missing(engine: AsyncEngine) -> None:
    rng = random.Random(3)
    told = words(rng, 11)
    one = made("one", f"{words(rng, 80)} {told} {words(rng, 80)}")
    other = made("other", f"{words(rng, 80)} {told} {words(rng, 80)}")
    await deduplicate(engine, [one, other])
    answer = await why(engine, one.article_id, other.article_id)
    assert answer is not None
    assert (answer["verdict"], answer["link"], answer["same_story"]) == ("none", None, False)
    assert answer["reasons"]
    assert await why(engine, one.article_id, "f" * 32) is None


async def test_of_many_carriers_of_one_text_the_first_are_listed_and_all_are_counted(engine: AsyncEngine) -> None:
    rng = random.Random(4)
    body, retelling = words(rng, 60), words(rng, 40)
    copies = [made(f"paper{n:02}", body, published=f"2024-05-{n + 1:02}") for n in range(SHOWN_CARRIERS + 5)]
    retold = made("retold", f"{body} {retelling}", published="2024-06-01")
    await deduplicate(engine, [*copies, retold])

    async with engine.connect() as connection:
        links = await links_of(connection, [copies[0].article_id, copies[-1].article_id, retold.article_id])

    first = [copy.url for copy in copies[:SHOWN_CARRIERS]]
    assert [link["key"] for link in links[retold.article_id]] == first
    assert [link["key"] for link in links[copies[-1].article_id]] == [*first, retold.url]
    assert [link["key"] for link in links[copies[0].article_id]] == [*first[1:], retold.url]
    assert {link["carriers"] for link in links[retold.article_id]} == {len(copies)}
