"""`demo`: the demo corpus from its web sites to stories, on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import Json

DEMO_DATA = Path(".newsfold/demo")


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    data: Annotated[
        Path,
        typer.Option(
            "--data", envvar="NEWSFOLD_DATA_DIR", metavar="DIR", help="Where it is kept for later.", file_okay=False
        ),
    ] = DEMO_DATA,
    as_json: Json = False,
) -> None:
    """Start everything, take in the demo corpus, show the stories found, stop; exit 0 only if the result is right.

    The data folder is kept, and a second run in it is quicker.
    """
    from services.cli.demonstration import demonstrate, show
    from services.cli.failures import CommandFailed
    from services.cli.output import print_json

    result = demonstrate(data)
    if as_json:
        print_json(result)
    else:
        show(result)
    if not result["right"]:
        raise CommandFailed("the result is not right: " + "; ".join(result["problems"]))
