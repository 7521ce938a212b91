"""`up` and `down`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from services.cli.state import RunState


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)


def up(
    data: Data = DATA,
    detach: Annotated[bool, typer.Option("--detach", help="Return once everything is ready.")] = False,
    scale: Annotated[
        list[str] | None, typer.Option("--scale", metavar="SERVICE=N", help="How many processes of a service.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Start engines and services and keep them running.

    Engines that a NEWSFOLD_*_URL setting names elsewhere are used, not started.
    """
    from services.cli.output import Progress, say
    from services.cli.running import run_detached, run_foreground, scale_of

    wanted = scale_of(scale or [])
    if detach:
        progress = Progress(steps=True)
        try:
            state = run_detached(data, wanted, watch=progress.show)
        finally:
            progress.clear()
        _show(data, state, as_json=as_json)
    else:
        run_foreground(
            data, wanted, say=say, on_ready=lambda state: _show(data, state, stop="Ctrl-C stops it", as_json=as_json)
        )


def down(data: Data = DATA, as_json: Json = False) -> None:
    """Stop what runs from a data folder, and wait for its end."""
    from services.cli.output import Progress, print_json, print_text
    from services.cli.running import stop

    progress = Progress(steps=True)
    try:
        stopped = stop(data, watch=progress.show)
    finally:
        progress.clear()
    if as_json:
        print_json({"data": str(data), "stopped": stopped})
        return
    print_text(f"stopped {data}" if stopped else f"nothing is running in {data}")


def _show(data: Path, state: "RunState", *, stop: str = "", as_json: bool) -> None:
    from dataclasses import asdict

    from services.cli.output import print_json, print_text
    from services.cli.words import without_password

    urls = {name.removesuffix("_url"): without_password(url) for name, url in state.urls.items()}
    if as_json:
        services = [asdict(service) for service in state.services]
        print_json({"data": str(data), "pid": state.pid, "urls": urls, "services": services})
        sys.stdout.flush()  # the run may go on for days
        return
    print_text(f"Newsfold is ready in {data}")
    for name, url in urls.items():
        print_text(f"  {name:<14} {url}")
    for service in state.services:
        print_text(f"  {f'{service.name}-{service.number}':<14} http://127.0.0.1:{service.port}/metrics")
    print_text(stop or f"stop it with: newsfold down --data {data}")
    sys.stdout.flush()
