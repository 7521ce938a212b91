"""The indexer's stage on real engines: the index shows the current state, whatever happens to the messages."""

import random

import pytest
from opensearchpy.exceptions import NotFoundError
from search_population import PIECES, Piece, events, ident, populate, revise
from sqlalchemy import select, update

from libs.adapters.opensearch.bulk import BulkWriter, through_aliases
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.verify import verify
from libs.adapters.postgres.tables import articles, ledger, revisions, stories
from libs.contracts.events import ArticleIndexed, StoryAssigned
from libs.contracts.reasons import Reason
from libs.domain.projections import Write
from libs.runtime.failures import DependencyDown, Quarantine
from libs.runtime.outcomes import Emit

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]

INTERVIEW = PIECES[0]


async def every_blob(key: str) -> bool:
    return b"whole"


async def report(desk):
    return await verify(desk.engine, desk.client, every_blob, desk.names)


async def document(desk, kind: str, identifier: str, group: str = "en"):
    try:
        return (await desk.client.get(index=desk.names.write_alias(kind, group), id=identifier))["_source"]
    except NotFoundError:
        return None


def assigned(piece: Piece) -> StoryAssigned:
    return events([piece])[0][0]


async def test_messages_in_any_order_and_repeated_give_the_same_clean_index(newsroom):
    everything = [*events()[0], *events()[1]]
    for seed in range(3):
        shuffled = random.Random(seed).sample(everything * 2, len(everything) * 2)
        for start in range(0, len(shuffled), 7):
            await newsroom.index(shuffled[start : start + 7])
    found = await report(newsroom)
    assert (found.difference_count, found.violations) == (0, ())
    assert found.documents == {"articles": 11, "turns": 6, "stories": 8}


async def test_an_indexed_article_is_announced_with_its_projection(newsroom):
    (outcome,) = await newsroom.index([assigned(INTERVIEW)])
    assert isinstance(outcome, Emit)
    (event,) = outcome.events
    assert isinstance(event, ArticleIndexed)
    assert (event.article_id, event.projection) == (INTERVIEW.article_id, 1)


async def test_searchable_revisions_end_indexed_and_withdrawn_ones_withdrawn_each_once_in_the_ledger(newsroom):
    async with newsroom.engine.connect() as connection:
        ends = {row.article_id: row.end for row in await connection.execute(select(revisions))}
        rows = [(row.article_id, row.outcome) for row in await connection.execute(select(ledger))]
    assert ends == {p.article_id: "withdrawn" if p.withdrawn else "indexed" for p in PIECES}
    assert sorted(rows) == sorted(ends.items())


async def test_an_older_state_never_replaces_a_newer_one(newsroom):
    stale = Write("articles", INTERVIEW.article_id, 0, "en", {"title": "old"})
    assert await newsroom.bulk.write([stale], [through_aliases(newsroom.names)]) == [None]
    assert (await document(newsroom, "articles", INTERVIEW.article_id))["title"] == INTERVIEW.title


async def test_a_revision_in_another_language_with_fewer_turns_leaves_nothing_behind(newsroom):
    await revise(newsroom.engine, INTERVIEW, 1, language="ru", turns=INTERVIEW.turns[:2])
    await newsroom.index([assigned(INTERVIEW)])
    assert await document(newsroom, "articles", INTERVIEW.article_id, "en") is None
    assert (await document(newsroom, "articles", INTERVIEW.article_id, "ru"))["projection"] == 2
    assert [await document(newsroom, "turns", f"{INTERVIEW.article_id}:{n}", "en") for n in range(4)] == [None] * 4
    there = [await document(newsroom, "turns", f"{INTERVIEW.article_id}:{n}", "ru") for n in range(4)]
    assert [turn and turn["n"] for turn in there] == [0, 1, None, None]
    assert (await report(newsroom)).difference_count == 0


async def test_a_withdrawn_article_leaves_all_aliases(newsroom):
    piece = PIECES[8]
    await revise(newsroom.engine, piece, 1, withdrawn="legal")
    await newsroom.index([assigned(piece)])
    assert await document(newsroom, "articles", piece.article_id) is None
    assert await document(newsroom, "turns", f"{piece.article_id}:0") is None


