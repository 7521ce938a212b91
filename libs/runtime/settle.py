"""Takes a batch of messages through a stage and settles each: the one place where messages are acknowledged.

Each message ends in exactly one of: published and acknowledged, dropped, given back with a delay, or set aside in
quarantine with its original bytes. While a dependency is down the batch waits in hand and is tried again; nothing
more is pulled and no attempt is counted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from nats.aio.msg import Msg

from libs.contracts.events import Event, MalformedMessage, decode
from libs.contracts.pipeline import Lane, StageSpec
from libs.contracts.reasons import Reason
from libs.runtime import failpoints
from libs.runtime.bus import Publisher
from libs.runtime.delivery import Delivery, give_back, keep_alive
from libs.runtime.failures import Classifier, DependencyDown, Failure, Quarantine, Retry, classify
from libs.runtime.health import Health
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit, Outcome
from libs.runtime.policy import FailurePolicy
from libs.runtime.tracing import NoTracing, Tracing

log = get_logger("settle")
T = TypeVar("T")
LOGGED_LETTERS = 500  # of an error, in a line of the log

Result = Outcome | BaseException
# A stage for a batch: one result per event, in order. It may return an exception for one event, or raise for all.
Handler = Callable[[Sequence[Any]], Awaitable[Sequence[Result]]]


@dataclass(frozen=True, slots=True)
class SetAside:
    """What a quarantine entry records: who, when (the store's clock), what, where, and the original bytes."""

    stage: str
    reason: Reason
    error: str
    subject: str
    stream: str
    stream_sequence: int
    deliveries: int
    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)
    event: Event | None = None


class QuarantineStore(Protocol):
    """Keeps what was set aside and ends the record that the event was about. Idempotent per message."""

    async def put(self, entry: SetAside) -> None: ...


