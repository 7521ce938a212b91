"""`doctor`: is this machine fit, and what to do where it is not."""

import asyncio

import typer

from services.cli.options import DATA, Data, Json


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(data: Data = DATA, as_json: Json = False) -> None:
    """Check memory, disk, kernel limits, ports, programs, clock and settings; exit 1 when something fails."""
    from dataclasses import asdict

    from services.cli.examination import examine
    from services.cli.output import print_lines, print_text

    findings = asyncio.run(examine(data))
    if as_json:
        print_lines(asdict(finding) for finding in findings)
    else:
        for finding in findings:
            print_text(f"{finding.level:<5} {finding.subject}: {finding.found}")
            if finding.advice:
                print_text(f"      {finding.advice}")
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)
