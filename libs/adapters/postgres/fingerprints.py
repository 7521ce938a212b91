"""Fingerprints of texts in PostgreSQL: which texts have a fingerprint.

New postings stand in rows (some 75 bytes each). When there are many, a slice of them is sealed: merged into packed chunks
(9 bytes a posting), which together are one file in the order of hashes. A slice is a range of hashes, so a seal rewrites
few chunks whatever the size of the archive, and a look-up asks one chunk a fingerprint. Chunks keep the upper 40 bits of
a hash; who shares only those is found by chance once in 10^4 look-ups at 10^8 postings, and comparing words tells.
Only the holder of the deduplicators' lock may call this. docs/adr/0006 has what other layouts cost.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.domain.fingerprints.grams import Grams

CHUNK = 60  # postings in a packed row: fifteen rows fill a page of 8 KB
CUT_BITS = 24  # of a hash that chunks leave out; then a chunk's hashes are at most 32 bits above its first
ROWS_KEPT = 100_000  # postings in rows before a slice is sealed: of some 750 articles
ROWS_SHARE = 20  # or a twentieth of the packed ones; a sealed posting moves as many others
SLICE_ROWS = 20_000  # postings sealed at once

_POSTING = np.dtype([("cut", "<i8"), ("text_no", "<i4")])
Postings = NDArray[Any]  # of _POSTING, in order


def signed(value: int) -> int:
    """An unsigned 64-bit hash as PostgreSQL's bigint."""
    return value - 2**64 if value >= 2**63 else value


def unsigned(value: int) -> int:
    """The hash back from a bigint."""
    return value + 2**64 if value < 0 else value


class PostgresFingerprints:
    """Postings of texts, by the texts' numbers."""

    def __init__(
        self, connection: AsyncConnection, *, rows_kept: int = ROWS_KEPT, slice_rows: int = SLICE_ROWS
    ) -> None:
        self._connection = connection
        self._rows_kept, self._slice_rows = rows_kept, slice_rows

    async def _all(self, query: str, **values: Any) -> Sequence[Row[Any]]:
        return (await self._connection.execute(text(query), values)).all()

    async def _do(self, statement: str, **values: Any) -> None:
        await self._connection.execute(text(statement), values)

    async def add(self, prints: Mapping[int, Grams]) -> None:
        """Put the fingerprints of texts in, by text number; seal a slice when many stand in rows."""
        if not prints:
            return
        hashes = np.concatenate([h.view(np.int64) for h in prints.values()])
        numbers = np.repeat(list(prints), [len(h) for h in prints.values()])
        order = np.argsort(hashes, kind="stable")
        await self._do(_ADD, hashes=hashes[order].tolist(), numbers=numbers[order].tolist())
        (estimate,) = await self._all(_ESTIMATE)
        if estimate.rows > self._rows_kept + estimate.chunks * CHUNK // ROWS_SHARE:
            await self.seal()

    async def remove(self, text_nos: Collection[int], hashes: Collection[int]) -> None:
        """Take these texts out; `hashes` are all fingerprints that they may have."""
        wanted = sorted(map(signed, hashes))
        await self._do(_REMOVE, hashes=wanted, numbers=sorted(text_nos))
        for chunk in await self._chunks_with(wanted):
            postings = _unpack([chunk])
            left = postings[~np.isin(postings["text_no"], sorted(text_nos))]
            if len(left) < len(postings):
                first, offsets, numbers = _pack(left, chunk.first_hash)
                await self._do(_REPLACE, first=first, offsets=offsets, numbers=numbers)

    async def having(self, hashes: Collection[int]) -> set[tuple[int, int]]:
        """(hash, text number) of all postings of these hashes."""
        wanted = sorted(map(signed, hashes))
        found = {(unsigned(r.hash), r.text_no) for r in await self._all(_HAVING, hashes=wanted)}
        full: dict[int, list[int]] = defaultdict(list)
        for value in wanted:
            full[value >> CUT_BITS].append(value)
        packed = _unpack(await self._chunks_with(wanted))
        packed = packed[np.isin(packed["cut"], np.fromiter(full, dtype=np.int64, count=len(full)))]
        return found | {(unsigned(value), number) for cut, number in packed.tolist() for value in full[cut]}

    async def _chunks_with(self, hashes: Sequence[int]) -> Sequence[Row[Any]]:
        return await self._all(_CHUNKS, cuts=sorted({value >> CUT_BITS for value in hashes}))

    async def seal(self, start: int | None = None) -> None:
        """Merge a slice of the rows, from hash `start` (default: anywhere) on, into the chunks."""
        start = secrets.randbits(64) - 2**63 if start is None else start
        rows = await self._all(_SLICE, start=start, limit=self._slice_rows)
        if not rows:
            return
        first, end = rows[0].hash >> CUT_BITS, (rows[-1].hash >> CUT_BITS) + 1
        if len(rows) < self._slice_rows:
            end = 2 ** (63 - CUT_BITS)
        elif end > first + 1:
            end -= 1  # there may be more rows of the last value
        taken = await self._all(_TAKE, first=first << CUT_BITS, last=(end << CUT_BITS) - 1)
        old = _unpack(await self._all(_TAKE_CHUNKS, first=first, end=end))
        new = np.array([(r.hash >> CUT_BITS, r.text_no) for r in taken], dtype=_POSTING)
        await self._write(np.unique(np.concatenate((old, new))))

    async def _write(self, postings: Postings) -> None:
        chunks = [_pack(part, int(part["cut"][0])) for part in _cut(postings)]
        if chunks:
            first, offsets, numbers = (list(column) for column in zip(*chunks, strict=True))
            await self._do(_WRITE, first=first, offsets=offsets, numbers=numbers)


