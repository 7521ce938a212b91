"""Wiring of the normalizer: adapters, sandbox, consumers."""

import asyncio

from libs.adapters.blobs import open_blobs
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.quarantine import PostgresQuarantine
from libs.contracts.pipeline import NORMALIZER
from libs.runtime.lanes import LaneShares
from libs.runtime.sandbox import Sandbox
from libs.runtime.service import Service
from services.normalizer.handlers import register
from services.normalizer.reader import read_page, sandboxed, warm_up
from services.normalizer.settings import NormalizerSettings
from services.normalizer.stage import Normalize


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(NormalizerSettings()))


async def _serve(settings: NormalizerSettings) -> None:
    service = Service(NORMALIZER.name, settings, classifiers=[postgres_failure])
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=NORMALIZER.name, pool_size=settings.postgres_pool
    )
    sandbox = Sandbox(
        read_page,
        workers=settings.normalizer_workers,
        timeout_seconds=settings.normalizer_timeout_seconds,
        memory_bytes=settings.normalizer_memory_bytes,
        prepare=warm_up,
    )
    normalize = Normalize(
        blobs=open_blobs(settings.blobs_url),
        extract=sandboxed(sandbox, service.metrics),
        pages=PostgresPages(postgres),
        metrics=service.metrics,
        readers=LaneShares(settings.normalizer_workers + 1),  # one page more than children, so that none is idle
        tracing=service.tracing,
    )
    sandbox.start()
    register(service, normalize, PostgresQuarantine(postgres))

    async def end() -> None:
        sandbox.close()
        await postgres.dispose()

    service.before_start(lambda: check_schema(postgres))
    service.at_end(end)
    await service.run()


if __name__ == "__main__":
    main()
