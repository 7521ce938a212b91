"""SIGKILL wherever it hurts: the result is that of a run without any."""

import random

import pytest
from support.fixtures import Documents, Stacks
from support.stack import Stack

from libs.runtime.failpoints import POINTS

STAGES = ("fetcher", "normalizer", "deduplicator", "indexer")
CONSUMING = STAGES[1:]
KILLED = -9
# One point for each stage; `make test-slow` takes every stage at every point.
SHORT = {"fetcher": "committed", "normalizer": "published", "deduplicator": "result_ready", "indexer": "before_ack"}


def everywhere(point: str) -> dict[str, str]:
    return dict.fromkeys(STAGES, point)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(SHORT, id="a point each"),
        *(pytest.param(everywhere(point), id=point, marks=pytest.mark.slow) for point in POINTS),
    ],
)
def test_services_killed_at_failpoints_lose_and_repeat_nothing(
    stacks: Stacks, documents: Documents, undisturbed: bytes, points: dict[str, str]
) -> None:
    stack = stacks.fresh({"NEWSFOLD_FAILPOINT": ",".join(f"{stage}:{point}" for stage, point in points.items())})
    stack.up()
    documents.take_in(stack)

    unfinished = {stage: until_killed(stack, stage) for stage in STAGES}
    stack.wait()

    assert min(unfinished.values()) > 0, f"a kill struck when all was done: {unfinished}"
    for stage in CONSUMING:  # what was in hand comes again, to the process that was started instead
        stack.until(lambda stage=stage: redeliveries(stack, stage) > 0, f"redeliveries to the {stage}")
    assert stack.result() == undisturbed
    stack.verify()


def redeliveries(stack: Stack, stage: str) -> float:
    return stack.metric("newsfold_redeliveries_total", stage=stage)


def until_killed(stack: Stack, stage: str) -> int:
    """Wait for the end that the failpoint brings; how much had no end then."""

    def look() -> bool:
        entry = stack.service(stage)
        return entry.last_exit == KILLED and entry.starts + (entry.pid is None) >= 2

    stack.until(look, f"{stage} to be killed at its failpoint")
    return stack.progress().unfinished


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_services_killed_at_random_moments_lose_and_repeat_nothing(
    stacks: Stacks, documents: Documents, undisturbed: bytes, kills: int
) -> None:
    stack = stacks.fresh()
    stack.up()
    documents.take_in(stack)
    pages = stack.progress().queued

    for stage, share in plan(kills):
        stack.until_progress(stage, int(share * pages))
        starts = stack.kill(stage)
        left = stack.progress().unfinished
        stack.until(lambda stage=stage, starts=starts: stack.service(stage).starts > starts, f"{stage} to come back")
        assert left > 0, f"the {stage} was killed when all was done"
    stack.wait()

    assert stack.result() == undisturbed
    stack.verify()


def plan(kills: int) -> list[tuple[str, float]]:
    """Which stage is killed when it has done which share of all, in that order; every stage before any comes again."""
    chance = random.Random(kills)
    shares = sorted(chance.uniform(0.02, 0.8) for _ in range(kills))
    stages = [stage for _ in range(0, kills, len(STAGES)) for stage in chance.sample(STAGES, len(STAGES))]
    return list(zip(stages, shares, strict=False))
