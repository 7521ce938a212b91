"""Wiring of the deduplicator: one store, consumers; and what needs the store only: rebuilding, editors' corrections."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.quarantine import PostgresQuarantine
from libs.adapters.postgres.stories import PostgresStories
from libs.contracts.pipeline import DEDUPLICATOR
from libs.domain.stories.corrections import CorrectionKind
from libs.runtime.service import Service
from services.deduplicator.correct import Asked, Corrected, Refused, Revoking, correct, revoke
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
    async with _stories(settings, "rebuild") as stories:
        return await rebuild(stories)


def correct_stories() -> None:
    """Read a decision as JSON (`Asked`, or `Revoking` where it has a number), make it, and print what it did.

    One that makes no sense is answered with `{"refused": why}`.
    """
    given = json.load(sys.stdin)
    asked = Revoking(**given) if "number" in given else Asked(**{**given, "kind": CorrectionKind(given["kind"])})
    try:
        answer = asdict(asyncio.run(_correct(DeduplicatorSettings(), asked)))
    except Refused as error:
        answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


async def _correct(settings: DeduplicatorSettings, asked: Asked | Revoking) -> Corrected:
    async with _stories(settings, "correct") as stories:
        return await (correct(stories, asked) if isinstance(asked, Asked) else revoke(stories, asked))


@asynccontextmanager
async def _stories(settings: DeduplicatorSettings, task: str) -> AsyncIterator[PostgresStories]:
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=f"{DEDUPLICATOR.name}-{task}", pool_size=2
    )
    try:
        await check_schema(postgres)
        yield PostgresStories(postgres)
    finally:
        await postgres.dispose()


if __name__ == "__main__":
    main()
