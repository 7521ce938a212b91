"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="NEWSFOLD_DATA_DIR",
        metavar="DIR",
        help="Folder of the local engines, blobs, logs and run state.",
        file_okay=False,
    ),
]
DATA = Path(".newsfold")
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text: one object, or one a line for lists.")]
Lane = Annotated[str | None, typer.Option("--lane", metavar="live|backfill", help="How urgent it is.")]
OrderSeed = Annotated[
    int | None, typer.Option("--order-seed", metavar="N", help="Shuffle what is queued, the same for the same N.")
]
