"""A message in hand, and what can be done with it before it is settled: keep it alive, or give it back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from nats.aio.msg import Msg

from libs.contracts.events import Event

GIVE_BACK_SECONDS = 1.0  # time for this process to stop pulling, so that another one gets the message


@dataclass(slots=True)
class Delivery:
    """A message and the event in it; None for bytes that are no event."""

    message: Msg
    event: Event | None = None

    @property
    def count(self) -> int:
        """How often it was delivered, this time included."""
        return self.message.metadata.num_delivered or 1

    @property
    def lane(self) -> str:
        return self.message.subject.rsplit(".", 1)[-1]

    @property
    def names(self) -> dict[str, str]:
        """What a log line says of it: the subject and every id of the event."""
        ids = self.event.model_dump() if self.event else {}
        return {"subject": self.message.subject, **{name: ids[name] for name in ids if name.endswith("_id")}}


@asynccontextmanager
async def keep_alive(messages: Sequence[Msg], *, every_seconds: float) -> AsyncIterator[None]:
    """Tell the broker that we are still at it, so that what waits or is slow is not delivered twice."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(every_seconds)
            for message in messages:
                if not message.is_acked:
                    with suppress(Exception):
                        await message.in_progress()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


async def give_back(messages: Sequence[Msg]) -> None:
    """Return what is not settled. Without a broker nothing is said: it comes back by itself after `ack_wait`."""
    for message in messages:
        if not message.is_acked:
            with suppress(Exception):
                await message.nak(delay=GIVE_BACK_SECONDS)
