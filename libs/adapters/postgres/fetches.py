"""The due-time table: what is to be fetched, handed out to any number of fetchers.

A claim is a lease: whoever holds it alone works on the row until `claimed_until`, then others may. Files are claimed
in batches. HTTP work is claimed one row per host, and the host rests until the work is settled and its pause over, so
a host has one connection at a time however many fetchers there are. Captures are recorded here as well, for that is
the commit after which a job only has to be published.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Text, cast, func, select, text, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.tables import captures, fetch_hosts, fetches, known_urls, ledger, sources
from libs.contracts.fetching import FetchJob, FetchKind, NewFetch, Receipt, Settled
from libs.contracts.pipeline import Lane
from libs.domain.sources import pacing_host, url_key

ROWS_AT_ONCE: Final = 1000

_OPEN = "NOT f.done AND f.due_at <= now() AND (f.claimed_until IS NULL OR f.claimed_until < now())"
_RETURNED = (
    "f.fetch_id, f.kind, f.url, f.path, f.host, f.trust_canonical, f.lane, f.source_id, f.attempts, f.claims,"
    " f.capture_id, f.published_hint"
)
_CLAIM = f"""
UPDATE fetches f SET claimed_until = now() + make_interval(secs => :lease), claimed_by = :me, claims = f.claims + 1
FROM picked WHERE f.fetch_id = picked.fetch_id AND {_OPEN} RETURNING {_RETURNED}, f.enqueued_seq
"""  # noqa: S608 - made of constants
_CLAIM_FILES: Final = text(f"""
WITH picked AS MATERIALIZED (
    SELECT f.fetch_id FROM fetches f WHERE f.host = '' AND f.lane = ANY(:lanes) AND {_OPEN}
    ORDER BY f.due_at, f.enqueued_seq LIMIT :limit FOR UPDATE SKIP LOCKED
) {_CLAIM}""")  # noqa: S608
_CLAIM_HOSTS: Final = text(f"""
WITH ready AS MATERIALIZED (
    SELECT h.host FROM fetch_hosts h
    WHERE h.waiting AND h.next_at <= now()
      AND EXISTS (SELECT 1 FROM fetches f WHERE f.host = h.host AND f.lane = ANY(:lanes) AND {_OPEN})
    ORDER BY h.next_at LIMIT :limit FOR UPDATE SKIP LOCKED
), picked AS MATERIALIZED (
    SELECT first.fetch_id, ready.host FROM ready CROSS JOIN LATERAL (
        SELECT f.fetch_id FROM fetches f WHERE f.host = ready.host AND f.lane = ANY(:lanes) AND {_OPEN}
        ORDER BY f.due_at, f.enqueued_seq LIMIT 1) AS first
), held AS (
    UPDATE fetch_hosts h SET next_at = now() + make_interval(secs => :lease) FROM picked WHERE h.host = picked.host
) {_CLAIM}""")  # noqa: S608
_REST: Final = text("""
UPDATE fetch_hosts h SET next_at = now() + make_interval(secs => :pause),
    waiting = EXISTS (SELECT 1 FROM fetches f WHERE f.host = h.host AND NOT f.done)
WHERE h.host = :host""")
_NOTE: Final = text("""
UPDATE fetches f SET capture_id = done.capture_id
FROM unnest(CAST(:fetch_ids AS text[]), CAST(:claims AS int[]), CAST(:capture_ids AS text[]))
    AS done (fetch_id, claims, capture_id)
