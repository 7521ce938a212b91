"""Wiring of the reconciler: ledger, broker, a loop."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from nats.js import JetStreamContext
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.nats.provision import provision_streams
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.reconcile import Unfinished, again, unfinished
from libs.contracts.events import Event
from libs.runtime.failures import DependencyDown, classify
from libs.runtime.logging import get_logger
from libs.runtime.service import Service
from services.reconciler.settings import ReconcilerSettings
from services.reconciler.stage import Reconcile, told

NAME = "reconciler"
log = get_logger(NAME)


class _Ledger:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def unfinished(self) -> Sequence[Unfinished]:
        return await unfinished(self._engine)

    async def again(self, records: Sequence[Unfinished]) -> Sequence[Event]:
        return await again(self._engine, records)


class _Consumers:
    def __init__(self, js: JetStreamContext) -> None:
        self._js = js

    async def idle(self, stream: str, durable: str) -> bool:
        info = await self._js.consumer_info(stream, durable)
        return not info.num_pending and not info.num_ack_pending


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(ReconcilerSettings()))


async def _serve(settings: ReconcilerSettings) -> None:
    service = Service(NAME, settings, classifiers=[postgres_failure])
    postgres = open_postgres(settings.postgres_url.get_secret_value(), application=NAME, pool_size=2)
    service.before_start(lambda: check_schema(postgres))
    service.loop(lambda: _loop(service, postgres, settings.reconciler_period_seconds))
    service.at_end(postgres.dispose)
    await service.run()


async def _loop(service: Service, postgres: AsyncEngine, period_seconds: float) -> None:
    js = service.broker.config.connection_state.stream
    reconcile = Reconcile(_Ledger(postgres), _Consumers(js), service.publisher.publish)
    while not service.stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), timeout=period_seconds)
        try:
            made = await provision_streams(js)  # a wiped broker volume heals here
            if made:
                log.warning("broker_provisioned", changes=made)
            sent = await reconcile()
        except Exception as error:
            failure = classify(error, service.classifiers)
            if not isinstance(failure, DependencyDown):
                raise
            log.warning("dependency_down", dependency=failure.dependency, detail=failure.detail)
            continue
        for event in sent:
            service.metrics.republished.labels(event.stream.event).inc()
        if sent:
            log.warning("republished", **told(sent))


if __name__ == "__main__":
    main()
