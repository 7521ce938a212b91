"""Wiring of the fetcher: due-time table, HTTP client, files, blob store, feed reader."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

from libs.adapters.blobs import open_blobs
from libs.adapters.files import LocalFiles
from libs.adapters.http.web import open_web
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.sources import PollLimits, PostgresSources
from libs.contracts.fetching import FetchJob
from libs.contracts.pipeline import FETCHER
from libs.domain.feeds import read_feed
from libs.runtime.failures import classify
from libs.runtime.metrics import Metrics
from libs.runtime.sandbox import Sandbox
from libs.runtime.service import Service
from libs.runtime.tracing import Tracing
from services.fetcher.intake import Intake
from services.fetcher.settings import FetcherSettings
from services.fetcher.stage import Fetch
from services.fetcher.worker import Worker


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(FetcherSettings()))


async def _serve(settings: FetcherSettings) -> None:
    service = Service(FETCHER.name, settings, classifiers=[postgres_failure])
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=FETCHER.name, pool_size=settings.postgres_pool
    )
    feeds = Sandbox(
        read_feed,
        workers=1,
        timeout_seconds=settings.fetcher_feed_seconds,
        memory_bytes=settings.fetcher_feed_memory_bytes,
    )
    jobs = PostgresFetches(postgres)
    sources = PostgresSources(
        postgres, PollLimits(settings.fetcher_poll_floor_seconds, settings.fetcher_poll_cap_seconds)
    )
    blobs = open_blobs(settings.blobs_url)
    fetch = Fetch(
        web=open_web(settings),
        files=LocalFiles(settings.fetcher_decoded_bytes),
        blobs=blobs,
        jobs=jobs,
        sources=sources,
        read_feed=feeds.run,
        publish=service.publisher.publish,
        observe=partial(_observe, service.metrics),
        traced=partial(_traced, service.tracing),
    )
    intake = Intake(blobs.used_ratio, partial(_tell_paused, service), settings.fetcher_disk_percent)
    worker = Worker(
        jobs=jobs,
        stage=fetch,
        enqueue_due_sources=sources.enqueue_due,
        failure_of=lambda error: classify(error, service.classifiers),
        stopping=service.stopping,
        waiting_for=service.health.waiting_for,
        slots=settings.fetcher_slots,
        file_batch=settings.fetcher_file_batch,
        has_room=intake.open,
        grace_seconds=0.75 * settings.grace_seconds,  # leaves time to give the rest back
    )

    async def end() -> None:
        feeds.close()
        await postgres.dispose()

    _tell_paused(service, None)
    service.before_start(lambda: check_schema(postgres))
    service.loop(worker.run)
    service.loop(partial(_gauge, service, jobs))
    service.at_end(end)
    await service.run()


def _observe(metrics: Metrics, job: FetchJob, outcome: str, seconds: float, size: int) -> None:
    metrics.fetches.labels(job.kind, outcome).inc()
    metrics.fetch_seconds.labels(job.kind).observe(seconds)
    metrics.fetch_bytes.labels(job.kind).inc(size)


def _traced(tracing: Tracing, jobs: Sequence[FetchJob]) -> AbstractContextManager[None]:
    told: dict[str, str | int] = {"newsfold.fetch_kind": jobs[0].kind, "newsfold.fetches": len(jobs)}
    return tracing.work("fetch", **told | ({"url.full": jobs[0].url} if len(jobs) == 1 else {}))


def _tell_paused(service: Service, why: str | None) -> None:
    service.health.paused = why
    service.metrics.intake_paused.labels("blobs").set(why is not None)


async def _gauge(service: Service, jobs: PostgresFetches) -> None:
    """Show how much work is due."""
    while not service.stopping.is_set():
        try:
            for lane, count in (await jobs.due()).items():
                service.metrics.fetches_due.labels(lane).set(count)
        except Exception as error:
            if classify(error, service.classifiers) is None:
                raise
        try:
            await asyncio.wait_for(service.stopping.wait(), timeout=5)
        except TimeoutError:
            continue


if __name__ == "__main__":
    main()
