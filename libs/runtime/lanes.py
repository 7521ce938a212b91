"""Shares the work slots of a process between the lanes: live first, by a fixed share, so that bulk never starves."""

import asyncio
from collections import deque

from libs.contracts.pipeline import LANES, Lane

LIVE_TURNS = 4  # of five contended turns live gets four
BULK = (Lane.BACKFILL, Lane.REPLAY)


class LaneShares:
    """A semaphore with `slots` places and one queue per lane."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._waiting: dict[Lane, deque[asyncio.Future[None]]] = {lane: deque() for lane in LANES}
        self._live_turns = 0
        self._bulk = list(BULK)

    async def acquire(self, lane: Lane) -> None:
        """Wait for a place; every acquire needs one release."""
        if self._free > 0:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[lane].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the place was handed over in the same moment
            raise

    def release(self) -> None:
        """Hand the place to whoever is next."""
        for lane in self._order():
            while self._waiting[lane]:
                turn = self._waiting[lane].popleft()
                if not turn.done():
                    self._note(lane)
                    turn.set_result(None)
                    return
        self._free += 1

    def _note(self, lane: Lane) -> None:
        if lane is Lane.LIVE:
            self._live_turns += 1
        else:
            self._live_turns = 0
            self._bulk = [other for other in BULK if other is not lane] + [lane]

    def _order(self) -> list[Lane]:
        """Live first, but after its share a bulk lane; of the bulk lanes the one that did not come last."""
        return [*self._bulk, Lane.LIVE] if self._live_turns >= LIVE_TURNS else [Lane.LIVE, *self._bulk]
