"""Bytes a document and look-ups a second of three ways to keep fingerprints in PostgreSQL.

    python -m benchmarks.fingerprint_layouts --documents 40000

Made-up articles of 600 words: 134 random 64-bit fingerprints each, as many as winnowing gives; a tenth of the keys
looked up are there. Every layout is filled by batches of 100 documents in one transaction each, then asked by batches,
on the engine of `NEWSFOLD_POSTGRES_URL` or on a local one that is started and removed. Decided in docs/adr/0006.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import text

from libs.adapters.engines.local import LocalEngines
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.fingerprints import PostgresFingerprints
from libs.adapters.postgres.tables import metadata

PRINTS_PER_DOCUMENT = 134  # 600 words, one for 4.5 words
BATCH = 100
VACUUM_EVERY = 1000
Connection = psycopg.Connection[Any]
Hashes = NDArray[np.int64]


class Layout(Protocol):
    """A way to keep (fingerprint, document) pairs."""

    @property
    def name(self) -> str: ...
    @property
    def tables(self) -> tuple[str, ...]: ...

    def create(self, c: Connection) -> None: ...
    def add(self, c: Connection, first: int, hashes: Hashes) -> None:
        """`hashes` has a row for each document, numbered from `first`."""

    def seal(self, c: Connection) -> None: ...
    def find(self, c: Connection, hashes: Hashes) -> set[tuple[int, int]]:
        """(fingerprint, document) for all of `hashes` that are there."""


class Rows:
    """One row a posting, found by an index that holds the document too."""

    name, tables = "one row a posting", ("bench_rows",)

    def create(self, c: Connection) -> None:
        c.execute("CREATE TABLE bench_rows (hash bigint NOT NULL, document int NOT NULL)")
        c.execute("CREATE INDEX ON bench_rows (hash) INCLUDE (document)")

    def add(self, c: Connection, first: int, hashes: Hashes) -> None:
        with c.cursor() as cursor, cursor.copy("COPY bench_rows FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int8", "int4"])
            for n, row in enumerate(hashes.tolist()):
                for value in row:
                    copy.write_row((value, first + n))

    def seal(self, c: Connection) -> None:
        c.execute("SELECT 1")

    def find(self, c: Connection, hashes: Hashes) -> set[tuple[int, int]]:
        query = "SELECT hash, document FROM bench_rows WHERE hash = ANY(%s)"
        return set(c.execute(query, (hashes.ravel().tolist(),), binary=True).fetchall())


class Arrays:
    """One row a document with an array, found by an inverted index (GIN)."""

    name, tables = "array and GIN", ("bench_arrays",)

    def create(self, c: Connection) -> None:
        c.execute("CREATE TABLE bench_arrays (document int NOT NULL, hashes bigint[] NOT NULL)")
        c.execute("CREATE INDEX ON bench_arrays USING gin (hashes)")

    def add(self, c: Connection, first: int, hashes: Hashes) -> None:
        rows = [(first + n, row) for n, row in enumerate(hashes.tolist())]
        with c.cursor() as cursor:
            cursor.executemany("INSERT INTO bench_arrays VALUES (%s, %s)", rows)

    def seal(self, c: Connection) -> None:
        c.execute("SELECT gin_clean_pending_list('bench_arrays_hashes_idx')")

    def find(self, c: Connection, hashes: Hashes) -> set[tuple[int, int]]:
        found = set()
        for row in hashes.tolist():
            wanted = set(row)
            query = "SELECT document, hashes FROM bench_arrays WHERE hashes && %s"
            for document, theirs in c.execute(query, (row,), binary=True).fetchall():
                found |= {(value, document) for value in theirs if value in wanted}
        return found


class Sealed:
    """The layout in use (`libs.adapters.postgres.fingerprints`): rows for what is new, packed chunks for the rest."""

    name, tables = "rows, sealed into packed chunks", ("fingerprints", "fingerprint_chunks")

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._engine = open_postgres(url, application="benchmark", pool_size=1)

    def create(self, c: Connection) -> None:
        async def create() -> None:
            async with self._engine.begin() as connection:
                wanted = [metadata.tables[name] for name in self.tables]
                await connection.run_sync(lambda sync: metadata.create_all(sync, wanted))
                await connection.execute(text("ALTER TABLE fingerprint_chunks ALTER hashes SET STORAGE external"))
                await connection.execute(text("ALTER TABLE fingerprint_chunks ALTER text_nos SET STORAGE external"))

        self._runner.run(create())

    def add(self, c: Connection, first: int, hashes: Hashes) -> None:
        async def add() -> None:
            async with self._engine.begin() as connection:
                prints = {first + n: np.unique(row.view(np.uint64)) for n, row in enumerate(hashes)}
                await PostgresFingerprints(connection).add(prints)

        self._runner.run(add())

    def seal(self, c: Connection) -> None:
        c.execute("SELECT 1")

    def find(self, c: Connection, hashes: Hashes) -> set[tuple[int, int]]:
        async def find() -> set[tuple[int, int]]:
            async with self._engine.begin() as connection:
                return await PostgresFingerprints(connection).having(np.unique(hashes.view(np.uint64)).tolist())

        return self._runner.run(find())


@contextmanager
def _connection() -> Iterator[tuple[str, Connection]]:
    url = os.environ.get("NEWSFOLD_POSTGRES_URL")
    if url:
        with psycopg.connect(url) as c:
            yield url, c
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalEngines(Path(folder), which=("postgres",)) as urls,
        psycopg.connect(urls.postgres) as c,
    ):
        yield urls.postgres, c


def measure(c: Connection, layout: Layout, documents: int) -> str:
    """Fill and ask one layout; a line for the table."""
    rng = np.random.default_rng(20251125)
    layout.create(c)
    c.commit()
    prints = rng.integers(-(2**63), 2**63 - 1, (documents, PRINTS_PER_DOCUMENT))
    started = time.perf_counter()
    for first in range(0, documents, BATCH):
        layout.add(c, first, prints[first : first + BATCH])
        c.commit()
        if (first + BATCH) % VACUUM_EVERY == 0:
            _vacuum(c, layout)
    layout.seal(c)
    c.commit()
    added = documents / (time.perf_counter() - started)
    c.execute("ANALYZE")
    c.commit()
    size = sum(_size(c, table) for table in layout.tables)
    asked = rng.integers(-(2**63), 2**63 - 1, (2000, PRINTS_PER_DOCUMENT))
    asked[:, ::10] = prints[rng.integers(0, documents, 2000), ::10]
    layout.find(c, asked[:BATCH])
    started, found = time.perf_counter(), 0
    for first in range(0, len(asked), BATCH):
        found += len(layout.find(c, asked[first : first + BATCH]))
    seconds = time.perf_counter() - started
    c.commit()
    return (
        f"| {layout.name} | {size / documents:,.0f} | {added:,.0f} | {len(asked) / seconds:,.0f} |"
        f" {asked.size / seconds:,.0f} | {found} |"
    )


def _vacuum(c: Connection, layout: Layout) -> None:
    """What autovacuum does at the rates of a live stream; in a fast load it comes too late."""
    c.autocommit = True
    c.execute(f"VACUUM {', '.join(layout.tables)}")
    c.autocommit = False


def _size(c: Connection, table: str) -> int:
    row = c.execute("SELECT pg_total_relation_size(%s::regclass)", (table,)).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=40_000)
    parser.add_argument("--only", help="a part of one layout's name")
    args = parser.parse_args()
    documents = args.documents
    print("| layout | bytes a document | added, documents/s | asked, documents/s | keys/s | found |")
    print("|---|---|---|---|---|---|")
    with _connection() as (url, c):
        layouts: tuple[Layout, ...] = (Rows(), Arrays(), Sealed(url))
        for layout in (x for x in layouts if not args.only or args.only in x.name):
            print(measure(c, layout, documents), flush=True)
            for table in layout.tables:
                c.execute(f"DROP TABLE {table}")
            c.commit()


if __name__ == "__main__":
    main()
