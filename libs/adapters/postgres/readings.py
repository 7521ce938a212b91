"""Reads how the database and the account in it stand: for the monitor, so often that every query must be cheap.

`read_account` walks whole tables and is asked rarely. Nothing is written. Raises the driver's errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.quarantine import STORY_NOT_SET_ASIDE
from libs.contracts.pipeline import LANES
from libs.contracts.reasons import CaptureEnd, RevisionEnd

# Served by the partial indexes of what is unfinished. A fetch counts once its time has come; what is to be indexed does
# not know since when.
_UNFINISHED: Final = text(f"""
SELECT 'fetch' AS kind, lane, count(*) AS n, min(due_at) AS since FROM fetches WHERE NOT done AND due_at <= now() GROUP BY lane
UNION ALL SELECT 'capture', lane, count(*), min(recorded_at) FROM captures WHERE "end" IS NULL GROUP BY lane
UNION ALL SELECT 'revision', lane, count(*), min(recorded_at) FROM revisions WHERE "end" IS NULL GROUP BY lane
UNION ALL SELECT 'article', lane, count(*), NULL FROM articles
    WHERE projection > indexed_projection AND NOT EXISTS (
        SELECT 1 FROM revisions r WHERE r.revision_id = articles.revision_id AND r."end" = 'quarantined') GROUP BY lane
UNION ALL SELECT 'story', lane, count(*), NULL FROM stories
    WHERE projection > indexed_projection AND {STORY_NOT_SET_ASIDE} GROUP BY lane""")  # noqa: S608
KINDS: Final = ("fetch", "capture", "revision", "article", "story")
AGEING: Final = KINDS[:3]
UNDER_WAY: Final = "under_way"
_ENDS: Final = {"captures": tuple(CaptureEnd), "revisions": tuple(RevisionEnd)}
_AGES: Final = text(f"SELECT kind, lane, n, extract(epoch FROM now() - since) AS age FROM ({_UNFINISHED.text}) AS u")  # noqa: S608 - our own text

_QUARANTINE: Final = text("SELECT stage, reason, count(*) AS n FROM quarantine WHERE state = 'open' GROUP BY 1, 2")

# A poll is overdue ten minutes after its time: the fetcher looks every few seconds.
_SOURCES: Final = text("""
SELECT count(*) AS known,
    count(*) FILTER (WHERE paused) AS paused,
    count(*) FILTER (WHERE NOT paused AND failures > 0) AS failing,
    count(*) FILTER (WHERE NOT paused AND next_poll_at < now() - interval '10 minutes') AS overdue
FROM sources""")

_DATABASE: Final = text("""
SELECT current_database() AS name,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::int AS connections_limit,
    (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS oldest_transaction_seconds,
    pg_database_size(current_database()) AS bytes,
    d.deadlocks AS deadlocks,
    d.blks_hit / greatest(d.blks_hit + d.blks_read, 1)::float AS cache_hits,
    pg_size_bytes(current_setting('max_wal_size')) AS wal_limit_bytes
FROM pg_stat_database d WHERE d.datname = current_database()""")
_WAL: Final = text("""
SELECT CASE WHEN has_function_privilege('pg_ls_waldir()', 'EXECUTE') THEN (SELECT sum(size) FROM pg_ls_waldir()) END""")

# A source is silent when it gave no article for twice as long as 99 of 100 of its own gaps of four weeks lasted. With
# fewer than ten gaps there is no rhythm to tell, and under an hour nothing is called silence.
_SILENT: Final = text("""
WITH gave AS (
    SELECT source_id, recorded_at, recorded_at - lag(recorded_at) OVER (PARTITION BY source_id ORDER BY recorded_at) AS gap
    FROM captures
    WHERE source_id IS NOT NULL AND "end" = 'extracted' AND recorded_at > now() - interval '28 days'
), rhythm AS (
    SELECT source_id, count(gap) AS gaps, max(recorded_at) AS last,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY gap) AS longest
    FROM gave GROUP BY source_id
)
SELECT s.url FROM rhythm JOIN sources s USING (source_id)
WHERE NOT s.paused AND gaps >= 10 AND now() - last > greatest(2 * longest, interval '1 hour')
ORDER BY s.url""")


_BACKUPS: Final = text("""
SELECT coalesce(extract(epoch FROM max(taken_at)), 0) AS taken,
    coalesce(extract(epoch FROM max(verified_at)), 0) AS verified FROM backups""")


@dataclass(frozen=True, slots=True)
class DatabaseReading:
    """The server. Sizes in bytes; `wal_bytes` None where the role may not look."""

    name: str
    connections: int
    connections_limit: int
    oldest_transaction_seconds: float
    bytes: int
    deadlocks: int
    cache_hits: float
    wal_bytes: int | None
    wal_limit_bytes: int


@dataclass(frozen=True, slots=True)
class WorkReading:
    """What has no end yet, by kind and lane; what waits for a person, by stage and reason; sources by state."""

    unfinished: Mapping[tuple[str, str], int]
    oldest_seconds: Mapping[tuple[str, str], float]  # kinds whose records know since when; 0 when there is none
    quarantined: Mapping[tuple[str, str], int]
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AccountReading:
    """Captures and revisions by end, records that break a rule of the ledger by rule, URLs of silent sources; when a
    backup was last taken and verified, in seconds since 1970, 0 for never."""

    recorded: Mapping[tuple[str, str], int]
    broken: Mapping[str, int]
    silent: Sequence[str]
    backups: Mapping[str, float]


async def read_database(engine: AsyncEngine) -> DatabaseReading:
    """The server's own statistics."""
    async with engine.connect() as connection:
        row = (await connection.execute(_DATABASE)).one()
        wal = (await connection.execute(_WAL)).scalar()
    return DatabaseReading(
        name=row.name,
        connections=row.connections,
        connections_limit=row.connections_limit,
        oldest_transaction_seconds=float(row.oldest_transaction_seconds),
        bytes=row.bytes,
        deadlocks=row.deadlocks,
        cache_hits=row.cache_hits,
        wal_bytes=None if wal is None else int(wal),
        wal_limit_bytes=row.wal_limit_bytes,
    )


async def read_work(engine: AsyncEngine) -> WorkReading:
    """What is under way."""
    async with engine.connect() as connection:
        unfinished = (await connection.execute(_AGES)).all()
        quarantined = (await connection.execute(_QUARANTINE)).all()
        sources = (await connection.execute(_SOURCES)).mappings().one()
    return WorkReading(
        {(kind, lane): 0 for kind in KINDS for lane in LANES} | {(row.kind, row.lane): row.n for row in unfinished},
        {(kind, lane): 0.0 for kind in AGEING for lane in LANES}
        | {(row.kind, row.lane): float(row.age) for row in unfinished if row.kind in AGEING},
        {(row.stage, row.reason): row.n for row in quarantined},
        dict(sources),
    )


async def read_account(engine: AsyncEngine) -> AccountReading:
    """The sums and rules of the ledger, and each source against its own rhythm. Walks whole tables."""
    account = PostgresConsistency(engine)
    sums = await account.sums()
    async with engine.connect() as connection:
        silent = (await connection.execute(_SILENT)).scalars().all()
        saved = (await connection.execute(_BACKUPS)).mappings().one()
    recorded = {(kind, end): 0 for kind, ends in _ENDS.items() for end in (*ends, UNDER_WAY)}
    recorded |= {(kind, end): n for kind, ends in sums.items() for end, n in ends.items() if end != "total"}
    broken = {v.rule: v.count for v in await account.violations()}
    return AccountReading(recorded, broken, silent, {step: float(at) for step, at in saved.items()})
