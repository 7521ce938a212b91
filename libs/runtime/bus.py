"""The broker of a service, and the one function that publishes.

Streams and consumers belong to `provision`; every `JStream` here has `declare=False`, because FastStream's own
declaration would reset a stream's settings to its defaults.
"""

import asyncio
import os
from collections.abc import Iterable
from typing import Any

import nats.errors
from faststream.nats import JStream, NatsBroker, NatsNKey, NatsSecurity
from nats.js.errors import APIError, NoStreamResponseError

from libs.contracts.events import Event
from libs.contracts.pipeline import StreamSpec
from libs.runtime.failures import DependencyDown, Failure
from libs.runtime.logging import get_logger
from libs.runtime.login import is_refusal, login
from libs.runtime.metrics import Metrics
from libs.runtime.tracing import NoTracing, Tracing

PUBLISH_TIMEOUT_SECONDS = 5.0
PUBLISHES_IN_FLIGHT = 64  # a bounded gather publishes fastest (2-4 times one by one), measured on nats-py 2.16
EXIT_BROKER_CLOSED = 4
EXIT_REFUSED = 6

log = get_logger("bus")


def stream_of(spec: StreamSpec) -> JStream:
    """The stream for subscribers and publishers: named, never declared."""
    return JStream(spec.name, declare=False)


async def _log_error(error: Exception) -> None:
    # a denied publish shows up as a time-out; the reason reaches only this callback
    if is_refusal(error):
        log.error("nats_refused", error=str(error), do="`newsfold init` of this release writes each user's rights")
        if "for subscription" in str(error).lower():
            os._exit(EXIT_REFUSED)  # it would wait in silence for messages that never come
        return
    log.warning("nats_error", error=str(error) or type(error).__name__)


def open_broker(url: str, *, service: str, stopping: asyncio.Event) -> NatsBroker:
    """A broker that reconnects for ever and ends the process if its connection is closed though nobody is stopping."""

    async def closed() -> None:
        # a closed connection never reopens, and the pull loop would spin on it without yielding
        if not stopping.is_set():
            log.error("nats_connection_closed")
            os._exit(EXIT_BROKER_CLOSED)

    arguments = login(url)
    return NatsBroker(
        security=_security(arguments),
        **arguments,
        name=service,
        connect_timeout=5,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        error_cb=_log_error,
        closed_cb=closed,
        graceful_timeout=30,
        logger=None,
        apply_types=False,  # its injection of arguments goes through a thread for each message; we need none
        serializer=None,
    )


def _security(arguments: dict[str, Any]) -> NatsSecurity | None:
    """FastStream's form of what `login` says of key and TLS, taken out of `arguments`."""
    seed, context = arguments.pop("nkeys_seed_str", None), arguments.pop("tls", None)
    first = bool(arguments.pop("tls_handshake_first", False))
    if seed is not None:
        return NatsNKey.from_seed(seed, ssl_context=context, tls_handshake_first=first)
    return None if context is None else NatsSecurity(ssl_context=context, tls_handshake_first=first)


def own_inbox(url: str) -> bytes:
    """The prefix of the inboxes that pulled messages come to; FastStream does not take the connection's own."""
    return f"{login(url).get('inbox_prefix', '_INBOX')}.".encode()


def nats_failure(error: BaseException) -> Failure | None:
    """Judge the client's exceptions: all of them mean that the broker cannot be used right now."""
    if isinstance(error, nats.errors.Error | NoStreamResponseError | APIError):
        return DependencyDown("nats", str(error) or type(error).__name__)
    return None


class Publisher:
    """Publishes events with deterministic ids and counts them."""

    def __init__(self, broker: NatsBroker, *, stage: str, metrics: Metrics, tracing: Tracing | None = None) -> None:
        self._broker, self._stage, self._metrics = broker, stage, metrics
        self._tracing = tracing or NoTracing()
        self._room = asyncio.Semaphore(PUBLISHES_IN_FLIGHT)

    async def publish(self, events: Iterable[Event]) -> None:
        """Return when the broker has stored all of them. Raises DependencyDown; sending again is harmless."""
        await asyncio.gather(*(self._one(event) for event in events))

    async def _one(self, event: Event) -> None:
        headers = {
            "Nats-Msg-Id": event.message_id,
            "content-type": "application/json",
            "traceparent": self._tracing.traceparent(event),
        }
        async with self._room:
            try:
                await self._broker.publish(
                    event.model_dump_json().encode(),
                    subject=event.subject,
                    stream=event.stream.name,
                    headers=headers,
                    timeout=PUBLISH_TIMEOUT_SECONDS,
                )
            except (TimeoutError, nats.errors.Error, NoStreamResponseError, APIError) as error:
                self._metrics.publish_retries.labels(self._stage).inc()
                raise DependencyDown("nats", f"{event.subject}: {error or type(error).__name__}") from error
        self._metrics.published.labels(self._stage, event.stream.event, event.lane).inc()
