"""Postings are found wherever they stand: in rows, in chunks, half and half."""

import random
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.fingerprints import PostgresFingerprints
from libs.domain.fingerprints.grams import Grams

pytestmark = pytest.mark.engines


@pytest.fixture
async def connection(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncConnection]:
    engine = open_postgres(postgres_database(), application="tests")
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


def _texts(rng: random.Random, count: int) -> dict[int, Grams]:
    """Texts with 50 fingerprints each, some of them shared, some at the ends of the range."""
    common = [0, 2**63 - 1, 2**63, 2**64 - 1, *(rng.getrandbits(64) for _ in range(5))]
    return {
        number: np.unique(np.array([rng.getrandbits(64) for _ in range(48)] + rng.sample(common, 2), dtype=np.uint64))
        for number in range(1, count + 1)
    }


def _postings(texts: dict[int, Grams]) -> set[tuple[int, int]]:
    return {(value, number) for number, hashes in texts.items() for value in hashes.tolist()}


async def _in_rows(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT count(*) FROM fingerprints"))).scalar_one())


@pytest.mark.parametrize("slice_rows", [40, 500, 100_000])
async def test_nothing_is_lost_while_slices_are_sealed(connection: AsyncConnection, slice_rows: int) -> None:
    rng = random.Random(slice_rows)
    store = PostgresFingerprints(connection, slice_rows=slice_rows)
    texts = _texts(rng, 60)
    numbers = list(texts)
    for at in range(0, len(numbers), 10):
        await store.add({n: texts[n] for n in numbers[at : at + 10]})
        for _ in range(4):
            await store.seal(rng.getrandbits(64) - 2**63)
    everything = {value for value, _ in _postings(texts)}
    assert await store.having(everything) == _postings(texts)
    assert await store.having({3 << 40}) == set()
    start, before = -(2**63), -1
    while before != (before := await _in_rows(connection)):
        await store.seal(start)
    assert before == 0
    assert await store.having(everything) == _postings(texts)


async def test_a_text_is_taken_out_of_rows_and_chunks(connection: AsyncConnection) -> None:
    store = PostgresFingerprints(connection, slice_rows=700)
    texts = _texts(random.Random(5), 40)
    await store.add(texts)
    await store.seal(-(2**63))
    assert 0 < await _in_rows(connection) < len(_postings(texts))
    gone = [3, 7]
    await store.remove(gone, {value for number in gone for value in texts[number].tolist()})
    left = {number: hashes for number, hashes in texts.items() if number not in gone}
    assert await store.having({value for value, _ in _postings(texts)}) == _postings(left)
    await store.add({3: texts[3]})
    assert await store.having(set(texts[3].tolist())) >= {(value, 3) for value in texts[3].tolist()}


async def test_a_fingerprint_of_many_texts_stays_in_one_chunk(connection: AsyncConnection) -> None:
    store = PostgresFingerprints(connection)
    await store.add({number: np.array([77], dtype=np.uint64) for number in range(1, 3001)})
    await store.seal(0)
    assert await _in_rows(connection) == 0
    assert len(await store.having({77})) == 3000
