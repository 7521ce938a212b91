"""`backup`, `restore` and `drill`."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from services.cli.backups import Report
    from services.cli.drills import Drill


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)
    app.command()(drill)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where backups are kept; made if missing.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a backup of PostgreSQL and the captured bytes below FOLDER, while everything runs; exit 1 when bytes miss.

    A further backup into the same FOLDER copies only bytes that are new. Index and broker are not part of it.
    """
    report = asyncio.run(_back_up(folder, data))
    _tell(report, "backed up", as_json=as_json)


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="One backup: FOLDER/<time>.", file_okay=False)],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Bring a backup into engines that run and are empty; build the index; send what had no end on its way again."""
    report = asyncio.run(_restore(backup, data))
    _tell(report, "restored", as_json=as_json)


def drill(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="One backup: FOLDER/<time>.", file_okay=False)],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Bring a backup back for trial, beside the real data; exit 1 unless all of it is there and every rule holds."""
    from services.cli.output import print_text

    report = asyncio.run(_drill(backup, data))
    if not as_json:
        for problem in report.problems:
            print_text(problem)
    _tell(report, "tried", as_json=as_json)
    if report.problems:
        raise typer.Exit(1)


async def _drill(place: Path, data: Path) -> "Drill":
    from services.cli.drills import drill as try_out
    from services.cli.output import Progress
    from services.cli.target import Target

    line = Progress()
    try:
        return await try_out(Target(data), place, line.show)
    finally:
        line.clear()


def _tell(report: "Report", what: str, *, as_json: bool) -> None:
    from services.cli.output import print_json, print_text

    if as_json:
        print_json(asdict(report))
    else:
        steps = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in report.seconds.items())
        print_text(f"{what} {report.backup}: {report.rows:,} rows, {report.blobs:,} blobs ({steps})")
        if report.missing_blobs:
            shown = ", ".join(report.missing_blobs[:5])
            print_text(f"{len(report.missing_blobs):,} blobs are missing or damaged: {shown}; see `newsfold verify`")
    if report.missing_blobs:
        raise typer.Exit(1)


async def _back_up(folder: Path, data: Path) -> "Report":
    from services.cli.backups import back_up
    from services.cli.output import Progress
    from services.cli.target import Target

    line = Progress()
    try:
        return await back_up(Target(data), folder, line.show)
    finally:
        line.clear()


async def _restore(place: Path, data: Path) -> "Report":
    from services.cli.backups import restore as bring_back
    from services.cli.commands.operations import build_index, send_unfinished
    from services.cli.output import Progress
    from services.cli.target import Target

    line = Progress()
    try:
        report = await bring_back(Target(data), place, line.show)
    finally:
        line.clear()
    with report.timed("index"):
        await build_index(data)
    with report.timed("unfinished"):
        await send_unfinished(data)
    return report
