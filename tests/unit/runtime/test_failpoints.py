"""Failpoints strike where the environment says, and nowhere else."""

import subprocess
import sys

import pytest

from libs.runtime import failpoints

KILLED = -9


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("normalizer:committed", KILLED),
        ("fetcher:received,normalizer:committed", KILLED),
        ("normalizer:received", 0),
        ("indexer:committed", 0),
        ("", 0),
    ],
)
def test_a_process_ends_only_at_a_point_that_is_named(asked: str, code: int) -> None:
    program = "from libs.runtime import failpoints; failpoints.hit('normalizer', 'committed')"
    done = subprocess.run([sys.executable, "-c", program], env={failpoints.VARIABLE: asked}, check=False)
    assert done.returncode == code


def test_acknowledgements_are_withheld_on_a_first_delivery_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failpoints.VARIABLE, "indexer:withhold_ack,fetcher:received")
    assert failpoints.withholds_ack("indexer", 1)
    assert not failpoints.withholds_ack("indexer", 2)
    assert not failpoints.withholds_ack("normalizer", 1)
