"""Each engine and every service struck once under load, briefly: no word lost, none made up, no process in need of help.

All share one stack: new pages come in before each fault, a canary flies after it, and when the stack is closed everything
that was submitted must be whole, and every sample of the ledger sound.
"""

import os
import random
import signal
import time
from collections.abc import Sequence

import pytest
from support.arena import Arena
from support.bulk_faults import Instead, Item

PAGES = 60
DOWN_SECONDS = 2.0
SILENT_SECONDS = 6.0  # longer than a publisher waits for its answer


@pytest.fixture
def loaded(arena: Arena) -> Arena:
    """Under load when a test gets it."""
    arena.load(PAGES)
    return arena


def test_a_broker_that_is_killed_is_used_again_by_the_same_processes(loaded: Arena) -> None:
    starts = loaded.starts()
    with loaded.struck("the broker is killed"):
        loaded.broker.kill("nats")
        time.sleep(DOWN_SECONDS)
        loaded.broker.restart("nats")
    assert loaded.starts() == starts


def test_a_database_that_is_killed_is_used_again_by_the_same_processes(loaded: Arena) -> None:
    starts = loaded.starts()
    with loaded.struck("the database is killed"):
        loaded.engines.kill("postgres")
        time.sleep(DOWN_SECONDS)
        loaded.engines.restart("postgres")
    assert loaded.starts() == starts


@pytest.mark.slow
def test_an_index_that_cannot_be_reached_is_waited_for(loaded: Arena) -> None:
    with loaded.struck("the index is out of reach"):
        loaded.wires["opensearch"].cut()
        time.sleep(DOWN_SECONDS)
        loaded.wires["opensearch"].mend()


@pytest.mark.slow
def test_publishing_that_is_not_confirmed_stores_each_message_once(loaded: Arena) -> None:
    with loaded.struck("the broker's answers are lost"):
        loaded.wires["nats"].silence()
        time.sleep(SILENT_SECONDS)
        loaded.wires["nats"].mend()


@pytest.mark.slow
def test_services_that_are_asked_to_stop_under_load_end_well(loaded: Arena) -> None:
    starts = loaded.starts()
    with loaded.struck("every service is asked to stop"):
        for service in loaded.stack.services():
            os.kill(service.pid or 0, signal.SIGTERM)
        loaded.stack.until(
            lambda: all(loaded.starts()[name] > n for name, n in starts.items()), "all to be started again"
        )
    assert {service.last_exit for service in loaded.stack.services()} == {0}


REFUSALS = (
    Instead(429, "rejected_execution_exception"),
    Instead(503, "unavailable_shards_exception"),
    Instead(409, "version_conflict_engine_exception", stored=True),
)


@pytest.mark.slow
def test_only_the_items_that_the_index_refused_are_sent_again(loaded: Arena) -> None:
    chance = random.Random(17)

    def some(items: Sequence[Item]) -> list[Instead | None]:
        return [chance.choice(REFUSALS) if chance.random() < 0.3 else None for _ in items]

    with loaded.struck("the index refuses every third item"):
        again, loaded.bulk.items = loaded.bulk.sent_again, some
        loaded.stack.until(lambda: loaded.bulk.told_otherwise >= PAGES / 3, "items to be refused")
        loaded.bulk.mend()
    # A few come twice on any day. If whole requests were sent again it would be two of three.
    assert loaded.bulk.sent_again - again < PAGES / 3


@pytest.mark.slow
def test_an_index_that_refuses_all_or_loses_its_answers_gets_everything_once(loaded: Arena) -> None:
    with loaded.struck("the index refuses all, then stores without a word"):
        loaded.bulk.refuse_all = True
        loaded.stack.until(lambda: loaded.bulk.refused >= 3, "requests to be refused")
        loaded.bulk.refuse_all, loaded.bulk.lose_answers = False, True
        loaded.stack.until(lambda: loaded.bulk.lost >= 2, "answers to be lost")
        loaded.bulk.mend()
