"""Wiring of the monitor: engines, loops, the canary's way in."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from nats.js import JetStreamContext
from opensearchpy import AsyncOpenSearch
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.blobs import FolderBlobs, open_blobs
from libs.adapters.nats.readings import BusReading, read_bus
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.errors import opensearch_failure
from libs.adapters.opensearch.readings import IndexReading, newest_capture, read_index
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.readings import (
    AccountReading,
    DatabaseReading,
    WorkReading,
    read_account,
    read_database,
    read_work,
)
from libs.runtime.failures import classify
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.service import Service
from services.monitor import canary
from services.monitor.sending import CanarySender
from services.monitor.settings import MonitorSettings
from services.monitor.stage import Look

NAME = "monitor"
LOOK_FOR_CANARY_SECONDS = 1.0
PAUSE_SECONDS = 10.0  # while search does not answer
FORGET_CANARY = timedelta(hours=1)
log = get_logger(NAME)


class _Engines:
    def __init__(self, js: JetStreamContext, postgres: AsyncEngine, opensearch: AsyncOpenSearch) -> None:
        self._js, self._postgres, self._opensearch = js, postgres, opensearch

    async def bus(self) -> BusReading:
        return await read_bus(self._js)

    async def database(self) -> DatabaseReading:
        return await read_database(self._postgres)

    async def work(self) -> WorkReading:
        return await read_work(self._postgres)

    async def account(self) -> AccountReading:
        return await read_account(self._postgres)

    async def index(self) -> IndexReading:
        return await read_index(self._opensearch)


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(MonitorSettings()))


async def _serve(settings: MonitorSettings) -> None:
    service = Service(NAME, settings, classifiers=[postgres_failure, opensearch_failure])
    postgres = open_postgres(settings.postgres_url.get_secret_value(), application=NAME, pool_size=3)
    opensearch = open_client(settings.opensearch_url.get_secret_value(), request_timeout_seconds=10)
    blobs = open_blobs(settings.blobs_url)
    sender = CanarySender(blobs, postgres, service.publisher.publish)

    async def end() -> None:
        await opensearch.close()
        await postgres.dispose()

    def look() -> Look:
        js = service.broker.config.connection_state.stream
        return Look(_Engines(js, postgres, opensearch), service.metrics, service.classifiers)

    service.before_start(lambda: check_schema(postgres))
    service.loop(lambda: _every(service, settings.monitor_period_seconds, look()))
    service.loop(lambda: _every(service, settings.monitor_account_seconds, partial(_account, look())))
    service.loop(lambda: _every(service, settings.monitor_period_seconds, partial(_disk, service.metrics, blobs)))
    if settings.monitor_canary_seconds:
        flock = canary.Flock()
        service.loop(lambda: _every(service, settings.monitor_canary_seconds, partial(_send, service, sender, flock)))
        service.loop(
            lambda: _every(service, LOOK_FOR_CANARY_SECONDS, partial(_look_for_canary, service, opensearch, flock))
        )
    service.at_end(end)
    await service.run()


async def _every(service: Service, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` now and every `seconds` until the service stops."""
    loop = asyncio.get_running_loop()
    while not service.stopping.is_set():
        began = loop.time()
        await work()
        with suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), timeout=max(0.0, began + seconds - loop.time()))


async def _account(look: Look) -> None:
    reading = await look.account()
    for url in reading.silent if reading else ():
        log.warning("source_silent", url=url)


async def _disk(metrics: Metrics, blobs: FolderBlobs) -> None:
    try:
        total, free = await blobs.disk()
    except OSError as error:
        metrics.disk.clear()
        log.warning("disk_not_read", path=str(blobs.root), error=error.strerror)
        return
    metrics.disk.labels("blobs", "total").set(total)
    metrics.disk.labels("blobs", "free").set(free)


async def _send(service: Service, sender: CanarySender, flock: canary.Flock) -> None:
    now = datetime.now(UTC).replace(microsecond=0)  # the index keeps milliseconds
    flock.forget_before(now - FORGET_CANARY)
    flock.sent(now)  # also when it does not get away: what is never found must be missed
    await _tolerating(service, sender(now))


async def _look_for_canary(service: Service, opensearch: AsyncOpenSearch, flock: canary.Flock) -> None:
    if flock.under_way and not await _tolerating(service, _find(service.metrics, opensearch, flock)):
        with suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), timeout=PAUSE_SECONDS)


async def _find(metrics: Metrics, opensearch: AsyncOpenSearch, flock: canary.Flock) -> None:
    took = flock.shown(await newest_capture(opensearch, canary.URL), now=datetime.now(UTC))
    if took is not None:
        metrics.canary_seconds.labels("live").set(took)
        metrics.canary_success.labels("live").set_to_current_time()


async def _tolerating(service: Service, work: Awaitable[None]) -> bool:
    """Whether it was done. An engine that is down is shown by the metrics and ends no loop."""
    try:
        await work
        return True
    except Exception as error:
        if classify(error, service.classifiers) is None:
            log.exception("canary_failed")
        else:
            log.warning("canary_waits", detail=str(error)[:300])
        return False


if __name__ == "__main__":
    main()
