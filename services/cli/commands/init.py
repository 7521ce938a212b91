"""`init`: the secrets of a deployment."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DATA, Data, Json

SECRETS = Path("deploy/secrets")


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    folder: Annotated[Path, typer.Argument(help="Where the secrets go.", file_okay=False)] = SECRETS,
    tls: Annotated[
        bool, typer.Option("--tls", help="Certificates for the engines as well; renewed 60 days before their end.")
    ] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make the passwords and keys of a deployment, each in a file; one that is there is never written over."""
    from dataclasses import asdict

    from services.cli.credentials import write_credentials
    from services.cli.output import print_json, print_text

    written = write_credentials(folder, tls=tls)
    if as_json:
        print_json({"folder": str(folder), **asdict(written)})
        return
    for word, names in (("made", written.made), ("renewed", written.renewed), ("not used any more", written.unused)):
        for name in names:
            print_text(f"{word}: {folder / name}")
    print_text(f"{len(written.kept)} secrets were there already and are as they were")
    print_text()
    print_text(_next(first=not written.kept, changed=bool(written.made or written.renewed)))


def _next(*, first: bool, changed: bool) -> str:
    if first:
        return (
            "Keep a copy of this folder apart from the machine and from its backups. Then start:\n"
            "  docker compose up --detach --wait"
        )
    if changed:
        return "Let the engines and services know:\n  docker compose up --detach --wait --force-recreate"
    return "Nothing is missing:\n  docker compose up --detach --wait"
