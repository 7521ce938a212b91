"""`wait`: until everything that was taken in has its end."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from libs.adapters.postgres.queries.progress import Progress as Done


def register(app: typer.Typer) -> None:
    app.command()(wait)


def wait(
    data: Data = DATA,
    timeout_seconds: Annotated[float, typer.Option("--timeout-seconds", min=0, help="Give up after this time.")] = 600,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when anything is in quarantine.")] = False,
    as_json: Json = False,
) -> None:
    """Wait until every page has its end and is searchable.

    What was set aside in quarantine counts as finished and is listed. Polls of standing sources that are not due yet
    do not count.
    """
    from services.cli.output import print_json
    from services.cli.waits import wait_until_done

    done, aside = asyncio.run(wait_until_done(Path(data), timeout_seconds))
    if as_json:
        print_json(_as_json(done, aside))
    else:
        _print(done, aside)
    if not done.done or (strict and aside):
        raise typer.Exit(1)


def _as_json(done: "Done", aside: list[dict[str, Any]]) -> dict[str, Any]:
    unfinished = {kind: {"count": open_.count, "oldest": list(open_.oldest)} for kind, open_ in done.unfinished.items()}
    return {
        "done": done.done,
        "captures": done.ended_captures,
        "unfinished": unfinished,
        "quarantined": [{name: row[name] for name in _ASIDE} for row in aside],
    }


_WHOSE_TURN = {
    "fetches": "fetcher",
    "captures": "normalizer",
    "revisions": "deduplicator or indexer",
    "articles": "indexer",
    "stories": "indexer",
    "texts": "deduplicator, which compares them by meaning",
}
_ASIDE = ("quarantine_id", "stage", "reason", "error", "subject", "capture_id", "article_id", "revision_id")


def _print(done: "Done", aside: list[dict[str, Any]]) -> None:
    from services.cli.output import print_text, say, shortened

    for row in aside:
        print_text(
            f"quarantined {row['quarantine_id'][:12]} by {row['stage']}: {row['reason']}: "
            f"{shortened(row['error'], 120)}"
        )
    if aside:
        print_text("see `newsfold quarantine show ID`; `newsfold quarantine replay ID` tries again")
    if done.done:
        print_text(f"done: {done.ended_captures:,} captures have their end")
        return
    say("error: not everything has its end:")
    for kind, open_ in done.unfinished.items():
        say(f"  {open_.count:,} {kind} wait for the {_WHOSE_TURN[kind]}, the oldest: {', '.join(open_.oldest)}")
    say("`newsfold status` shows services and lag, `newsfold trace URL` one page")
