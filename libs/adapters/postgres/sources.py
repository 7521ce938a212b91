"""Standing sources, when they are polled next, and which pages their feeds have shown before."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.adapters.postgres.fetches import ROWS_AT_ONCE, enqueue, new_rows
from libs.adapters.postgres.tables import known_urls, sources
from libs.contracts.fetching import FetchKind, KnownUrl, NewFetch, Source
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import Reason
from libs.domain.feeds import FeedItem
from libs.domain.hints import hint_of
from libs.domain.polling import FIRST_RECHECK_SECONDS, LAST_RECHECK_SECONDS, failure_period, next_period
from libs.domain.sources import source_id, url_key

_TAKE_DUE: Final = text("""
WITH due AS MATERIALIZED (
    SELECT s.source_id FROM sources s
    WHERE NOT s.paused AND s.next_poll_at <= now()
      AND NOT EXISTS (
        SELECT 1 FROM fetches f WHERE f.source_id = s.source_id AND f.kind = s.kind AND f.url = s.url AND NOT f.done)
    ORDER BY s.next_poll_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE sources s SET next_poll_at = now() + make_interval(secs => s.period_seconds)
FROM due WHERE s.source_id = due.source_id RETURNING s.source_id, s.kind, s.url, s.lane""")

# New URLs, and known ones whose time has come, whose feed says that they changed, or that are asked for explicitly.
_LIST: Final = text(f"""
INSERT INTO known_urls AS k (url_key, url, item_updated, next_check_at)
SELECT key, url, updated, now() + make_interval(secs => {FIRST_RECHECK_SECONDS})
FROM unnest(CAST(:keys AS text[]), CAST(:urls AS text[]), CAST(:updates AS text[])) AS listed (key, url, updated)
ON CONFLICT (url_key) DO UPDATE SET
    item_updated = coalesce(excluded.item_updated, k.item_updated),
    checks = k.checks + 1,
    next_check_at = now()
        + make_interval(secs => least({FIRST_RECHECK_SECONDS} * power(2, least(k.checks, 16)), {LAST_RECHECK_SECONDS}))
WHERE :all OR k.next_check_at <= now() OR k.item_updated <> excluded.item_updated
RETURNING url, (xmax = 0) AS is_new""")  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class PollLimits:
    """Between which periods a source's polling moves."""

    floor_seconds: float = 300
    cap_seconds: float = 24 * 3600
    first_seconds: float = 900


class PostgresSources:
    """Sources for one process."""

    def __init__(self, engine: AsyncEngine, limits: PollLimits | None = None) -> None:
        self._engine, self._limits = engine, limits or PollLimits()

    # --- the operator's side

    async def add(self, kind: FetchKind, url: str, lane: Lane = Lane.LIVE) -> str:
        """Poll `url` from now on; answers the source's id. One that is there already goes on, no longer paused."""
        key = source_id(kind, url)
        row = {"source_id": key, "kind": kind, "url": url, "lane": lane, "period_seconds": self._limits.first_seconds}
        adding = insert(sources).values(row)
        async with self._engine.begin() as connection:
            await connection.execute(
                adding.on_conflict_do_update(index_elements=["source_id"], set_={"paused": False, "lane": lane})
            )
        return key

    async def list(self) -> Sequence[Source]:
        """All sources, by URL."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(sources).order_by(sources.c.url, sources.c.kind))
            return [_source(row) for row in rows]

    async def find(self, name: str) -> Source | None:
        """The source with this id or URL."""
        which = (sources.c.source_id == name) | (sources.c.url == name)
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(sources).where(which).order_by("source_id"))).first()
        return None if row is None else _source(row)

    async def pause(self, key: str, *, paused: bool = True) -> bool:
        """Stop polling, or with `paused` false go on at once. False when there is no such source."""
        values: dict[str, Any] = {"paused": paused} | ({} if paused else {"next_poll_at": func.now()})
        async with self._engine.begin() as connection:
            changed = await connection.execute(update(sources).where(sources.c.source_id == key).values(values))
        return changed.rowcount > 0

    async def remove(self, key: str) -> bool:
        """Forget a source and its open work; captures stay. False when there is no such source."""
        async with self._engine.begin() as connection:
            gone = await connection.execute(delete(sources).where(sources.c.source_id == key))
        return gone.rowcount > 0

    # --- the fetcher's side

    async def enqueue_due(self, limit: int = 50) -> int:
        """Put the sources whose time has come into the due-time table, each once however many fetchers ask."""
        async with self._engine.begin() as connection:
            due = (await connection.execute(_TAKE_DUE, {"limit": limit})).all()
            polls = [NewFetch(FetchKind(s.kind), s.url, Lane(s.lane), source_id=s.source_id) for s in due]
            await enqueue(connection, new_rows(polls))
        return len(polls)

    async def enqueue_items(self, items: Iterable[FeedItem], *, lane: Lane, key: str | None) -> int:
        """Put the pages that a feed lists into the due-time table; answers how many of them are new.

        Of a standing source (`key`) those not seen before and those due for another look; of a feed that was asked
        for explicitly all of them, the known ones by conditional requests.
        """
        listed = {item.url: item for item in items}
        due: dict[str, bool] = {}  # url -> whether it is new
        async with self._engine.begin() as connection:
            by_key = sorted(listed.values(), key=lambda item: url_key(item.url))  # so that two feeds cannot deadlock
            for at in range(0, len(by_key), ROWS_AT_ONCE):
                due |= await _list(connection, by_key[at : at + ROWS_AT_ONCE], explicit=key is None)
            pages = new_rows(
                NewFetch(FetchKind.PAGE, url, lane, source_id=key, published_hint=hint_of([item]))
                for url, item in listed.items()
                if url in due
            )
            for at in range(0, len(pages), ROWS_AT_ONCE):
                await enqueue(connection, pages[at : at + ROWS_AT_ONCE])
        return sum(due.values())

    async def known(self, url: str) -> KnownUrl | None:
        """What an earlier fetch of this page left."""
        k = known_urls.c
        query = select(k.etag, k.last_modified, k.sha256, k.final_url, k.refused).where(k.url_key == url_key(url))
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else KnownUrl(*row)

    async def refused(self, urls: Collection[str]) -> set[str]:
        """Those of erased pages."""
        keys = {url_key(url): url for url in urls}
        query = select(known_urls.c.url_key).where(known_urls.c.url_key.in_(sorted(keys)), known_urls.c.refused)
        async with self._engine.connect() as connection:
            return {keys[key] for key in await connection.scalars(query)}

    async def validators(self, key: str) -> KnownUrl | None:
        """What the last successful poll of a source left."""
        query = select(sources.c.etag, sources.c.last_modified).where(sources.c.source_id == key)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else KnownUrl(row.etag, row.last_modified, None, None)

    async def polled(
        self, key: str, *, items: int, new_items: int, etag: str | None = None, last_modified: str | None = None
    ) -> None:
        """Note a successful poll and adapt the period; an unchanged answer has no items."""
        async with self._engine.begin() as connection:
            source = await _locked(connection, key)
            if source is None:
                return
            period = next_period(
                source.period_seconds,
                items=items,
                new_items=new_items,
                floor_seconds=self._limits.floor_seconds,
                cap_seconds=self._limits.cap_seconds,
            )
            values = {
                "period_seconds": period,
                "next_poll_at": _in_seconds(period),
                "last_polled_at": func.now(),
                "last_success_at": func.now(),
                "failures": 0,
                "last_reason": None,
            }
            if items:
                values |= {
                    "etag": etag,
                    "last_modified": last_modified,
                    "last_items": items,
                    "last_new_items": new_items,
                }
            if new_items:
                values["last_new_item_at"] = func.now()
            await connection.execute(update(sources).where(sources.c.source_id == key).values(values))

    async def poll_failed(self, key: str, reason: Reason, *, asked_seconds: float | None = None) -> bool:
        """Note a failed poll and leave the source alone longer; answers whether it failed otherwise before."""
        async with self._engine.begin() as connection:
            source = await _locked(connection, key)
            if source is None:
                return False
            failures = source.failures + 1
            rest = failure_period(source.period_seconds, failures, cap_seconds=self._limits.cap_seconds)
            values = {
                "next_poll_at": _in_seconds(max(rest, asked_seconds or 0)),
                "last_polled_at": func.now(),
                "failures": failures,
                "last_reason": reason,
            }
            await connection.execute(update(sources).where(sources.c.source_id == key).values(values))
        return bool(source.last_reason != reason)


async def _list(connection: AsyncConnection, items: Sequence[FeedItem], *, explicit: bool) -> dict[str, bool]:
    """The URLs that need a look now, and whether each is new."""
    bound = {
        "keys": [url_key(item.url) for item in items],
        "urls": [item.url for item in items],
        "updates": [item.updated or item.published for item in items],
        "all": explicit,
    }
    return {row.url: row.is_new for row in await connection.execute(_LIST, bound)}


async def _locked(connection: AsyncConnection, key: str) -> Any:
    s = sources.c
    query = select(s.period_seconds, s.failures, s.last_reason).where(s.source_id == key).with_for_update()
    return (await connection.execute(query)).one_or_none()


def _in_seconds(seconds: float) -> Any:
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _source(row: Any) -> Source:
    fields = {name: getattr(row, name) for name in Source.__dataclass_fields__}
    return Source(**fields | {"kind": FetchKind(row.kind), "lane": Lane(row.lane)})
