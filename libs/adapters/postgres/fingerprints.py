"""Fingerprints of texts in PostgreSQL: which texts have a fingerprint.

One row a posting. See docs/adr/0006 for what other layouts cost.
"""

from collections.abc import Collection, Mapping

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.domain.fingerprints.grams import Grams


def signed(value: int) -> int:
    """An unsigned 64-bit hash as PostgreSQL's bigint."""
    return value - 2**64 if value >= 2**63 else value


def unsigned(value: int) -> int:
    """The hash back from a bigint."""
    return value + 2**64 if value < 0 else value


class PostgresFingerprints:
    """Postings of live texts, by the texts' numbers."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, prints: Mapping[int, Grams]) -> None:
        """Put the fingerprints of texts in, by text number."""
        hashes = np.concatenate([h.view(np.int64) for h in prints.values()]) if prints else np.empty(0, np.int64)
        numbers = np.repeat(list(prints), [len(h) for h in prints.values()])
        order = np.argsort(hashes, kind="stable")
        await self._connection.execute(
            text(
                "INSERT INTO fingerprints (hash, text_no)"
                " SELECT * FROM unnest(CAST(:hashes AS bigint[]), CAST(:numbers AS int[])) ON CONFLICT DO NOTHING"
            ),
            {"hashes": hashes[order].tolist(), "numbers": numbers[order].tolist()},
        )

    async def remove(self, text_nos: Collection[int], hashes: Collection[int]) -> None:
        """Take these texts out; `hashes` are all fingerprints that they may have."""
        await self._connection.execute(
            text(
                "DELETE FROM fingerprints WHERE hash = ANY(CAST(:hashes AS bigint[]))"
                " AND text_no = ANY(CAST(:numbers AS int[]))"
            ),
            {"hashes": sorted(map(signed, hashes)), "numbers": sorted(text_nos)},
        )

    async def having(self, hashes: Collection[int]) -> list[tuple[int, int]]:
        """(hash, text number) of all postings of these hashes."""
        rows = await self._connection.execute(
            text("SELECT hash, text_no FROM fingerprints WHERE hash = ANY(CAST(:hashes AS bigint[]))"),
            {"hashes": sorted(map(signed, hashes))},
        )
        return [(unsigned(row[0]), row[1]) for row in rows]
