"""What `status` and `wait` say to people."""

import pytest

from libs.adapters.postgres.queries import progress
from libs.contracts.pipeline import LANES
from services.cli.commands import status, waiting


def consumer(
    stage: str, lane: str, *, pending: int = 0, unacknowledged: int = 0, redelivered: int = 0
) -> dict[str, object]:
    counts = {"pending": pending, "unacknowledged": unacknowledged, "redelivered": redelivered}
    return {"consumer": f"{stage}-{lane}", "stage": stage, "lane": lane, **counts}


def test_status_shows_a_line_for_each_lane_with_what_waits_for_each_stage(capsys: pytest.CaptureFixture[str]) -> None:
    lag = [
        consumer("normalizer", "live", pending=3, unacknowledged=4, redelivered=2),
        consumer("indexer", "backfill", pending=5),
        consumer("indexer", "backfill", pending=6),
    ]

    status._print_lag({"lag": lag, "fetches_due": {"live": 1, "backfill": 0, "replay": 0}})

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {lane: next(line[-4:] for line in lines if line[0] == f"{lane}:") for lane in LANES} == {
        "live": ["1", "7", "0", "0"],
        "backfill": ["0", "0", "0", "11"],
        "replay": ["0", "0", "0", "0"],
    }
    assert lines[-1][0] == "2"


def test_wait_names_what_is_stuck_and_whose_turn_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    stuck = {kind: progress.Unfinished(2, (f"https://a.example/{kind}",)) for kind in ("fetches", *progress._QUERIES)}

    waiting._print(progress.Progress(0, stuck), [])

    said = capsys.readouterr().err
    assert "2 captures wait for the normalizer, the oldest: https://a.example/captures" in said
    assert all(f"https://a.example/{kind}" in said for kind in stuck)