def _cut(postings: Postings) -> list[Postings]:
    """Parts of about CHUNK postings: a hash stands in one part, and no part is wider than 32 bits."""
    cuts = postings["cut"]
    starts = np.unique(np.searchsorted(cuts, cuts[::CHUNK], "left"))
    parts = []
    for part in np.split(postings, starts[1:]):
        while len(part):
            fits = int(np.searchsorted(part["cut"], part["cut"][0] + 2**32, "left"))
            parts.append(part[:fits])
            part = part[fits:]
    return parts


def _pack(postings: Postings, first: int) -> tuple[int, bytes, bytes]:
    return first, (postings["cut"] - first).astype("<u4").tobytes(), postings["text_no"].astype("<i4").tobytes()


def _unpack(chunks: Sequence[Row[Any]]) -> Postings:
    counts = [len(c.hashes) // 4 for c in chunks]
    found = np.empty(sum(counts), dtype=_POSTING)
    offsets = np.frombuffer(b"".join(c.hashes for c in chunks), dtype="<u4")
    found["cut"] = np.repeat(np.array([c.first_hash for c in chunks], dtype=np.int64), counts) + offsets
    found["text_no"] = np.frombuffer(b"".join(c.text_nos for c in chunks), dtype="<i4")
    return found


_HASHES = "ANY(CAST(:hashes AS bigint[]))"
_ADD = """
INSERT INTO fingerprints (hash, text_no)
SELECT * FROM unnest(CAST(:hashes AS bigint[]), CAST(:numbers AS int[])) ON CONFLICT DO NOTHING"""
# The statistics follow within a second and cost nothing; after a crash they begin at zero until the next ANALYZE.
_ESTIMATE = """
SELECT pg_stat_get_live_tuples('fingerprints'::regclass) AS rows,
       pg_stat_get_live_tuples('fingerprint_chunks'::regclass) AS chunks"""
_REMOVE = f"DELETE FROM fingerprints WHERE hash = {_HASHES} AND text_no = ANY(CAST(:numbers AS int[]))"  # noqa: S608
_HAVING = f"SELECT hash, text_no FROM fingerprints WHERE hash = {_HASHES}"  # noqa: S608
_CHUNKS = """
SELECT DISTINCT ON (chunk.first_hash) chunk.first_hash, chunk.hashes, chunk.text_nos
FROM unnest(CAST(:cuts AS bigint[])) AS wanted (cut) CROSS JOIN LATERAL (
    SELECT first_hash, hashes, text_nos FROM fingerprint_chunks
    WHERE first_hash <= wanted.cut ORDER BY first_hash DESC LIMIT 1) AS chunk"""
_SLICE = "SELECT hash FROM fingerprints WHERE hash >= :start ORDER BY hash LIMIT :limit"
_TAKE = "DELETE FROM fingerprints WHERE hash BETWEEN :first AND :last RETURNING hash, text_no"
_TAKE_CHUNKS = """
DELETE FROM fingerprint_chunks WHERE first_hash < :end AND first_hash >= coalesce(
    (SELECT max(first_hash) FROM fingerprint_chunks WHERE first_hash <= :first), :first)
RETURNING first_hash, hashes, text_nos"""
_WRITE = """
INSERT INTO fingerprint_chunks (first_hash, hashes, text_nos)
SELECT * FROM unnest(CAST(:first AS bigint[]), CAST(:offsets AS bytea[]), CAST(:numbers AS bytea[]))"""
_REPLACE = "UPDATE fingerprint_chunks SET hashes = :offsets, text_nos = :numbers WHERE first_hash = :first"
