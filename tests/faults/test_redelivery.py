"""Every message twice: the result is that of a run in which each came once."""

import threading

import pytest
from support import broker
from support.fixtures import Documents, Stacks

from libs.contracts.pipeline import STAGES


@pytest.mark.slow
def test_messages_whose_acknowledgement_is_withheld_come_again_and_change_nothing(
    stacks: Stacks, documents: Documents, undisturbed: bytes
) -> None:
    consuming = [stage for stage in STAGES if stage.consumes]
    stack = stacks.fresh({"NEWSFOLD_FAILPOINT": ",".join(f"{stage.name}:withhold_ack" for stage in consuming)})
    stack.up()
    documents.take_in(stack)
    stack.wait()
    stack.until(lambda: broker.is_idle(stack), "everything to come a second time")

    stored = broker.stored(stack)
    for stage in consuming:
        messages = sum(stored[stream.name] for stream in stage.consumes)
        again = stack.metric("newsfold_redeliveries_total", stage=stage.name)
        assert again >= messages > 0, f"{stage.name} got {again} of {messages} messages twice"
    stack.wait()
    assert stack.result() == undisturbed
    stack.verify()


def test_messages_sent_again_under_new_ids_change_nothing(
    stacks: Stacks, documents: Documents, undisturbed: bytes
) -> None:
    stack = stacks.fresh()
    stack.up()
    copies, finished = broker.SecondCopies(stack), threading.Event()

    def copy() -> None:
        while not finished.wait(0.05):
            copies.send()

    copying = threading.Thread(target=copy)
    copying.start()
    try:
        documents.take_in(stack)
        stack.wait()
    finally:
        finished.set()
        copying.join()
    copies.send()
    stack.until(lambda: broker.is_idle(stack), "the copies to be handled")

    assert copies.sent * 2 >= sum(broker.stored(stack).values()) > 0
    stack.wait()
    assert stack.result() == undisturbed
    stack.verify()
