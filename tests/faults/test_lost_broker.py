"""The broker's store is lost half-way, and a message is terminated: `reconcile` brings everything to its end."""

from support import broker
from support.fixtures import Documents, Stacks
from support.stack import Stack

from libs.contracts.pipeline import NORMALIZER, Lane

NO_HELP = {"NEWSFOLD_RECONCILER_PERIOD_SECONDS": "86400"}  # only the command heals here


def test_reconcile_restores_what_a_wiped_broker_and_a_terminated_message_lost(
    stacks: Stacks, documents: Documents, undisturbed: bytes
) -> None:
    stack = stacks.fresh(NO_HELP)
    stack.up()
    documents.take_in(stack)
    stack.until_progress("normalizer", stack.progress().queued // 3)
    broker.wipe(stack)
    assert until_stuck(stack) > 1

    with stack.paused("normalizer"):
        sent = stack.ask("reconcile")["sent"]
        assert sent.get("page.fetched", 0) > 1
        terminated = broker.terminate_one(stack, NORMALIZER, Lane.BACKFILL)
    assert b"capture_id" in terminated
    assert until_stuck(stack) > 0

    assert stack.ask("reconcile")["sent"]["page.fetched"] == 1  # its id is within the duplicate window
    stack.wait()
    assert stack.result() == undisturbed
    stack.verify()


def until_stuck(stack: Stack) -> int:
    """Wait until nobody works on anything; how much has no end then."""
    engines_are_back = lambda: stack.ask("status", code=None)["engines"][0]["problem"] is None  # noqa: E731
    stack.until(engines_are_back, "the broker to be back")
    stack.until(lambda: is_ready(stack), "the services to be back")
    stack.until(lambda: is_at_rest(stack), "the consumers to rest")
    return stack.progress().unfinished


def is_ready(stack: Stack) -> bool:
    return all(service["state"] == "ready" for service in stack.ask("status")["services"])


def is_at_rest(stack: Stack) -> bool:
    """Two looks, because a stage publishes before it acknowledges but a loop of the fetcher may be between two."""
    before = stack.progress()
    return broker.is_idle(stack) and stack.progress() == before and broker.is_idle(stack)