@dataclass(slots=True)
class Settler:
    """Takes batches through one stage."""

    spec: StageSpec
    handler: Handler
    quarantine: QuarantineStore
    publisher: Publisher
    metrics: Metrics
    health: Health
    classifiers: Sequence[Classifier]
    policy: FailurePolicy = field(default_factory=FailurePolicy)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    tracing: Tracing = field(default_factory=NoTracing)

    async def __call__(self, kind: type[Event], lane: Lane, messages: Sequence[Msg]) -> None:
        """Settle every message. Asked to stop while a dependency is down, it gives back what is left."""
        deliveries = [Delivery(message) for message in messages]
        in_flight = self.metrics.in_flight.labels(self.spec.name, lane)
        in_flight.inc(len(deliveries))
        started = time.monotonic()
        try:
            with self.tracing.batch(self.spec.name, deliveries):
                async with keep_alive(messages, every_seconds=self.spec.ack_wait_seconds / 3):
                    await self._take_all(kind, deliveries)
        except DependencyDown:
            await give_back(messages)
        finally:
            in_flight.dec(len(deliveries))
            self.metrics.handle_seconds.labels(self.spec.name, lane).observe(time.monotonic() - started)

    async def _take_all(self, kind: type[Event], deliveries: Sequence[Delivery]) -> None:
        sound = [d for d in deliveries if await self._readable(kind, d)]
        if together := [d for d in sound if d.count <= self.policy.alone_after]:
            await self._take(together)
        await self._take_suspects([d for d in sound if d.count > self.policy.alone_after])

    async def _readable(self, kind: type[Event], delivery: Delivery) -> bool:
        """Decode; set aside what is no event."""
        try:
            delivery.event = decode(kind, delivery.message.data)
        except MalformedMessage as error:
            await self._set_aside(delivery, error.reason, error.detail)
            return False
        if delivery.count > 1:
            self.metrics.redeliveries.labels(self.spec.name, delivery.event.lane).inc()
        return True

    async def _take_suspects(self, suspects: Sequence[Delivery]) -> None:
        """Take one by one what may have ended a process, in a fixed order.

        In that order all that came before the culprit was finished by an earlier try, so the first is the culprit, and
        only the first is set aside for its number of deliveries: the others were merely held by the same process.
        """
        for i, delivery in enumerate(sorted(suspects, key=lambda d: d.message.metadata.sequence.stream)):
            if i == 0 and delivery.count > self.policy.deliveries:
                told = f"delivered {delivery.count} times without a result"
                await self._set_aside(delivery, Reason.TOO_MANY_DELIVERIES, told)
            else:
                await self._take([delivery])

    async def _take(self, group: Sequence[Delivery]) -> None:
        failpoints.hit(self.spec.name, "received")
        results = await self._results(group)
        emitted: list[Event] = []
        for delivery, result in zip(group, results, strict=True):
            if isinstance(result, Emit):
                self.tracing.caused(delivery, result.events)
                emitted += result.events
        await self._patiently(lambda: self.publisher.publish(emitted))
        failpoints.hit(self.spec.name, "published")
        failpoints.hit(self.spec.name, "before_ack")
        for delivery, result in zip(group, results, strict=True):
            await self._settle(delivery, result)

    async def _results(self, group: Sequence[Delivery]) -> list[Result]:
        """One result per delivery. Those that met a dependency that is down are asked again until it answers."""
        results: dict[int, Result] = {}

        async def ask() -> None:
            waiting = [i for i in range(len(group)) if i not in results]
            down: DependencyDown | None = None
            for i, answer in zip(waiting, await self._ask([group[i] for i in waiting]), strict=True):
                if isinstance(answer, DependencyDown):
                    down = answer
                else:
                    results[i] = answer
            if down is not None:
                raise down

        await self._patiently(ask)
        return [results[i] for i in range(len(group))]

    async def _ask(self, group: Sequence[Delivery]) -> list[Result]:
        """The handler's answers, failures classified. A batch that fails as a whole is asked one by one."""
        events = [delivery.event for delivery in group if delivery.event is not None]
        try:
            answers = [answer for _, answer in zip(events, await self.handler(events), strict=True)]
        except Exception as error:
            failure = classify(error, self.classifiers)
            if isinstance(failure, DependencyDown) or len(group) == 1:
                return [failure or error for _ in group]
            log.warning("batch_failed", stage=self.spec.name, size=len(group), error=repr(error))
            return [answer for delivery in group for answer in await self._ask([delivery])]
        return [
            classify(answer, self.classifiers) or answer if isinstance(answer, BaseException) else answer
            for answer in answers
        ]

    async def _settle(self, delivery: Delivery, result: Result) -> None:
        match result:
            case Emit():
                await self._acknowledge(delivery, "emit", "")
            case Drop(reason):
                await self._acknowledge(delivery, "drop", reason)
            case Quarantine():
                await self._set_aside(delivery, result.reason, result.detail)
            case Retry() if delivery.count < self.policy.attempts:
                await self._give_back(delivery, result.reason, result.after_seconds, result.detail)
            case Retry():
                await self._set_aside(
                    delivery, Reason.TOO_MANY_ATTEMPTS, f"gave up after {delivery.count} deliveries: {result}"
                )
            case _ if delivery.count < self.policy.attempts:
                log.error("unexpected_error", stage=self.spec.name, **delivery.names, exc_info=result)
                await self._give_back(delivery, Reason.UNEXPECTED_ERROR, None, repr(result))
            case _:
                await self._set_aside(delivery, Reason.UNEXPECTED_ERROR, repr(result))

    async def _acknowledge(self, delivery: Delivery, outcome: str, reason: str) -> None:
        if not failpoints.withholds_ack(self.spec.name, delivery.count):
            await delivery.message.ack()
        self._count(delivery, outcome, reason)

    async def _give_back(self, delivery: Delivery, reason: Reason, after_seconds: float | None, detail: str) -> None:
        delay = self.policy.delay_seconds(delivery.count) if after_seconds is None else after_seconds
        await delivery.message.nak(delay=delay)
        told = {"detail": detail[:LOGGED_LETTERS], "deliveries": delivery.count, "again_in_seconds": round(delay, 3)}
        self._count(delivery, "retry", reason, **told)

    async def _set_aside(self, delivery: Delivery, reason: Reason, error: str) -> None:
        message = delivery.message
        entry = SetAside(
            stage=self.spec.name,
            reason=reason,
            error=error,
            subject=message.subject,
            stream=message.metadata.stream,
            stream_sequence=message.metadata.sequence.stream,
            deliveries=delivery.count,
            payload=message.data,
            headers=dict(message.headers or {}),
            event=delivery.event,
        )
        try:
            await self._patiently(lambda: self.quarantine.put(entry))  # recorded before the broker may forget it
        except DependencyDown:
            raise
        except Exception:
            log.exception("not_set_aside", stage=self.spec.name, reason=str(reason), **delivery.names)
            return  # neighbours go on; it comes back after `ack_wait`
        await message.term()
        log.error("quarantined", stage=self.spec.name, reason=str(reason), error=error, **delivery.names)
        self.metrics.quarantined.labels(self.spec.name, reason).inc()
        self._count(delivery, "quarantine", reason)

    def _count(self, delivery: Delivery, outcome: str, reason: str, **more: Any) -> None:
        log.info("settled", stage=self.spec.name, outcome=outcome, reason=reason, **delivery.names, **more)
        self.metrics.messages.labels(self.spec.name, delivery.lane, outcome, reason).inc()
        self.tracing.settled(delivery, outcome, reason)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, asked again for as long as a dependency is down; raises DependencyDown when stopping."""
        tries = 0
        waiting: set[str] = set()
        try:
            while True:
                try:
                    return await work()
                except Exception as error:
                    failure: Failure | None = classify(error, self.classifiers)
                    if not isinstance(failure, DependencyDown):
                        raise
                    if self.stopping.is_set():
                        raise failure from error
                    self._wait_for(failure, first=failure.dependency not in waiting)
                    waiting.add(failure.dependency)
                await self._pause(self.policy.pause(tries))
                tries += 1
        finally:
            self._no_longer_wait_for(waiting)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), timeout=seconds)

    def _wait_for(self, failure: DependencyDown, *, first: bool) -> None:
        self.health.waiting_for.add(failure.dependency)
        self.metrics.dependency_up.labels(failure.dependency).set(0)
        if first:
            log.warning("dependency_down", stage=self.spec.name, dependency=failure.dependency, detail=failure.detail)

    def _no_longer_wait_for(self, dependencies: set[str]) -> None:
        for dependency in dependencies:
            self.health.waiting_for.discard(dependency)
            self.metrics.dependency_up.labels(dependency).set(1)
            log.info("dependency_no_longer_waited_for", stage=self.spec.name, dependency=dependency)
