"""Gathers the messages of one pull into a batch.

FastStream's own batch mode asks again and again until a batch is full or its time is over; a time-out that comes from
asyncio instead of the client then escapes it, and what was pulled so far is forgotten until `ack_wait` (seen with
FastStream 0.7.8 and nats-py 2.16 on a busy machine). One pull hands all it got over at once, so a moment is enough.
"""

import asyncio
from collections.abc import Awaitable, Callable

from nats.aio.msg import Msg

LINGER_SECONDS = 0.002


class Gathering:
    """Collects messages and hands them to `take` together. `put` returns when `take` has: then more may be pulled."""

    def __init__(self, take: Callable[[list[Msg]], Awaitable[None]]) -> None:
        self._take = take
        self._messages: list[Msg] = []
        self._flush: asyncio.Task[None] | None = None

    async def put(self, message: Msg) -> None:
        """Add one message to the batch of this turn."""
        self._messages.append(message)
        if self._flush is None:
            self._flush = asyncio.create_task(self._run())
        await asyncio.shield(self._flush)

    async def _run(self) -> None:
        await asyncio.sleep(LINGER_SECONDS)
        messages, self._messages, self._flush = self._messages, [], None
        await self._take(messages)
