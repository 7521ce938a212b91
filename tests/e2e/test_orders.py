"""No order of arrival and no number of deduplicators shows in the result."""

import pytest
from support.fixtures import Documents, Stacks

SHORT = [(2, 2), (3, 4)]  # (order, deduplicators); the undisturbed run is an order of its own with one
LONG = [(order, workers) for order in range(1, 21) for workers in (1, 2, 4)]


@pytest.mark.parametrize(
    ("order", "deduplicators"),
    [
        *(pytest.param(*case, id="order {} on {}".format(*case)) for case in SHORT),
        *(
            pytest.param(*case, id="order {} on {}".format(*case), marks=pytest.mark.slow)
            for case in LONG
            if case not in SHORT
        ),
    ],
)
def test_any_order_on_any_number_of_deduplicators_gives_the_same_bytes(
    stacks: Stacks, documents: Documents, undisturbed: bytes, order: int, deduplicators: int
) -> None:
    stack = stacks.fresh()
    stack.up(deduplicator=deduplicators)
    documents.take_in(stack, order_seed=order)
    stack.wait()
    assert stack.result() == undisturbed
    stack.verify()
    assert sum(service.name == "deduplicator" for service in stack.services()) == deduplicators