WHERE f.fetch_id = done.fetch_id AND f.claims = done.claims""")
_DUE: Final = text("""
SELECT lane, count(*) FROM fetches WHERE NOT done AND due_at <= now() GROUP BY lane""")


class PostgresFetches:
    """The due-time table for one process. Raises what the driver raises, see `errors.postgres_failure`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def enqueue(self, work: Iterable[NewFetch]) -> int:
        """Put work into the table, due now, to be handed out in the order given. Answers how many rows it became."""
        rows = [_row(new) for new in work]
        for at in range(0, len(rows), ROWS_AT_ONCE):
            async with self._engine.begin() as connection:
                await enqueue(connection, rows[at : at + ROWS_AT_ONCE])
        return len(rows)

    async def claim_files(
        self, lanes: Collection[Lane], limit: int, *, lease_seconds: float, me: str
    ) -> list[FetchJob]:
        """Up to `limit` files that are due, for `lease_seconds`."""
        return await self._claim(_CLAIM_FILES, lanes, limit, lease_seconds, me)

    async def claim_hosts(
        self, lanes: Collection[Lane], limit: int, *, lease_seconds: float, me: str
    ) -> list[FetchJob]:
        """Up to `limit` pages and feeds that are due, each of another host that is not resting."""
        return await self._claim(_CLAIM_HOSTS, lanes, limit, lease_seconds, me)

    async def _claim(
        self, query: Any, lanes: Collection[Lane], limit: int, lease_seconds: float, me: str
    ) -> list[FetchJob]:
        if limit <= 0:
            return []
        bound = {"lanes": [str(lane) for lane in lanes], "limit": limit, "lease": lease_seconds, "me": me}
        async with self._engine.begin() as connection:
            rows = (await connection.execute(query, bound)).all()
        return [_job(row) for row in sorted(rows, key=lambda row: row.enqueued_seq)]

    async def record(self, received: Sequence[tuple[FetchJob, Receipt]]) -> set[str]:
        """Commit what was received; answers the ids of the captures that are new.

        A capture that was recorded before (the same file with the same time) is nothing new. A new one without an end
        is noted with its job, so that after a crash it is published instead of fetched again.
        """
        if not received:
            return set()
        rows = {receipt.capture_id: _capture_row(job, receipt) for job, receipt in received}
        async with self._engine.begin() as connection:
            adding = insert(captures).on_conflict_do_nothing().returning(captures.c.capture_id)
            new = set(await connection.scalars(adding, [rows[key] for key in sorted(rows)]))
            if new:
                await connection.execute(insert(ledger), [_event_row(r) for _, r in received if r.capture_id in new])
            fresh = [(job, receipt) for job, receipt in received if receipt.capture_id in new and receipt.end is None]
            await connection.execute(_NOTE, _columns(fresh))
            await _remember(connection, [receipt for job, receipt in received if job.kind is FetchKind.PAGE])
            await _forget(connection, [receipt for _, receipt in fresh if receipt.sha256 is None])
        return new

    async def settle(self, settled: Sequence[Settled]) -> None:
        """End or postpone jobs and let their hosts rest. A job that another fetcher has claimed since is left to it."""
        hosts: dict[str, float] = {}
        for one in settled:
            hosts[one.job.host] = max(hosts.get(one.job.host, 0.0), one.pause_seconds)
        hosts.pop("", None)
        async with self._engine.begin() as connection:
            # hosts first and in order; whoever adds work for a host holds its row until the work can be seen here
            await connection.execute(
                select(fetch_hosts.c.host).where(fetch_hosts.c.host.in_(hosts)).order_by("host").with_for_update()
            )
            done = [one.job for one in settled if one.retry_seconds is None and one.reason is None]
            await _end(connection, done)
            for one in settled:
                if one.retry_seconds is not None or one.reason is not None:
                    await connection.execute(_settling(one))
            for host in sorted(hosts):
                await connection.execute(_REST, {"host": host, "pause": hosts[host]})

    async def release(self, jobs: Iterable[FetchJob]) -> None:
        """Give work back untouched, so that another fetcher may take it at once."""
        given = list(jobs)
        async with self._engine.begin() as connection:
            for host in sorted({job.host for job in given if job.host}):
                await connection.execute(_REST, {"host": host, "pause": 0.0})
            for job in given:
                await connection.execute(_mine(job).values(claimed_until=None))

    async def claimants(self) -> list[str]:
        """Who holds claims now."""
        held = select(fetches.c.claimed_by).where(~fetches.c.done, fetches.c.claimed_until > func.now()).distinct()
        async with self._engine.connect() as connection:
            return [name for name in await connection.scalars(held) if name]

    async def release_claims_of(self, claimants: Collection[str], *, pause_seconds: float) -> int:
        """Give back the work of fetchers that are dead; their hosts rest for `pause_seconds`. Answers how many jobs."""
        theirs = update(fetches).where(~fetches.c.done, fetches.c.claimed_by.in_(claimants))
        async with self._engine.begin() as connection:
            hosts = list(
                await connection.scalars(theirs.values(claimed_until=None, claimed_by=None).returning(fetches.c.host))
            )
            for host in sorted(set(hosts) - {""}):
                await connection.execute(_REST, {"host": host, "pause": pause_seconds})
        return len(hosts)

    async def due(self) -> dict[Lane, int]:
        """How many jobs are due or in hand, by lane."""
        async with self._engine.connect() as connection:
            found = {Lane(lane): count for lane, count in await connection.execute(_DUE)}
        return {lane: found.get(lane, 0) for lane in Lane}

    async def unfinished(self, limit: int = 20) -> tuple[int, list[str]]:
        """How many jobs have no end yet, with the URLs of some, oldest first: what `newsfold wait` waits for.

        A standing source counts while its poll is due or under way; later polls do not.
        """
        jobs = select(fetches.c.url, fetches.c.recorded_at).where(~fetches.c.done)
        polls = select(sources.c.url, sources.c.next_poll_at).where(
            ~sources.c.paused, sources.c.next_poll_at <= func.now()
        )
        either = union_all(jobs, polls).subquery()
        async with self._engine.connect() as connection:
            count = await connection.scalar(select(func.count()).select_from(either))
            oldest = select(either.c.url).order_by(either.c.recorded_at, either.c.url).limit(limit)
            return int(count or 0), list(await connection.scalars(oldest))


