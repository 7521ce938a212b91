"""Whose work may be taken over."""

import os
import subprocess
import sys

from services.fetcher.claimant import claimant, is_dead


def test_a_process_that_ended_here_is_dead_and_a_living_one_is_not() -> None:
    place = claimant().rpartition(":")[0]
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not is_dead(f"{place}:{child.pid}")
        assert not is_dead(f"{place}:{os.getppid()}")
    finally:
        child.communicate(b"\n")
    assert is_dead(f"{place}:{child.pid}")


def test_a_claim_under_our_own_name_is_of_a_predecessor() -> None:
    """As in a container, where every start has process id 1."""
    assert is_dead(claimant())


def test_nothing_is_said_of_other_machines_and_odd_names() -> None:
    assert not is_dead("elsewhere/12345678:1")
    assert not is_dead("")
    assert not is_dead(f"{claimant().rpartition(':')[0]}:x")
