"""Fingerprints of texts in PostgreSQL: which texts have a fingerprint.

New postings stand in rows (some 75 bytes each). When there are many, a slice of them is sealed: merged into packed chunks
(9 bytes a posting), which together are one file in the order of hashes. A slice is a range of hashes, so a seal rewrites
few chunks whatever the size of the archive, and a look-up asks one chunk a fingerprint. Chunks keep the upper 40 bits of
a hash; who shares only those is found by chance once in 10^4 look-ups at 10^8 postings, and comparing words tells.
Only the holder of the deduplicators' lock may call this. docs/adr/0006 has what other layouts cost.
"""

import secrets
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
_SENT = np.dtype([("cut", ">i8"), ("text_no", ">i4")])  # as int8send and int4send write it
Postings = NDArray[Any]  # of _POSTING, in order


def bigints(hashes: Collection[int]) -> NDArray[np.int64]:
    """Unsigned 64-bit hashes as PostgreSQL's bigint, in order."""
    return np.sort(np.fromiter(hashes, dtype=np.uint64, count=len(hashes)).view(np.int64))


def array_literal(values: NDArray[np.int64]) -> str:
    """Numbers as PostgreSQL writes an array; the driver would look at each by itself, which takes ten times as long."""
    return "{" + ",".join(map(str, values.tolist())) + "}"


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
        numbers = np.repeat(np.array(list(prints), dtype=np.int64), [len(h) for h in prints.values()])
        order = np.argsort(hashes, kind="stable")
        await self._do(_ADD, hashes=array_literal(hashes[order]), numbers=array_literal(numbers[order]))
        (estimate,) = await self._all(_ESTIMATE)
        if estimate.rows > self._rows_kept + estimate.chunks * CHUNK // ROWS_SHARE:
            await self.seal()

    async def remove(self, text_nos: Collection[int], hashes: Collection[int]) -> None:
        """Take these texts out; `hashes` are all fingerprints that they may have."""
        wanted = bigints(hashes)
        await self._do(_REMOVE, hashes=array_literal(wanted), numbers=sorted(text_nos))
        for chunk in await self._chunks_with(wanted):
            postings = _unpack([chunk])
            left = postings[~np.isin(postings["text_no"], sorted(text_nos))]
            if len(left) < len(postings):
                first, offsets, numbers = _pack(left, chunk.first_hash)
                await self._do(_REPLACE, first=first, offsets=offsets, numbers=numbers)

    async def having(self, hashes: Collection[int]) -> set[tuple[int, int]]:
        """(hash, text number) of all postings of these hashes."""
        wanted = bigints(hashes)
        found = {(unsigned(r.hash), r.text_no) for r in await self._all(_HAVING, hashes=array_literal(wanted))}
        packed = _unpack(await self._chunks_with(wanted))
        cuts = wanted >> CUT_BITS
        first, end = np.searchsorted(cuts, packed["cut"], "left"), np.searchsorted(cuts, packed["cut"], "right")
        return found | {
            (unsigned(value), int(packed["text_no"][n]))
            for n in np.flatnonzero(first < end).tolist()
            for value in wanted[first[n] : end[n]].tolist()
        }

    async def _chunks_with(self, hashes: NDArray[np.int64]) -> Sequence[Row[Any]]:
        return await self._all(_CHUNKS, cuts=array_literal(np.unique(hashes >> CUT_BITS)))

    async def seal(self, start: int | None = None) -> None:
        """Merge a slice of the rows, from hash `start` (default: anywhere) on, into the chunks."""
        start = secrets.randbits(64) - 2**63 if start is None else start
        (found,) = await self._all(_SLICE, start=start, limit=self._slice_rows)
        if not found.rows:
            return
        first, end = found.first >> CUT_BITS, (found.last >> CUT_BITS) + 1
        if found.rows < self._slice_rows:
            end = 2 ** (63 - CUT_BITS)
        elif end > first + 1:
            end -= 1  # there may be more rows of the last value
        (taken,) = await self._all(_TAKE, first=first << CUT_BITS, last=(end << CUT_BITS) - 1)
        old = _unpack(await self._all(_TAKE_CHUNKS, first=first, end=end))
        new = np.frombuffer(taken.postings or b"", dtype=_SENT).astype(_POSTING)
        await self._write(_in_order(np.concatenate((old, new))))

    async def _write(self, postings: Postings) -> None:
        chunks = [_pack(part, int(part["cut"][0])) for part in _cut(postings)]
        if chunks:
            first, offsets, numbers = (list(column) for column in zip(*chunks, strict=True))
            await self._do(_WRITE, first=first, offsets=offsets, numbers=numbers)


def _in_order(postings: Postings) -> Postings:
    """The distinct postings, sorted."""
    ordered = postings[np.lexsort((postings["text_no"], postings["cut"]))]
    distinct = np.ones(len(ordered), dtype=bool)
    distinct[1:] = ordered[1:] != ordered[:-1]
    return ordered[distinct]


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
    return first, (postings["cut"] - first).astype(">u4").tobytes(), postings["text_no"].astype("<i4").tobytes()


def _unpack(chunks: Sequence[Row[Any]]) -> Postings:
    counts = [len(c.hashes) // 4 for c in chunks]
    found = np.empty(sum(counts), dtype=_POSTING)
    offsets = np.frombuffer(b"".join(c.hashes for c in chunks), dtype=">u4")
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
# Only chunks that have a wanted hash: the search may also hit across two offsets, which unpacking tells.
_CHUNKS = """
SELECT DISTINCT ON (chunk.first_hash) chunk.first_hash, chunk.hashes, chunk.text_nos
FROM unnest(CAST(:cuts AS bigint[])) AS wanted (cut) CROSS JOIN LATERAL (
    SELECT first_hash, hashes, text_nos FROM fingerprint_chunks
    WHERE first_hash <= wanted.cut ORDER BY first_hash DESC LIMIT 1) AS chunk
WHERE position(substring(int8send(wanted.cut - chunk.first_hash) FROM 5) IN chunk.hashes) > 0"""
_SLICE = """
SELECT min(hash) AS first, max(hash) AS last, count(*) AS rows
FROM (SELECT hash FROM fingerprints WHERE hash >= :start ORDER BY hash LIMIT :limit) AS slice"""
_TAKE = f"""
WITH taken AS (DELETE FROM fingerprints WHERE hash BETWEEN :first AND :last RETURNING hash, text_no)
SELECT string_agg(int8send(hash >> {CUT_BITS}) || int4send(text_no), CAST('' AS bytea)) AS postings FROM taken"""  # noqa: S608
_TAKE_CHUNKS = """
DELETE FROM fingerprint_chunks WHERE first_hash < :end AND first_hash >= coalesce(
    (SELECT max(first_hash) FROM fingerprint_chunks WHERE first_hash <= :first), :first)
RETURNING first_hash, hashes, text_nos"""
_WRITE = """
INSERT INTO fingerprint_chunks (first_hash, hashes, text_nos)
SELECT * FROM unnest(CAST(:first AS bigint[]), CAST(:offsets AS bytea[]), CAST(:numbers AS bytea[]))"""
_REPLACE = "UPDATE fingerprint_chunks SET hashes = :offsets, text_nos = :numbers WHERE first_hash = :first"
