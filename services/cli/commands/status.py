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
    from services.cli.output import print_fields, print_table, print_text

    print_text(f"{found['phase'] or 'engines elsewhere'} in {found['data']}\n")
    print_table(
        ("engine", "state", "where", "restarts"),
        [(e["name"], e["problem"] or "up", e["url"], e["restarts"]) for e in found["engines"]],
    )
    print_text()
    print_table(
        ("service", "state", "process", "starts", "last exit", "log"),
        [
            (f"{s['name']}-{s['number']}", s["state"], s["pid"], s["starts"], s["last_exit"], s["log"])
            for s in found["services"]
        ],
    )
    print_text()
    print_table(
        ("consumer", "waiting", "in hand", "again"),
        [(c["consumer"], c["pending"], c["unacknowledged"], c["redelivered"]) for c in found["lag"] if any(c.values())],
    )
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
