"""Shares the places of a process between the lanes: live first, by a fixed share, so that bulk never starves."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.contracts.pipeline import LANES, Lane

LIVE_TURNS = 4  # of five contended turns live gets four
BULK = (Lane.BACKFILL, Lane.REPLAY)


class LaneShares:
    """A semaphore with one queue per lane: `places` in all, of which bulk holds `bulk` at most (all, unless told)."""

    def __init__(self, places: int, *, bulk: int | None = None) -> None:
        self._places, self._bulk_places = places, places if bulk is None else bulk
        self._held = dict.fromkeys(LANES, 0)
        self._waiting: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in LANES}
        self._live_turns = 0
        self._bulk = list(BULK)

    async def acquire(self, lane: Lane) -> None:
        """Wait for a place; every acquire needs one release."""
        if self._has_room_for(lane):
            self._held[lane] += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(lane)  # the place was handed over in the same moment
            raise

    def release(self, lane: Lane) -> None:
        """Hand the place to whoever is next."""
        self._held[lane] -= 1
        for other in self._order():
            while self._waiting[other] and self._has_room_for(other):
                turn = self._waiting[other].popleft()
                if not turn.done():
                    self._held[other] += 1
                    self._note(other)
                    turn.set_result(None)
                    return

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def place(self, lane: Lane) -> AsyncIterator[None]:
        """A place for as long as the block lasts."""
        await self.acquire(lane)
        try:
            yield
        finally:
            self.release(lane)

    def _has_room_for(self, lane: Lane) -> bool:
        bulk = sum(self._held[other] for other in BULK)
        return bulk + self._held[Lane.LIVE] < self._places and (lane is Lane.LIVE or bulk < self._bulk_places)

    def _note(self, lane: Lane) -> None:
        if lane is Lane.LIVE:
            self._live_turns += 1
        else:
            self._live_turns = 0
            self._bulk = [other for other in BULK if other is not lane] + [lane]

    def _order(self) -> list[Lane]:
        """Live first, but after its share a bulk lane; of the bulk lanes the one that did not come last."""
        return [*self._bulk, Lane.LIVE] if self._live_turns >= LIVE_TURNS else [Lane.LIVE, *self._bulk]
