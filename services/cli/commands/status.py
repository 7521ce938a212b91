"""`status`: what runs, how far behind it is, how things ended."""

import asyncio
from typing import Any

import typer

from services.cli.options import DATA, Data, Json


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(data: Data = DATA, as_json: Json = False) -> None:
    """Engines, services, lag, ledger counts by end and reason, the oldest unfinished."""
    from services.cli.output import print_json
    from services.cli.reporting import report

    found = asyncio.run(report(data))
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    from services.cli.output import print_fields, print_table, print_text, shortened

    print_text(f"{found['phase'] or 'engines elsewhere'} in {found['data']}\n")
    print_table(
        ("engine", "state", "where", "restarts"),
        [(e["name"], shortened(e["problem"] or "up", 70), e["url"], e["restarts"]) for e in found["engines"]],
    )
    print_text()
    print_table(
        ("service", "state", "process", "starts", "last exit", "log"),
        [
            (f"{s['name']}-{s['number']}", s["state"], s["pid"], s["starts"], s["last_exit"], s["log"])
            for s in found["services"]
        ],
    )
    for service in found["services"]:
        if service["paused"]:
            print_text(f"{service['name']}-{service['number']} takes nothing in: {service['paused']}")
    print_text()
    _print_lag(found)
    ledger = found["ledger"]
    if ledger is None:
        return
    print_text()
    print_fields(ledger["counts"])
    for table in ("captures", "revisions"):
        ends = ", ".join(
            f"{row['end']}{'(' + row['reason'] + ')' if row['reason'] else ''} {row['count']:,}"
            for row in ledger[table]
        )
        print_text(f"{table}: {ends or 'none'}")
    for kind, oldest in ledger["oldest_unfinished"].items():
        if oldest:
            print_text(f"oldest unfinished {kind}: {oldest['url']} since {oldest['since']}")


_WORDS = {"live": "live: news, served first", "backfill": "backfill: bulk", "replay": "replay: done again"}


def _print_lag(found: dict[str, Any]) -> None:
    """How much waits for each stage or is in its hands, a line for each lane."""
    from services.cli.output import print_table, print_text

    def waiting(stage: str, lane: str) -> int:
        mine = [c for c in found["lag"] if (c["stage"], c["lane"]) == (stage, lane)]
        return sum(c["pending"] + c["unacknowledged"] for c in mine)

    due = found["fetches_due"] or {}
    rows = [
        (words, due.get(lane), *(waiting(stage, lane) for stage in ("normalizer", "deduplicator", "indexer")))
        for lane, words in _WORDS.items()
    ]
    print_table(("waiting", "to be fetched", "to be read", "to be compared", "to be indexed"), rows)
    if again := sum(c["redelivered"] for c in found["lag"]):
        print_text(f"{again:,} of them were handed out before and not finished")
