"""Prometheus watches a running stack: every panel has data, alerts fire at their faults and clear after them."""

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.fixtures import Stacks
from support.promql import prometheus
from support.stack import Stack
from support.watching import Watcher, faster

from services.monitor.boards import boards

# A canary needs up to ten seconds on two busy cores: at twenty times the speed it may take fifteen.
FACTOR = 20
LOOKS = {
    "NEWSFOLD_MONITOR_PERIOD_SECONDS": "1",
    "NEWSFOLD_MONITOR_ACCOUNT_SECONDS": "3",
    "NEWSFOLD_MONITOR_CANARY_SECONDS": "3",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def watched(stacks: Stacks, sites: Path, tmp_path: Path) -> Iterator[tuple[Stack, Watcher]]:
    prometheus()  # skips where there is none, before anything is started
    stack = stacks.fresh(LOOKS)
    stack.up(monitor=1)
    watcher = Watcher(tmp_path, free_port(), [f"127.0.0.1:{s.port}" for s in stack.services()], factor=FACTOR)
    try:
        stack.command("ingest", "mirror", str(sites))
        stack.wait()
        yield stack, watcher
    finally:
        watcher.stop()


def test_times_of_rules_are_shortened_and_nothing_else() -> None:
    rule = 'groups: [{name: g, rules: [{alert: A, expr: "rate(a[10m]) > 0.2 and b > 3600 and c{le=\\"300.0\\"} > 100", for: 5m}]}]'
    shortened = faster(rule, 60)
    assert 'rate(a[10s]) > 0.2 and b > 60 and c{le="300.0"} > 100' in shortened
    assert "for: 5s" in shortened


@pytest.mark.slow
def test_every_panel_has_data_and_nobody_is_paged(watched: tuple[Stack, Watcher]) -> None:
    stack, watcher = watched
    stack.until(lambda: watcher.query("newsfold_canary_searchable_seconds"), "a canary")
    panels = {
        f"{board['file']}: {panel['title']}: {legend}": query
        for board in boards()
        for panel in board["panel"]
        for legend, query in panel["queries"].items()
    }

    def empty() -> set[str]:
        return {name for name, query in panels.items() if not watcher.query(query)}

    stack.until(lambda: not empty() or None, f"data of {sorted(empty())}")
    assert watcher.firing() == {}
    assert set(watcher.firing("none")) == {"Watchdog"}


@pytest.mark.slow
def test_alerts_fire_at_their_faults_and_clear_after_them(watched: tuple[Stack, Watcher]) -> None:
    stack, watcher = watched

    def fires(*names: str) -> None:
        stack.until(lambda: set(names) <= set(watcher.firing()), f"{names} to fire")

    def clears() -> None:
        stack.until(lambda: not watcher.firing(), "all alerts to clear")

    clears()

    _block(stack, blocked=True)
    fires("OpenSearchBlocked", "CanaryMissing")
    _block(stack, blocked=False)
    clears()

    with stack.paused("indexer"):
        fires("ConsumerStalled", "ServiceMissing")
        assert [labels["service"] for labels in watcher.firing()["ServiceMissing"]] == ["indexer"]
        stalled = {labels["consumer"] for labels in watcher.firing()["ConsumerStalled"]}
        assert (
            {"indexer-story-assigned-live"} <= stalled <= {"indexer-story-assigned-live", "indexer-story-changed-live"}
        )
    clears()

    capture = _sql(
        stack,
        "UPDATE captures SET ended_at = NULL WHERE capture_id = (SELECT min(capture_id) FROM captures) RETURNING capture_id",
    )
    fires("LedgerMismatch")
    _sql(stack, f"UPDATE captures SET ended_at = now() WHERE capture_id = '{capture}' RETURNING capture_id")
    clears()

    _accept(stack, accepting=False)
    fires("PostgresDown", "CanaryMissing")  # with nothing in hand no stage waits for it
    _accept(stack, accepting=True)
    clears()


def _block(stack: Stack, *, blocked: bool) -> None:
    body = json.dumps({"index.blocks.write": blocked or None}).encode()
    url = f"{stack.environment['NEWSFOLD_OPENSEARCH_URL']}/articles/_settings"
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).close()


def _sql(stack: Stack, statement: str) -> str:
    with psycopg.connect(stack.environment["NEWSFOLD_POSTGRES_URL"]) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return str(row[0])


def _accept(stack: Stack, *, accepting: bool) -> None:
    """Let the database take connections, or end them all and take none."""
    server, _, name = stack.environment["NEWSFOLD_POSTGRES_URL"].rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {accepting}")
        if not accepting:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
