"""Wiring of the indexer: adapters and consumers."""

import asyncio

from libs.adapters.opensearch.bulk import BulkWriter
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.errors import opensearch_failure
from libs.adapters.opensearch.live import LiveIndex
from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.projections import PostgresProjections
from libs.adapters.postgres.quarantine import PostgresQuarantine
from libs.contracts.pipeline import INDEXER
from libs.runtime.service import Service
from services.indexer.handlers import register
from services.indexer.settings import IndexerSettings
from services.indexer.stage import Index


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(IndexerSettings()))


async def _serve(settings: IndexerSettings) -> None:
    service = Service(INDEXER.name, settings, classifiers=[postgres_failure, opensearch_failure])
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=INDEXER.name, pool_size=settings.postgres_pool
    )
    opensearch = open_client(settings.opensearch_url.get_secret_value())
    projections = PostgresProjections(postgres)
    live = LiveIndex(BulkWriter(opensearch, service.metrics), IndexNames(), projections.reindex_targets)
    register(
        service, Index(projections, live, service.metrics), PostgresQuarantine(postgres), slots=settings.indexer_slots
    )

    async def end() -> None:
        await opensearch.close()
        await postgres.dispose()

    service.before_start(lambda: check_schema(postgres))
    service.at_end(end)
    await service.run()


if __name__ == "__main__":
    main()