async def test_a_story_that_was_merged_away_leaves_the_stories(newsroom):
    old, new = ident("story sheep"), ident("story bakers")
    assert await document(newsroom, "stories", old) is not None
    async with newsroom.engine.begin() as connection:
        await connection.execute(update(articles).where(articles.c.story_id == old).values(story_id=new, lead=False))
        moved = update(stories).where(stories.c.story_id == old)
        await connection.execute(moved.values(redirect_to=new, size=0, projection=2))
        grown = update(stories).where(stories.c.story_id == new)
        await connection.execute(grown.values(size=2, projection=2))
    await newsroom.index([e for e in events()[1] if e.story_id in (old, new)])
    assert await document(newsroom, "stories", old) is None
    assert (await document(newsroom, "stories", new))["size"] == 2


async def test_a_document_that_does_not_fit_is_set_aside_and_its_neighbours_are_indexed(newsroom):
    odd = Piece(
        "https://odd.example/1", "Odd", "Odd", "odd", "odd", body="Odd time.", published="2025-03-10T12:00+23:00"
    )
    even = Piece("https://odd.example/2", "Even", "Odd", "odd", "even", body="Good time.", published="2025-03-10")
    await populate(newsroom.engine, [odd, even])
    refused, accepted = await newsroom.index([assigned(odd), assigned(even)])
    assert isinstance(refused, Quarantine)
    assert refused.reason == Reason.INDEX_MAPPING
    assert "published" in refused.detail
    assert isinstance(accepted, Emit)
    async with newsroom.engine.connect() as connection:
        done = select(articles.c.article_id).where(articles.c.indexed_projection == 1)
        indexed = set((await connection.execute(done)).scalars())
    assert even.article_id in indexed
    assert odd.article_id not in indexed


async def test_an_event_about_nothing_known_is_set_aside(newsroom):
    stranger = assigned(INTERVIEW).model_copy(update={"article_id": ident("nobody")})
    (result,) = await newsroom.index([stranger])
    assert isinstance(result, Quarantine)
    assert result.reason == Reason.RECORD_MISSING


async def test_a_write_block_pauses_and_afterwards_the_same_work_is_done(newsroom):
    index = newsroom.names.write_alias("articles", "en")
    event = assigned(PIECES[1])
    await revise(newsroom.engine, PIECES[1], 1, title="Changed while blocked")
    await newsroom.client.indices.put_settings(index=index, body={"index.blocks.write": True})
    with pytest.raises(DependencyDown, match="block"):
        await newsroom.index([event])
    await newsroom.client.indices.put_settings(index=index, body={"index.blocks.write": None})
    await newsroom.index([event])
    assert (await document(newsroom, "articles", PIECES[1].article_id))["title"] == "Changed while blocked"


async def test_a_missing_alias_pauses_instead_of_making_an_index(newsroom):
    names = type(newsroom.names)(newsroom.names.prefix + "nowhere-")
    with pytest.raises(DependencyDown, match="no such index"):
        await newsroom.bulk.write([Write("articles", "a", 1, "en", {})], [through_aliases(names)])
    assert not await newsroom.client.indices.exists(index=names.write_alias("articles", "en"))


async def test_an_engine_that_does_not_answer_is_a_dependency_that_is_down(newsroom, free_port):
    nobody = open_client(f"http://127.0.0.1:{free_port}")
    bulk = BulkWriter(nobody, newsroom.bulk._metrics)
    with pytest.raises(DependencyDown, match="opensearch"):
        await bulk.write([Write("articles", "a", 1, "en", {})], [through_aliases(newsroom.names)])
    await nobody.close()


async def test_what_the_engine_refuses_as_a_whole_is_split_until_only_the_bad_item_fails(newsroom):
    good = Write("stories", "split-good", 1, None, {"story_id": "split-good"})
    bad = Write("stories", "x" * 600, 1, None, {"story_id": "bad"})
    results = await newsroom.bulk.write([good, bad, good], [through_aliases(newsroom.names)])
    assert [type(result) for result in results] == [type(None), Quarantine, type(None)]
    assert results[1].reason == Reason.INDEX_REFUSED
