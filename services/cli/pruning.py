"""Retention: what is older than so many days and needed no more goes, from PostgreSQL and then from the blob store.

A run that is cut short loses nothing: the next one finds the blobs that nobody asks for. Without the owner's wish
nothing is ever pruned.
"""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.blobs import FolderBlobs
from libs.adapters.postgres.pruning import forget_records, needed_bytes

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a run removed, or with `dry_run` would."""

    fetches: int
    captures: int  # that gave up their bytes; the capture stays
    blobs: int
    blob_bytes: int  # on disk
    dry_run: bool


async def prune(engine: AsyncEngine, blobs: FolderBlobs, *, days: int, dry_run: bool) -> Pruned:
    """`days` is at least one: bytes that come in while this runs are younger."""
    before = time.time() - days * DAY_SECONDS
    async with engine.connect() as connection:
        fetches, captures = await forget_records(connection, days=days)
        if not dry_run:
            await connection.commit()
        count = size = 0
        async for key in _unneeded(connection, blobs.older_than(before)):
            freed = blobs.path(key).stat().st_size if dry_run else blobs.retire(key, before)
            count, size = count + bool(freed), size + freed
        await connection.rollback()
    return Pruned(fetches, captures, count, size, dry_run)


async def _unneeded(connection: AsyncConnection, stored: Iterable[str]) -> AsyncIterator[str]:
    """Keys of `stored` that nobody asks for; both sides ascend, so that neither is held in memory."""
    mine: Iterator[str] = iter(stored)
    key = next(mine, None)
    async for needed in needed_bytes(connection):
        while key is not None and key < needed:
            yield key
            key = next(mine, None)
        if key == needed:
            key = next(mine, None)
    while key is not None:
        yield key
        key = next(mine, None)