async def enqueue(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert work and wake its hosts, in the caller's transaction."""
    if not rows:
        return
    hosts = sorted({row["host"] for row in rows} - {""})
    if hosts:
        waking = insert(fetch_hosts).values([{"host": host} for host in hosts])
        await connection.execute(waking.on_conflict_do_update(index_elements=["host"], set_={"waiting": True}))
    await connection.execute(insert(fetches), list(rows))


def new_rows(work: Iterable[NewFetch]) -> list[dict[str, Any]]:
    """The rows of work to be inserted with `enqueue`."""
    return [_row(new) for new in work]


def _row(new: NewFetch) -> dict[str, Any]:
    return {
        "fetch_id": uuid.uuid4().hex,
        "kind": new.kind,
        "url": new.url.replace("\0", "\ufffd"),  # PostgreSQL holds no NUL; the URL will be refused all the same
        "path": new.path,
        # what has no host (a misspelt URL) still needs somebody to record that it failed
        "host": "" if new.kind is FetchKind.FILE else pacing_host(new.url) or "?",
        "trust_canonical": new.trust_canonical,
        "lane": new.lane,
        "source_id": new.source_id,
        "published_hint": new.published_hint,
    }


def _job(row: Any) -> FetchJob:
    return FetchJob(
        fetch_id=row.fetch_id,
        kind=FetchKind(row.kind),
        url=row.url,
        path=row.path,
        host=row.host,
        trust_canonical=row.trust_canonical,
        lane=Lane(row.lane),
        source_id=row.source_id,
        published_hint=row.published_hint,
        attempts=row.attempts,
        claims=row.claims,
        capture_id=row.capture_id,
    )


def _mine(job: FetchJob) -> Any:
    """An update of the job's row as long as nobody else has claimed it."""
    return update(fetches).where(fetches.c.fetch_id == job.fetch_id, fetches.c.claims == job.claims)


async def _end(connection: AsyncConnection, jobs: Sequence[FetchJob]) -> None:
    if jobs:
        keys = [job.fetch_id for job in jobs]
        ended = {"done": True, "finished_at": func.now(), "claimed_until": None, "last_reason": None}
        await connection.execute(update(fetches).where(fetches.c.fetch_id.in_(keys)).values(ended))


def _settling(one: Settled) -> Any:
    this = func.jsonb_build_array(
        func.jsonb_build_object(cast("at", Text), func.now(), cast("reason", Text), cast(one.reason, Text))
    )
    values: dict[str, Any] = {
        "claimed_until": None,
        "last_reason": one.reason,
        "attempts": fetches.c.attempts + 1,
        "tries": fetches.c.tries.op("||")(this),
    }
    if one.retry_seconds is None:
        values |= {"done": True, "finished_at": func.now()}
    else:
        values["due_at"] = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, one.retry_seconds)
    return _mine(one.job).values(values)


def _columns(received: Sequence[tuple[FetchJob, Receipt]]) -> dict[str, Any]:
    return {
        "fetch_ids": [job.fetch_id for job, _ in received],
        "claims": [job.claims for job, _ in received],
        "capture_ids": [receipt.capture_id for _, receipt in received],
    }


def _capture_row(job: FetchJob, receipt: Receipt) -> dict[str, Any]:
    return {
        "capture_id": receipt.capture_id,
        "asked_url": receipt.asked_url,
        "final_url": receipt.final_url,
        "trust_canonical": job.trust_canonical,
        "published_hint": job.published_hint,
        "status": receipt.status,
        "content_type": receipt.content_type,
        "etag": receipt.etag,
        "last_modified": receipt.last_modified,
        "sha256": receipt.sha256,
        "bytes": receipt.bytes,
        "captured_at": receipt.captured_at,
        "lane": job.lane,
        "source_id": job.source_id,
        "trace_id": receipt.capture_id,
        "end": receipt.end,
        "reason": receipt.reason,
        "ended_at": receipt.captured_at if receipt.end else None,  # such a receipt is of now
    }


def _event_row(receipt: Receipt) -> dict[str, Any]:
    return {
        "stage": "fetcher",
        "outcome": receipt.end or ("fetched" if receipt.sha256 else "gone"),
        "reason": receipt.reason,
        "capture_id": receipt.capture_id,
        "trace_id": receipt.capture_id,
        "detail": receipt.detail[:2000] or None,
    }


async def _remember(connection: AsyncConnection, receipts: Sequence[Receipt]) -> None:
    """Keep the validators of pages that were received or found unchanged, for the next time they are asked."""
    keyed = {url_key(r.asked_url): r for r in receipts if r.sha256 is not None}
    for key in sorted(keyed):
        receipt = keyed[key]
        seen = {
            "etag": receipt.etag,
            "last_modified": receipt.last_modified,
            "sha256": receipt.sha256,
            "final_url": receipt.final_url,
            "checked_at": receipt.captured_at,
        }
        adding = insert(known_urls).values(url_key=key, url=receipt.asked_url, **seen)
        await connection.execute(adding.on_conflict_do_update(index_elements=["url_key"], set_=seen))


async def _forget(connection: AsyncConnection, receipts: Sequence[Receipt]) -> None:
    """Drop the validators of pages that are gone: should one come back, all of it is received."""
    for key in sorted({url_key(r.asked_url) for r in receipts}):
        dropped = {"etag": None, "last_modified": None, "sha256": None}
        await connection.execute(update(known_urls).where(known_urls.c.url_key == key).values(dropped))
