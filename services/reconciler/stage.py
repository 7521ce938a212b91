"""The use case: publish again what is unfinished although nobody works on it.

A record counts as stuck when two looks in a row find it in the same state while the durable consumer that should
handle it has nothing pending and nothing in hand: then its message is lost. A backlog is no loss and is left alone.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from libs.adapters.postgres.reconcile import AT_ONCE, Unfinished
from libs.contracts.events import Event
from libs.contracts.pipeline import (
    ARTICLES_NORMALIZED,
    DEDUPLICATOR,
    INDEXER,
    NORMALIZER,
    PAGES_FETCHED,
    STORIES_ASSIGNED,
    STORIES_CHANGED,
    StageSpec,
    StreamSpec,
)

HANDLED_BY: dict[str, tuple[StageSpec, StreamSpec]] = {
    "capture": (NORMALIZER, PAGES_FETCHED),
    "revision": (DEDUPLICATOR, ARTICLES_NORMALIZED),
    "article": (INDEXER, STORIES_ASSIGNED),
    "story": (INDEXER, STORIES_CHANGED),
}


class Consumers(Protocol):
    async def idle(self, stream: str, durable: str) -> bool:
        """Whether a consumer has nothing pending and nothing delivered that waits for its acknowledgement."""
        ...


class Ledger(Protocol):
    async def unfinished(self) -> Sequence[Unfinished]: ...

    async def again(self, records: Sequence[Unfinished]) -> Sequence[Event]: ...


SHOWN_IDS = 20


def told(sent: Sequence[Event]) -> dict[str, Any]:
    """What the log says of events that were published again: why, how many of each kind, and which, as far as shown."""
    return {
        "reason": "without an end, and no message of it waits or is in hand",
        "count": len(sent),
        "events": dict(sorted(Counter(event.stream.event for event in sent).items())),
        "messages": [f"{event.stream.event} {event.message_id}" for event in sent[:SHOWN_IDS]],
    }


@dataclass(slots=True)
class Reconcile:
    """One look; remembers what the look before saw."""

    ledger: Ledger
    consumers: Consumers
    publish: Callable[[Sequence[Event]], Awaitable[None]]
    seen: frozenset[Unfinished] = field(default_factory=frozenset)

    async def __call__(self) -> Sequence[Event]:
        """Look once. Answers the events that were published again."""
        waiting = await self._without_worker(await self.ledger.unfinished())
        stuck = sorted(waiting & self.seen, key=lambda record: (record.kind, record.key))
        sent: list[Event] = []
        for i in range(0, len(stuck), AT_ONCE):
            events = await self.ledger.again(stuck[i : i + AT_ONCE])
            await self.publish(events)
            sent += events
        self.seen = waiting - frozenset(stuck)
        return sent

    async def _without_worker(self, records: Sequence[Unfinished]) -> frozenset[Unfinished]:
        idle: dict[tuple[str, str], bool] = {}
        for kind, lane in {(record.kind, record.lane) for record in records}:
            stage, stream = HANDLED_BY[kind]
            idle[kind, lane] = await self.consumers.idle(stream.name, stage.durable(stream, lane))
        return frozenset(record for record in records if idle[record.kind, record.lane])
