"""Takes a batch of messages through a stage and settles each: the one place where messages are acknowledged.

Each message ends in exactly one of: published and acknowledged, dropped, given back with a delay, or set aside in
quarantine with its original bytes. While a dependency is down the batch waits in hand and is tried again; nothing
more is pulled and no attempt is counted.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from nats.aio.msg import Msg

from libs.contracts.events import Event, MalformedMessage, decode
from libs.contracts.pipeline import Lane, StageSpec
from libs.contracts.reasons import Reason
from libs.runtime import failpoints
from libs.runtime.bus import Publisher
from libs.runtime.failures import Classifier, DependencyDown, Failure, Quarantine, Retry, classify
from libs.runtime.health import Health
from libs.runtime.logging import get_logger
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit, Outcome
from libs.runtime.policy import FailurePolicy

log = get_logger("settle")
T = TypeVar("T")

Result = Outcome | BaseException
# A stage for a batch: one result per event, in order. It may return an exception for one event, or raise for all.
Handler = Callable[[Sequence[Event]], Awaitable[Sequence[Result]]]


@dataclass(slots=True)
class Delivery:
    """A message in hand."""

    message: Msg
    event: Event | None = None
    settled: bool = False

    @property
    def count(self) -> int:
        """How often it was delivered, this time included."""
        return self.message.metadata.num_delivered or 1


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

    async def __call__(self, kind: type[Event], lane: Lane, messages: Sequence[Msg]) -> None:
        deliveries = [Delivery(message) for message in messages]
        in_flight = self.metrics.in_flight.labels(self.spec.name, lane)
        in_flight.inc(len(deliveries))
        started = time.monotonic()
        try:
            async with self._heartbeat(deliveries):
                sound = [d for d in deliveries if await self._readable(kind, d)]
                together = [d for d in sound if d.count <= self.policy.alone_after]
                for group in [together, *([d] for d in sound if d not in together)]:
                    if group:
                        await self._take(group)
        finally:
            in_flight.dec(len(deliveries))
            self.metrics.handle_seconds.labels(self.spec.name, lane).observe(time.monotonic() - started)

    async def _readable(self, kind: type[Event], delivery: Delivery) -> bool:
        """Decode; set aside what is no event or was delivered too often."""
        try:
            delivery.event = decode(kind, delivery.message.data)
        except MalformedMessage as error:
            await self._set_aside(delivery, error.reason, error.detail)
            return False
        if delivery.count > 1:
            self.metrics.redeliveries.labels(self.spec.name, delivery.event.lane).inc()
        if delivery.count > self.policy.deliveries:
            await self._set_aside(
                delivery, Reason.TOO_MANY_DELIVERIES, f"delivered {delivery.count} times without a result"
            )
            return False
        return True

    async def _take(self, group: Sequence[Delivery]) -> None:
        failpoints.hit(self.spec.name, "received")
        results = await self._results(group)
        emitted = [event for result in results if isinstance(result, Emit) for event in result.events]
        await self._patiently(lambda: self.publisher.publish(emitted))
        failpoints.hit(self.spec.name, "published")
        failpoints.hit(self.spec.name, "before_ack")
        for delivery, result in zip(group, results, strict=True):
            await self._settle(delivery, result)

    async def _results(self, group: Sequence[Delivery]) -> list[Result]:
        """One result per delivery. A batch that fails as a whole is tried again one by one."""
        events = [delivery.event for delivery in group if delivery.event is not None]
        try:
            results = list(await self._patiently(lambda: self.handler(events)))
        except Exception as error:
            if len(group) == 1:
                return [classify(error, self.classifiers) or error]
            log.warning("batch_failed", stage=self.spec.name, size=len(group), error=repr(error))
            return [result for delivery in group for result in await self._results([delivery])]
        for i, result in enumerate(results):
            if isinstance(result, BaseException):
                failure = classify(result, self.classifiers)
                if isinstance(failure, DependencyDown):
                    results[i] = (await self._results([group[i]]))[0]
                else:
                    results[i] = failure or result
        return results

    async def _settle(self, delivery: Delivery, result: Result) -> None:
        match result:
            case Emit():
                await self._acknowledge(delivery, "emit", "")
            case Drop(reason):
                await self._acknowledge(delivery, "drop", reason)
            case Quarantine():
                await self._set_aside(delivery, result.reason, result.detail)
            case Retry() if delivery.count < self.policy.attempts:
                await self._give_back(delivery, result.reason, result.after_seconds)
            case Retry():
                await self._set_aside(delivery, result.reason, result.detail or str(Reason.TOO_MANY_ATTEMPTS))
            case _ if delivery.count < self.policy.attempts:
                log.error("unexpected_error", stage=self.spec.name, exc_info=result)
                await self._give_back(delivery, Reason.UNEXPECTED_ERROR, None)
            case _:
                await self._set_aside(delivery, Reason.UNEXPECTED_ERROR, repr(result))

    async def _acknowledge(self, delivery: Delivery, outcome: str, reason: str) -> None:
        await delivery.message.ack()
        self._count(delivery, outcome, reason)

    async def _give_back(self, delivery: Delivery, reason: Reason, after_seconds: float | None) -> None:
        delay = self.policy.delay_seconds(delivery.count) if after_seconds is None else after_seconds
        await delivery.message.nak(delay=delay)
        self._count(delivery, "retry", reason)

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
        await self._patiently(lambda: self.quarantine.put(entry))  # recorded before the broker may forget it
        await message.term()
        log.error("quarantined", stage=self.spec.name, reason=str(reason), error=error, subject=message.subject)
        self.metrics.quarantined.labels(self.spec.name, reason).inc()
        self._count(delivery, "quarantine", reason)

    def _count(self, delivery: Delivery, outcome: str, reason: str) -> None:
        delivery.settled = True
        lane = delivery.message.subject.rsplit(".", 1)[-1]
        self.metrics.messages.labels(self.spec.name, lane, outcome, reason).inc()

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, asked again for as long as a dependency is down."""
        tries = 0
        while True:
            try:
                result = await work()
            except Exception as error:
                failure: Failure | None = classify(error, self.classifiers)
                if not isinstance(failure, DependencyDown):
                    raise
                self._waiting(failure, tries)
                await asyncio.sleep(self.policy.pause(tries))
                tries += 1
            else:
                if tries:
                    self._no_longer_waiting()
                return result

    def _waiting(self, failure: DependencyDown, tries: int) -> None:
        self.health.waiting_for.add(failure.dependency)
        self.metrics.dependency_up.labels(failure.dependency).set(0)
        if tries == 0:
            log.warning("dependency_down", stage=self.spec.name, dependency=failure.dependency, detail=failure.detail)

    def _no_longer_waiting(self) -> None:
        for dependency in list(self.health.waiting_for):
            self.metrics.dependency_up.labels(dependency).set(1)
            log.info("dependency_up", stage=self.spec.name, dependency=dependency)
        self.health.waiting_for.clear()

    @asynccontextmanager
    async def _heartbeat(self, deliveries: Sequence[Delivery]):  # type: ignore[no-untyped-def]
        """Tell the broker that we are still at it, so that slow work is not delivered twice."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(self.spec.ack_wait_seconds / 3)
                for delivery in deliveries:
                    if not delivery.settled:
                        with suppress(Exception):
                            await delivery.message.in_progress()

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()


async def each(stage: Callable[[Any], Awaitable[Outcome]], events: Sequence[Event]) -> Sequence[Result]:
    """Run a stage for single events over a batch, side by side; one event's failure is its own."""
    return await asyncio.gather(*(stage(event) for event in events), return_exceptions=True)
