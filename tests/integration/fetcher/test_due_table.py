"""The due-time table on real PostgreSQL: claims, leases, hosts, lanes, retries, sources."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.migrate import drift
from libs.adapters.postgres.queries.trace import trace
from libs.adapters.postgres.sources import PollLimits, PostgresSources
from libs.adapters.postgres.tables import captures, ledger
from libs.contracts.fetching import FetchJob, FetchKind, NewFetch, Receipt, Settled
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import CaptureEnd, Reason
from libs.domain.feeds import FeedItem
from libs.domain.sources import capture_id

pytestmark = pytest.mark.engines
ALL = tuple(Lane)
AT = datetime(2024, 5, 14, 10, 0, tzinfo=UTC)


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_url, application="test")
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE fetches, fetch_hosts, known_urls, captures, ledger, sources CASCADE"))
    yield engine
    await engine.dispose()


@pytest.fixture
def jobs(engine: AsyncEngine) -> PostgresFetches:
    return PostgresFetches(engine)


@pytest.fixture
def sources(engine: AsyncEngine) -> PostgresSources:
    return PostgresSources(engine, PollLimits(floor_seconds=60, cap_seconds=3600, first_seconds=600))


def file(n: int, lane: Lane = Lane.BACKFILL) -> NewFetch:
    return NewFetch(FetchKind.FILE, f"https://a.example/{n}", lane, path=f"/data/{n}.html")


def page(url: str, lane: Lane = Lane.BACKFILL) -> NewFetch:
    return NewFetch(FetchKind.PAGE, url, lane)


async def claim_hosts(
    jobs: PostgresFetches, limit: int = 10, lease: float = 60, lanes: tuple[Lane, ...] = ALL
) -> list[FetchJob]:
    return await jobs.claim_hosts(lanes, limit, lease_seconds=lease, me="test")


async def claim_files(
    jobs: PostgresFetches, limit: int = 10, lease: float = 60, lanes: tuple[Lane, ...] = ALL
) -> list[FetchJob]:
    return await jobs.claim_files(lanes, limit, lease_seconds=lease, me="test")


def receipt(job: FetchJob, sha256: str = "a" * 64, **more: object) -> Receipt:
    return Receipt(capture_id(job.url, AT, sha256), job.url, job.url, AT, sha256, **more)  # type: ignore[arg-type]


def test_the_migration_makes_what_the_tables_say(postgres_url: str) -> None:
    assert drift(postgres_url) == []


async def test_files_are_handed_out_in_the_order_they_came(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(n) for n in (3, 1, 2)])
    assert [job.path for job in await claim_files(jobs)] == ["/data/3.html", "/data/1.html", "/data/2.html"]


async def test_many_fetchers_never_hold_the_same_job(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(n) for n in range(500)])
    claims = await asyncio.gather(*(claim_files(jobs, limit=50) for _ in range(12)))
    held = [job.fetch_id for job in itertools.chain(*claims)]
    assert len(held) == len(set(held)) == 500


async def test_a_host_has_one_connection_however_many_fetchers_ask(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page(f"https://h{n % 3}.example/{n}") for n in range(30)])
    claims = await asyncio.gather(*(claim_hosts(jobs) for _ in range(8)))
    assert sorted(job.host for job in itertools.chain(*claims)) == ["h0.example", "h1.example", "h2.example"]
    assert await claim_hosts(jobs) == []


async def test_a_host_rests_after_its_work(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("https://h.example/1"), page("https://h.example/2")])
    [first] = await claim_hosts(jobs)
    await jobs.settle([Settled(first, pause_seconds=60)])
    assert await claim_hosts(jobs) == []


async def test_a_rested_host_is_asked_for_its_next_page(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("https://h.example/1"), page("https://h.example/2")])
    [first] = await claim_hosts(jobs)
    await jobs.settle([Settled(first)])
    assert [job.url for job in await claim_hosts(jobs)] == ["https://h.example/2"]


async def test_live_work_of_a_host_goes_before_its_backfill(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page(f"https://h.example/{n}") for n in range(50)])
    await jobs.enqueue([page("https://h.example/news", Lane.LIVE)])
    [job] = await claim_hosts(jobs, lanes=(Lane.LIVE,))
    assert job.url == "https://h.example/news"


async def test_a_lane_sees_only_its_own_work(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1), file(2, Lane.LIVE), page("https://h.example/")])
    assert [job.url for job in await claim_files(jobs, lanes=(Lane.LIVE,))] == ["https://a.example/2"]
    assert await claim_hosts(jobs, lanes=(Lane.LIVE,)) == []


async def test_work_for_a_host_that_ran_dry_wakes_it(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("https://h.example/1")])
    [job] = await claim_hosts(jobs)
    await jobs.settle([Settled(job)])
    assert await claim_hosts(jobs) == []
    await jobs.enqueue([page("https://h.example/2")])
    assert len(await claim_hosts(jobs)) == 1


async def test_enqueueing_while_a_host_runs_dry_loses_nothing(jobs: PostgresFetches) -> None:
    async def settle_and_add(n: int) -> None:
        [job] = await claim_hosts(jobs, limit=1)
        await asyncio.gather(jobs.settle([Settled(job)]), jobs.enqueue([page(f"https://h.example/{n + 1}")]))

    await jobs.enqueue([page("https://h.example/0")])
    for n in range(40):
        await settle_and_add(n)
    assert [job.url for job in await claim_hosts(jobs)] == ["https://h.example/40"]


async def test_a_dead_fetchers_work_comes_back_when_its_lease_ends(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1), page("https://h.example/1")])
    first = [*await claim_files(jobs, lease=0), *await claim_hosts(jobs, lease=0)]
    second = [*await claim_files(jobs), *await claim_hosts(jobs)]
    assert [job.fetch_id for job in first] == [job.fetch_id for job in second]
    assert [job.claims for job in second] == [2, 2]


async def test_a_fetcher_that_lost_its_lease_cannot_put_the_work_off_again(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1)])
    [lost] = await claim_files(jobs, lease=0)
    [held] = await claim_files(jobs)
    await jobs.settle([Settled(held)])
    await jobs.settle([Settled(lost, retry_seconds=0, reason=Reason.FETCH_TIMEOUT)])
    assert await claim_files(jobs) == []


async def test_work_that_is_put_off_is_not_due_before_its_time(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("https://h.example/1")])
    [job] = await claim_hosts(jobs)
    await jobs.settle([Settled(job, retry_seconds=3600, reason=Reason.FETCH_TIMEOUT)])
    assert await claim_hosts(jobs) == []
    assert await jobs.unfinished() == (1, ["https://h.example/1"])


async def test_work_that_is_due_again_counts_its_failures(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("https://h.example/1")])
    [job] = await claim_hosts(jobs)
    await jobs.settle([Settled(job, retry_seconds=0, reason=Reason.FETCH_TIMEOUT)])
    [again] = await claim_hosts(jobs)
    assert again.attempts == 1


async def test_released_work_is_there_at_once_and_uncounted(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1), page("https://h.example/1")])
    await jobs.release([*await claim_files(jobs), *await claim_hosts(jobs)])
    assert [job.attempts for job in [*await claim_files(jobs), *await claim_hosts(jobs)]] == [0, 0]


async def test_work_of_the_dead_is_given_back_before_its_lease_ends(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1), page("https://h.example/1"), file(2)])
    dead = [*await claim_files(jobs, limit=1), *await claim_hosts(jobs)]
    await jobs.claim_files(ALL, 1, lease_seconds=60, me="alive")
    assert sorted(await jobs.claimants()) == ["alive", "test"]
    assert await jobs.release_claims_of(["test"], pause_seconds=0) == 2
    again = [*await claim_files(jobs), *await claim_hosts(jobs)]
    assert [job.fetch_id for job in again] == [job.fetch_id for job in dead]
    assert [job.claims for job in again] == [2, 2]


async def test_a_misspelt_url_is_handed_out_too_so_that_somebody_records_its_end(jobs: PostgresFetches) -> None:
    await jobs.enqueue([page("http://[half"), page("http://a\0b/")])
    [first] = await claim_hosts(jobs)
    await jobs.settle([Settled(first)])
    assert [first.url, *(job.url for job in await claim_hosts(jobs))] == ["http://[half", "http://a\ufffdb/"]


async def test_a_capture_is_recorded_once(jobs: PostgresFetches, engine: AsyncEngine) -> None:
    await jobs.enqueue([file(1)])
    [job] = await claim_files(jobs)
    received = receipt(job, bytes=7, content_type="text/html")
    assert await jobs.record([(job, received)]) == {received.capture_id}
    assert await jobs.record([(job, received)]) == set()
    async with engine.connect() as connection:
        row = (await connection.execute(select(captures))).one()
        events = (await connection.execute(select(ledger.c.outcome))).scalars().all()
    assert (row.asked_url, row.bytes, row.lane, row.end) == (job.url, 7, "backfill", None)
    assert events == ["fetched"]


async def test_a_committed_capture_is_published_not_fetched_again_after_a_crash(jobs: PostgresFetches) -> None:
    await jobs.enqueue([file(1)])
    [job] = await claim_files(jobs, lease=0)
    received = receipt(job)
    await jobs.record([(job, received)])
    [again] = await claim_files(jobs)
    assert again.capture_id == received.capture_id


async def test_a_rejected_capture_has_its_end_and_its_reason(jobs: PostgresFetches, engine: AsyncEngine) -> None:
    await jobs.enqueue([page("https://h.example/1")])
    [job] = await claim_hosts(jobs)
    failed = replace(receipt(job), sha256=None, end=CaptureEnd.REJECTED, reason=Reason.FETCH_GONE, status=410)
    await jobs.record([(job, failed)])
    async with engine.connect() as connection:
        row = (await connection.execute(select(captures))).one()
    assert (row.end, row.reason, row.status, row.sha256) == ("rejected", "fetch_gone", 410, None)
    assert row.ended_at is not None


async def test_validators_of_a_page_are_kept_for_the_next_time(jobs: PostgresFetches, sources: PostgresSources) -> None:
    url = "https://h.example/1"
    await jobs.enqueue([page(url)])
    [job] = await claim_hosts(jobs)
    await jobs.record([(job, receipt(job, etag='"1"', last_modified="then"))])
    known = await sources.known(url)
    assert known is not None
    assert (known.etag, known.last_modified, known.sha256) == ('"1"', "then", "a" * 64)


# --- sources and feeds


async def test_a_due_source_becomes_one_job_however_many_fetchers_look(
    jobs: PostgresFetches, sources: PostgresSources
) -> None:
    await sources.add(FetchKind.FEED, "https://h.example/feed")
    polls = await asyncio.gather(*(sources.enqueue_due() for _ in range(6)))
    assert sum(polls) == 1
    assert await sources.enqueue_due() == 0
    [job] = await claim_hosts(jobs)
    assert (job.kind, job.lane, job.url) == (FetchKind.FEED, Lane.LIVE, "https://h.example/feed")


async def test_a_paused_source_is_not_polled(sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    assert await sources.pause(key)
    assert await sources.enqueue_due() == 0
    assert await sources.pause(key, paused=False)
    assert await sources.enqueue_due() == 1


async def test_a_removed_source_leaves_no_work(jobs: PostgresFetches, sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    await sources.enqueue_due()
    assert await sources.remove(key)
    assert await claim_hosts(jobs) == []
    assert await jobs.unfinished() == (0, [])


def items(*names: str, updated: str | None = None) -> list[FeedItem]:
    return [FeedItem(f"https://h.example/{name}", updated=updated) for name in names]


async def test_a_standing_feed_lists_each_page_once(jobs: PostgresFetches, sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    assert await sources.enqueue_items(items("a", "b"), lane=Lane.LIVE, key=key) == 2
    assert await sources.enqueue_items(items("b", "c"), lane=Lane.LIVE, key=key) == 1
    count, urls = await jobs.unfinished()
    assert sorted(urls)[:3] == ["https://h.example/a", "https://h.example/b", "https://h.example/c"]
    assert count == 4  # the pages, and the source's first poll


async def test_two_feeds_that_list_the_same_pages_at_once_list_each_once(
    sources: PostgresSources, jobs: PostgresFetches
) -> None:
    keys = [await sources.add(FetchKind.FEED, f"https://h.example/feed{n}") for n in range(4)]
    many = items(*(str(n) for n in range(2500)))
    new = await asyncio.gather(
        *(sources.enqueue_items(many if n % 2 else many[::-1], lane=Lane.LIVE, key=key) for n, key in enumerate(keys))
    )
    assert sum(new) == 2500
    assert (await jobs.unfinished())[0] == 2500 + len(keys)


async def test_a_page_that_its_feed_says_was_updated_is_asked_again(
    sources: PostgresSources, jobs: PostgresFetches
) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    await sources.enqueue_items(items("a", updated="1"), lane=Lane.LIVE, key=key)
    await sources.enqueue_items(items("a", updated="1"), lane=Lane.LIVE, key=key)
    assert (await jobs.unfinished())[0] == 2
    await sources.enqueue_items(items("a", updated="2"), lane=Lane.LIVE, key=key)
    assert (await jobs.unfinished())[0] == 3


async def test_a_listed_page_is_asked_again_when_its_time_has_come(
    sources: PostgresSources, jobs: PostgresFetches, engine: AsyncEngine
) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    await sources.enqueue_items(items("a"), lane=Lane.LIVE, key=key)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE known_urls SET next_check_at = now() - interval '1 second'"))
    assert await sources.enqueue_items(items("a"), lane=Lane.LIVE, key=key) == 0
    assert await sources.enqueue_items(items("a"), lane=Lane.LIVE, key=key) == 0
    assert (await jobs.unfinished())[0] == 3


async def test_a_feed_asked_for_explicitly_lists_all_its_pages_again(
    sources: PostgresSources, jobs: PostgresFetches
) -> None:
    assert await sources.enqueue_items(items("a", "b"), lane=Lane.LIVE, key=None) == 2
    assert await sources.enqueue_items(items("a", "b"), lane=Lane.LIVE, key=None) == 0
    assert (await jobs.unfinished())[0] == 4


async def test_the_period_follows_how_much_was_new(sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")

    async def period() -> int:
        source = await sources.find(key)
        assert source is not None
        return source.period_seconds

    await sources.polled(key, items=10, new_items=10, etag='"1"')
    assert await period() == 300
    await sources.polled(key, items=10, new_items=5)
    assert await period() == 300
    await sources.polled(key, items=0, new_items=0)
    assert await period() == 450
    for _ in range(20):
        await sources.polled(key, items=0, new_items=0)
    assert await period() == 3600


async def test_validators_of_a_feed_outlive_an_unchanged_answer(sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    await sources.polled(key, items=1, new_items=1, etag='"1"')
    await sources.polled(key, items=0, new_items=0)
    known = await sources.validators(key)
    assert known is not None
    assert known.etag == '"1"'


async def test_a_failing_source_says_so_once_and_is_left_alone(sources: PostgresSources) -> None:
    key = await sources.add(FetchKind.FEED, "https://h.example/feed")
    assert await sources.poll_failed(key, Reason.FETCH_TIMEOUT) is True
    assert await sources.poll_failed(key, Reason.FETCH_TIMEOUT) is False
    assert await sources.poll_failed(key, Reason.FEED_INVALID) is True
    source = await sources.find("https://h.example/feed")
    assert source is not None
    assert (source.failures, source.last_reason) == (3, "feed_invalid")
    assert await sources.enqueue_due() == 0


async def test_a_try_that_failed_is_history_and_the_end_is_the_end(jobs: PostgresFetches, engine: AsyncEngine) -> None:
    url = "https://h.example/1"
    await jobs.enqueue([page(url)])
    [first] = await claim_hosts(jobs)
    await jobs.settle([Settled(first, 0.0, Reason.FETCH_TIMEOUT)])
    waiting = await trace(engine, url)
    [second] = await claim_hosts(jobs)
    await jobs.record([(second, receipt(second))])
    await jobs.settle([Settled(second)])
    worked = await trace(engine, url)

    assert waiting is not None
    assert worked is not None
    (before,), (after,) = waiting["fetches"], worked["fetches"]
    assert [failed["reason"] for failed in before["tries"]] == ["fetch_timeout"]
    assert (before["end"], before["last_reason"]) == (None, "fetch_timeout")
    assert after["tries"] == before["tries"]
    assert (after["end"], after["last_reason"]) == ("received", None)


async def test_a_fetch_that_is_given_up_ends_with_its_reason(jobs: PostgresFetches, engine: AsyncEngine) -> None:
    url = "https://h.example/1"
    await jobs.enqueue([page(url)])
    [job] = await claim_hosts(jobs)
    await jobs.settle([Settled(job, reason=Reason.FETCH_GONE)])

    found = await trace(engine, url)

    assert found is not None
    (fetch,) = found["fetches"]
    assert (fetch["end"], [failed["reason"] for failed in fetch["tries"]]) == ("fetch_gone", ["fetch_gone"])
