"""The row that makes the indexer write to a new index as well, and how far a reindex has come."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.tables import reindex_runs

Targets = Mapping[str, Mapping[str, str]]
LOCK: Final = 0x6E665F7265696478  # "nf_reidx"


class ReindexUnderWay(RuntimeError):
    """Somebody else holds the lock."""


@dataclass(frozen=True, slots=True)
class Run:
    """A reindex that is not finished. Positions are the last ids written, "" before the first."""

    run_id: int
    targets: Targets
    last_article_id: str
    last_story_id: str


class PostgresReindexing:
    """The state of reindexing; one run at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold the lock, which ends with the process. Raises ReindexUnderWay."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
                raise ReindexUnderWay("another reindex is under way; wait for it to end")
            try:
                yield
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})

    async def unfinished(self) -> Run | None:
        """The run to go on with."""
        query = select(reindex_runs).where(reindex_runs.c.swapped_at.is_(None)).order_by(reindex_runs.c.run_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Run(row.run_id, row.targets, row.last_article_id, row.last_story_id)

    async def begin(self, targets: Targets) -> Run:
        """From here on the indexer writes to `targets` as well; they must exist."""
        query = insert(reindex_runs).values(targets=targets).returning(reindex_runs.c.run_id)
        async with self._engine.begin() as connection:
            run_id = await connection.scalar(query)
        assert run_id is not None
        return Run(run_id, targets, "", "")

    async def reached(self, run: Run, **position: str) -> None:
        """Record `last_article_id` or `last_story_id`: everything up to it is in the new indices."""
        await self._update(run, position)

    async def finish(self, run: Run) -> None:
        """The new indices are the ones that are searched; the second write ends."""
        await self._update(run, {"swapped_at": func.now()})

    async def _update(self, run: Run, values: Mapping[str, Any]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(update(reindex_runs).where(reindex_runs.c.run_id == run.run_id).values(**values))
