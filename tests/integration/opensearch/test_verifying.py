"""Verify sees every kind of difference between PostgreSQL, the index and the blobs."""

import pytest
import pytest_asyncio
from search_population import PIECES, ident
from sqlalchemy import update

from libs.adapters.opensearch.bulk import through_aliases
from libs.adapters.opensearch.verify import Difference, verify
from libs.adapters.postgres.tables import articles, revisions, stories
from libs.contracts.reasons import Reason
from libs.domain.projections import Write
from libs.runtime.failures import Quarantine

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]
A, B, C = (piece.article_id for piece in PIECES[:3])


async def every_blob(key: str) -> bytes:
    return b"whole"


@pytest_asyncio.fixture(loop_scope="module")
async def look(newsroom):
    async def look(read_blob=every_blob):
        return await verify(newsroom.engine, newsroom.client, read_blob, newsroom.names)

    return look


@pytest_asyncio.fixture(loop_scope="module")
async def change(newsroom):
    """Write along the aliases, past PostgreSQL."""

    async def change(*writes: Write) -> None:
        assert not any(await newsroom.bulk.write(writes, [through_aliases(newsroom.names)]))

    return change


async def test_a_newsroom_in_order_is_clean(look):
    report = await look()
    assert report.clean
    assert report.blobs == 11
    captures, revisions = report.ledger["captures"], report.ledger["revisions"]
    assert {end: n for end, n in captures.items() if n} == {"extracted": 11, "total": 11}
    assert {end: n for end, n in revisions.items() if n} == {"indexed": 11, "withdrawn": 1, "total": 12}
    assert report.as_json()["clean"] is True


async def test_missing_newer_extra_and_misplaced_documents_are_differences(look, change, newsroom):
    await change(
        Write("articles", A, 9, "en", None),
        Write("articles", B, 9, "en", {"article_id": B}),
        Write("articles", C, 1, "de", {"article_id": C}),
        Write("articles", "f" * 32, 3, "fr", {"article_id": "f" * 32}),
        Write("turns", f"{A}:7", 1, "en", {"article_id": A, "n": 7}),
        Write("stories", ident("nobody's"), 1, None, {"story_id": ident("nobody's")}),
    )
    report = await look()
    assert not report.clean
    assert set(report.differences) == {
        Difference("articles", A, "projection 1 in en", "nothing"),
        Difference("articles", B, "projection 1 in en", "projection 9 in en"),
        Difference("articles", C, "projection 1 in en", "projection 1 in de, projection 1 in en"),
        Difference("articles", "f" * 32, "nothing", "projection 3 in fr"),
        Difference("turns", f"{A}:7", "nothing", "projection 1 in en"),
        Difference("stories", ident("nobody's"), "nothing", "projection 1"),
    }
    assert report.difference_count == 6


async def test_lost_bytes_are_differences(look):
    async def none(key: str) -> None:
        return None

    lost = [d for d in (await look(none)).differences if d.kind == "blobs"]
    assert len(lost) == 11
    assert "bytes of capture" in lost[0].expected


async def test_bytes_that_changed_on_disk_are_differences(look):
    async def damaged(key: str) -> bytes:
        raise Quarantine(Reason.BLOB_CORRUPT, f"blob {key} holds other bytes than were put there")

    changed = [d for d in (await look(damaged)).differences if d.kind == "blobs"]
    assert len(changed) == 11
    assert "other bytes" in changed[0].found


async def test_broken_rules_of_the_ledger_are_named_with_their_ids(look, newsroom):
    async with newsroom.engine.begin() as connection:
        await connection.execute(update(stories).where(stories.c.story_id == ident("story dolen")).values(size=7))
        await connection.execute(update(articles).where(articles.c.article_id == B).values(lead=True))
        await connection.execute(update(articles).where(articles.c.article_id == C).values(indexed_projection=99))
        wrong = update(revisions).where(revisions.c.article_id == A)
        await connection.execute(wrong.values(end="superseded"))
    found = {violation.rule: violation.examples for violation in (await look()).violations}
    assert found == {
        "a story's size is the number of its members": (ident("story dolen"),),
        "a story is led by exactly one of its members": (ident("story dolen"),),
        "the index is not ahead of the account": (C,),
        "a current revision is not superseded": (ident(f"revision 0 {PIECES[0].key}"),),
    }


async def test_a_document_that_was_set_aside_is_no_difference(look, newsroom, change):
    piece = PIECES[4]
    async with newsroom.engine.begin() as connection:
        aside = update(revisions).where(revisions.c.article_id == piece.article_id)
        await connection.execute(aside.values(end="quarantined", reason="index_mapping"))
    await change(Write("articles", piece.article_id, 9, "en", None))
    assert piece.article_id not in {difference.id for difference in (await look()).differences}
