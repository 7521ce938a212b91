"""The canary of a running stack becomes searchable, and search shows one canary only."""

import json
import urllib.request

from support.fixtures import Stacks
from support.stack import Stack

from services.monitor.canary import URL


def _sample(port: int, name: str) -> float | None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name)), None)


def _found(stack: Stack) -> float | None:
    return _sample(stack.service("monitor").port, 'newsfold_canary_last_success_timestamp_seconds{lane="live"}')


def test_canaries_are_found_one_after_the_other_and_leave_one_article(stacks: Stacks) -> None:
    stack = stacks.fresh({"NEWSFOLD_MONITOR_CANARY_SECONDS": "3", "NEWSFOLD_MONITOR_PERIOD_SECONDS": "1"})
    stack.up(monitor=1)
    first = stack.until(lambda: _found(stack), "a canary to be found")
    second = stack.until(lambda: (now := _found(stack)) != first and now, "another canary to be found")
    assert second > first
    port = stack.service("monitor").port
    assert (_sample(port, 'newsfold_canary_searchable_seconds{lane="live"}') or 0) > 0
    for engine in ("nats", "postgres", "opensearch"):
        assert _sample(port, f'newsfold_engine_up{{engine="{engine}"}}') == 1
    assert _sample(port, 'newsfold_ledger_broken{rule="any"}') == 0
    articles = [json.loads(line) for line in stack.command("articles", "--json").splitlines()]
    assert [article["key"] for article in articles] == [URL]
