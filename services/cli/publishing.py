"""Publishes events from the command line, with the same publisher that the services use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from libs.contracts.events import Event
from libs.runtime.bus import Publisher, open_broker
from libs.runtime.metrics import Metrics
from services.cli.failures import answering

Publish = Callable[[Iterable[Event]], Awaitable[None]]


@asynccontextmanager
async def open_publisher(url: str) -> AsyncIterator[Publish]:
    """A function that returns once the broker has stored the events. Raises CommandFailed, DependencyDown."""
    stopping = asyncio.Event()
    broker = open_broker(url, service="cli", stopping=stopping)
    with answering("nats", url):
        await broker.connect()
    try:
        yield Publisher(broker, stage="cli", metrics=Metrics(CollectorRegistry())).publish
    finally:
        stopping.set()
        await broker.stop()
