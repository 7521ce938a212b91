"""`support-bundle`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DATA, Data, Json


def register(app: typer.Typer) -> None:
    app.command("support-bundle")(support_bundle)


def support_bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to be written, as in `support.tar.gz`.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Put state, findings, settings, metrics and the ends of logs into one archive, without secrets and articles."""
    from services.cli.bundle import gather, write
    from services.cli.output import print_json, print_text

    files = asyncio.run(gather(data))
    write(file, files)
    if as_json:
        print_json({"file": str(file), "files": sorted(files)})
    else:
        print_text(f"{file}: {len(files)} files. Look through it before you send it to anybody.")
