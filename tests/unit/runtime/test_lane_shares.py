"""How the places of a process are shared between the lanes."""

import asyncio
import itertools

from libs.contracts.pipeline import Lane
from libs.runtime.lanes import LIVE_TURNS, LaneShares


class Contest:
    """One place, and waiters of every lane that queue up again whenever they had their turn."""

    def __init__(self, shares: LaneShares) -> None:
        self.shares, self.turns = shares, []  # type: ignore[var-annotated]

    async def enter(self, lane: Lane) -> None:
        await self.shares.acquire(lane)
        self.turns.append(lane)

    async def run(self, waiting: dict[Lane, int]) -> list[Lane]:
        await self.shares.acquire(Lane.LIVE)
        tasks = [asyncio.create_task(self.enter(lane)) for lane, n in waiting.items() for _ in range(n)]
        await asyncio.sleep(0)
        self.shares.release(Lane.LIVE)
        for turn in range(len(tasks)):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.shares.release(self.turns[turn])
        await asyncio.gather(*tasks)
        return self.turns


async def test_live_gets_four_of_five_contended_turns_and_bulk_the_fifth() -> None:
    turns = await Contest(LaneShares(1)).run({Lane.BACKFILL: 3, Lane.LIVE: 3 * LIVE_TURNS})
    assert turns == ([Lane.LIVE] * LIVE_TURNS + [Lane.BACKFILL]) * 3


async def test_live_never_waits_for_more_than_one_bulk_turn() -> None:
    turns = await Contest(LaneShares(1)).run({Lane.BACKFILL: 20, Lane.REPLAY: 20, Lane.LIVE: 8})
    pairs = itertools.pairwise(turns[:10])
    assert not any(first is not Lane.LIVE and second is not Lane.LIVE for first, second in pairs)


async def test_bulk_lanes_take_turns_so_that_neither_starves() -> None:
    turns = await Contest(LaneShares(1)).run({Lane.BACKFILL: 4, Lane.REPLAY: 4})
    assert turns == [Lane.BACKFILL, Lane.REPLAY] * 4


async def test_no_more_places_than_slots() -> None:
    shares, inside, most = LaneShares(2), 0, 0

    async def work(lane: Lane) -> None:
        nonlocal inside, most
        await shares.acquire(lane)
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        shares.release(lane)

    await asyncio.gather(*(work(lane) for lane in Lane for _ in range(5)))
    assert most == 2


async def test_live_finds_a_place_that_bulk_cannot_take() -> None:
    shares = LaneShares(3, bulk=2)
    await asyncio.gather(*(shares.acquire(Lane.BACKFILL) for _ in range(2)))
    third = asyncio.create_task(shares.acquire(Lane.REPLAY))
    await asyncio.sleep(0)
    assert not third.done()

    await asyncio.wait_for(shares.acquire(Lane.LIVE), 5)
    shares.release(Lane.LIVE)
    await asyncio.sleep(0)
    assert not third.done()

    shares.release(Lane.BACKFILL)
    await asyncio.wait_for(third, 5)


async def test_a_waiter_that_gives_up_leaves_its_place_to_others() -> None:
    shares = LaneShares(1)
    await shares.acquire(Lane.LIVE)
    given_up = [asyncio.create_task(shares.acquire(Lane.LIVE)) for _ in range(2)]
    next_one = asyncio.create_task(shares.acquire(Lane.BACKFILL))
    await asyncio.sleep(0)
    given_up[0].cancel()  # while waiting
    await asyncio.sleep(0)
    shares.release(Lane.LIVE)
    given_up[1].cancel()  # in the moment in which it got the place
    await asyncio.wait_for(next_one, 5)
