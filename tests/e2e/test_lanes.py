"""Bulk work never delays live news."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.fixtures import Stacks
from support.pages import write_mirror
from support.stack import Stack

SHARE = 0.05  # of the bulk may be searchable when the live page is


def test_a_live_page_overtakes_what_waits_in_every_queue(stacks: Stacks, tmp_path: Path) -> None:
    bulk = 2_000
    backlog, news = write_both(tmp_path, bulk)
    stack = stacks.fresh()
    stack.up()
    with stack.paused("normalizer"):  # so that the backlog is there, whatever the speed
        stack.command("ingest", "mirror", str(backlog))
        fetched = stack.until_progress("fetcher", bulk // 4).fetcher
        stack.command("ingest", "mirror", str(news), "--lane", "live")
        stack.until(lambda: is_captured(stack, "live.example"), "the live page to be captured")
    before = bulk_when_live_is_searchable(stack)
    stacks.close()
    assert fetched >= bulk // 4
    assert before < SHARE * bulk


@pytest.mark.slow
def test_a_live_page_is_searchable_before_a_twentieth_of_the_backlog(stacks: Stacks, tmp_path: Path) -> None:
    bulk = 5_000
    backlog, news = write_both(tmp_path, bulk)
    stack = stacks.fresh()
    stack.up()
    stack.command("ingest", "mirror", str(backlog))
    stack.until_progress("indexer", 1)  # every stage has bulk in hand
    stack.command("ingest", "mirror", str(news), "--lane", "live")
    before = bulk_when_live_is_searchable(stack)
    stacks.close()
    assert 0 < before < SHARE * bulk


def write_both(folder: Path, bulk: int) -> tuple[Path, Path]:
    backlog = write_mirror(folder / "backlog", "bulk.example", range(bulk))
    return backlog, write_mirror(folder / "news", "live.example", range(bulk, bulk + 1))


def is_captured(stack: Stack, host: str) -> bool:
    with psycopg.connect(stack.environment["NEWSFOLD_POSTGRES_URL"]) as connection:
        row = connection.execute("SELECT count(*) FROM captures WHERE asked_url LIKE %s", (f"%{host}%",)).fetchone()
        return row is not None and row[0] == 1


def bulk_when_live_is_searchable(stack: Stack) -> int:
    """How many bulk articles the first search finds that finds the live one."""
    live, bulk = stack.until(lambda: (found := searchable(stack))[0] and found, "the live page to be searchable")
    assert live == 1
    return bulk


def searchable(stack: Stack) -> tuple[int, int]:
    """How many articles of live and of bulk one search finds now."""
    url = stack.environment["NEWSFOLD_OPENSEARCH_URL"]
    hosts = {name: {"prefix": {"url": f"https://{name}.example/"}} for name in ("live", "bulk")}
    _post(f"{url}/articles/_refresh", {})
    found = _post(f"{url}/articles/_search", {"size": 0, "aggs": {"of": {"filters": {"filters": hosts}}}})
    counts = found["aggregations"]["of"]["buckets"]
    return counts["live"]["doc_count"], counts["bulk"]["doc_count"]


def _post(url: str, body: object) -> Any:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
