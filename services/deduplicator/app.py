"""Wiring of the deduplicator: one store, consumers; and the rebuilding of everything, which needs the store only."""

import asyncio
import json
import sys
from dataclasses import asdict

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.quarantine import PostgresQuarantine
from libs.adapters.postgres.stories import PostgresStories
from libs.contracts.pipeline import DEDUPLICATOR
from libs.runtime.service import Service
from services.deduplicator.handlers import register
from services.deduplicator.rebuild import Rebuilt, rebuild
from services.deduplicator.settings import DeduplicatorSettings
from services.deduplicator.stage import Deduplicate


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(DeduplicatorSettings()))


async def _serve(settings: DeduplicatorSettings) -> None:
    service = Service(DEDUPLICATOR.name, settings, classifiers=[postgres_failure])
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=DEDUPLICATOR.name, pool_size=settings.postgres_pool
    )
    register(service, Deduplicate(PostgresStories(postgres), service.metrics), PostgresQuarantine(postgres))
    service.before_start(lambda: check_schema(postgres))
    service.at_end(postgres.dispose)
    await service.run()


def rebuild_stories() -> None:
    """Judge the whole set anew and print what `rebuild` answers as JSON."""
    rebuilt = asyncio.run(_rebuild(DeduplicatorSettings()))
    sys.stdout.write(json.dumps(asdict(rebuilt)) + "\n")


async def _rebuild(settings: DeduplicatorSettings) -> Rebuilt:
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=f"{DEDUPLICATOR.name}-rebuild", pool_size=2
    )
    try:
        await check_schema(postgres)
        return await rebuild(PostgresStories(postgres))
    finally:
        await postgres.dispose()


if __name__ == "__main__":
    main()
