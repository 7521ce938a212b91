"""Reindex: everything anew behind the same aliases, while search and the indexer go on."""

import asyncio

import pytest
import pytest_asyncio
from search_population import PIECES, events, revise

from libs.adapters.opensearch.bulk import BulkWriter
from libs.adapters.opensearch.provision import physical_indices, provision
from libs.adapters.opensearch.reindex import Reindex, ReindexFailed
from libs.adapters.opensearch.search import Search
from libs.adapters.opensearch.verify import verify
from libs.adapters.postgres.reindexing import PostgresReindexing, ReindexUnderWay
from libs.domain.variants import VariantGroup, load_variants

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]
BREAD = (*load_variants(), VariantGroup("Orsen", "place", ("Sheepland",)))


async def every_blob(key: str) -> bool:
    return b"whole"


@pytest_asyncio.fixture(loop_scope="module")
async def reindex(newsroom):
    def make(bulk=newsroom.bulk, **options):
        return Reindex(newsroom.engine, newsroom.client, bulk, names=newsroom.names, **options)

    return make


@pytest_asyncio.fixture(loop_scope="module")
async def generation(newsroom):
    async def generation() -> set[str]:
        kinds = ("articles", "turns", "stories", "alerts")
        serving = [await physical_indices(newsroom.client, newsroom.names.alias(kind)) for kind in kinds]
        return {index.rsplit("-", 1)[1] for indices in serving for index in indices}

    return generation


@pytest_asyncio.fixture(loop_scope="module")
async def kept(newsroom):
    async def kept() -> set[str]:
        indices = await newsroom.client.indices.get_alias(index=f"{newsroom.names.prefix}articles-en-*")
        return {index.rsplit("-", 1)[1] for index in indices}

    return kept


async def clean(newsroom) -> bool:
    return (await verify(newsroom.engine, newsroom.client, every_blob, newsroom.names)).clean


async def test_new_indices_with_new_name_variants_replace_the_old_ones(newsroom, reindex, generation):
    search = Search(newsroom.client, newsroom.names)
    assert (await search.articles("Sheepland")).total == 0
    report = await reindex(variants=BREAD)()
    assert (report.articles, report.stories, report.set_aside) == (11, 8, ())  # one of each has no document
    assert ((await search.articles("")).total, (await search.stories("")).total) == (11, 8)
    assert await generation() == {"000002"}
    assert (await search.articles("Sheepland")).total == 1
    assert await clean(newsroom)
    assert (await provision(newsroom.client, names=newsroom.names, variants=BREAD, check=True)).drift == ()


async def test_what_changes_meanwhile_is_in_the_new_indices(newsroom, reindex, generation, kept):
    """An article is revised at the moment when the backfill has just passed it, and another search never fails."""
    changed = asyncio.Event()
    search = Search(newsroom.client, newsroom.names)
    totals: list[int] = []

    class Revising(BulkWriter):
        async def write(self, writes, routes):
            result = await super().write(writes, routes)
            totals.append((await search.articles("", [("kind", "interview")])).total)
            if not changed.is_set() and any(write.kind == "articles" for write in writes):
                changed.set()
                await revise(newsroom.engine, PIECES[0], 1, title="Revised meanwhile")
                await newsroom.index(events(PIECES[:1])[0])
            return result

    await reindex(Revising(newsroom.client, newsroom.bulk._metrics))()
    assert changed.is_set()
    assert await generation() == {"000003"}
    assert await kept() == {"000002", "000003"}  # the replaced ones stay until the next reindex
    assert set(totals) == {2}
    await newsroom.client.indices.refresh(index=newsroom.names.alias("articles"))
    found = await search.articles('"revised meanwhile"')
    assert [hit["title"] for hit in found.hits] == ["Revised meanwhile"]
    assert await clean(newsroom)


async def test_a_reindex_that_was_killed_goes_on_where_it_was(newsroom, reindex, generation):
    class Killed(Exception):
        pass

    def stop(what: str, count: int) -> None:
        if what == "stories":
            raise Killed

    with pytest.raises(Killed):
        await reindex(progress=stop)()
    assert await generation() == {"000003"}
    run = await PostgresReindexing(newsroom.engine).unfinished()
    assert run.last_article_id == max(piece.article_id for piece in PIECES)
    report = await reindex()()
    assert (report.articles, await generation()) == (0, {"000004"})
    assert await PostgresReindexing(newsroom.engine).unfinished() is None
    assert await clean(newsroom)


async def test_only_one_reindex_runs_at_a_time(newsroom, reindex):
    async with PostgresReindexing(newsroom.engine).alone():
        with pytest.raises(ReindexUnderWay):
            await reindex()()


async def test_indices_that_do_not_equal_postgresql_are_never_put_behind_the_aliases(newsroom, reindex, generation):
    lost = PIECES[1].article_id

    class Losing(BulkWriter):
        async def write(self, writes, routes):
            kept = await super().write([write for write in writes if write.id != lost], routes)
            return kept + [None] * (len(writes) - len(kept))

    with pytest.raises(ReindexFailed, match=lost):
        await reindex(Losing(newsroom.client, newsroom.bulk._metrics))()
    assert await generation() == {"000004"}
    await reindex()()
    assert await generation() == {"000005"}
    assert await clean(newsroom)
