"""Wiring of the deduplicator: one store, consumers, a loop where sentence meaning is on; and what needs the store only:
rebuilding, editors' corrections.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial

from libs.adapters.encoders import EncodersMissing, WheelEncoders, open_encoders
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.errors import postgres_failure
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.quarantine import PostgresQuarantine
from libs.adapters.postgres.stories import PostgresStories
from libs.adapters.postgres.voices import PostgresVoices
from libs.contracts.pipeline import DEDUPLICATOR
from libs.domain.stories.corrections import CorrectionKind
from libs.runtime.failures import DependencyDown, classify
from libs.runtime.logging import get_logger
from libs.runtime.service import Service
from services.deduplicator.correct import Asked, Corrected, Refused, Revoking, correct, revoke
from services.deduplicator.handlers import register
from services.deduplicator.hear import Hear
from services.deduplicator.rebuild import Rebuilt, rebuild
from services.deduplicator.settings import DeduplicatorSettings
from services.deduplicator.stage import Deduplicate

QUIET_SECONDS = 1.0  # between two looks for texts to be heard, when there were none
log = get_logger(DEDUPLICATOR.name)


def main() -> None:
    """Run until asked to stop."""
    asyncio.run(_serve(DeduplicatorSettings()))


async def _serve(settings: DeduplicatorSettings) -> None:
    service = Service(DEDUPLICATOR.name, settings, classifiers=[postgres_failure])
    postgres = open_postgres(
        settings.postgres_url.get_secret_value(), application=DEDUPLICATOR.name, pool_size=settings.postgres_pool
    )
    encoder = encoder_of(settings)
    stories, voices = PostgresStories(postgres, meaning=encoder is not None), PostgresVoices(postgres)
    hear = Hear(voices, stories, encoder) if encoder else None
    register(service, Deduplicate(stories, service.metrics), PostgresQuarantine(postgres))
    service.before_start(lambda: check_schema(postgres))
    service.before_start(lambda: voices.begin(hear.versions if hear else None))
    if hear:
        service.loop(partial(_listen, service, hear))
    service.at_end(postgres.dispose)
    await service.run()


def encoder_of(settings: DeduplicatorSettings) -> WheelEncoders | None:
    """None where sentence meaning is off; set but without its packages it stays off, and that is said."""
    if not settings.deduplicator_meaning:
        return None
    try:
        return open_encoders()
    except EncodersMissing as error:
        log.warning("meaning_off", why=str(error))
        return None


async def _listen(service: Service, hear: Hear) -> None:
    """Hear what the stage asked for, until the service stops. What is not sent on, the reconciler sends."""
    while not service.stopping.is_set():
        try:
            heard = await hear()
            await service.publisher.publish(heard.events)
        except Exception as error:
            failure = classify(error, service.classifiers)
            if not isinstance(failure, DependencyDown):
                raise
            log.warning("dependency_down", dependency=failure.dependency, detail=failure.detail)
            heard = None
        if heard and heard.texts:
            service.metrics.texts_heard.inc(heard.texts)
            service.metrics.verdicts.inc(heard.pairs)
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), timeout=QUIET_SECONDS)


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
        yield PostgresStories(postgres, meaning=encoder_of(settings) is not None)
    finally:
        await postgres.dispose()


if __name__ == "__main__":
    main()
