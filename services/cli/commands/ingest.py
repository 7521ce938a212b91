"""`ingest`: puts work into the due-time table and returns; `newsfold wait` waits for its end."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DATA, Data, Json, Lane, OrderSeed

if TYPE_CHECKING:
    from libs.contracts.fetching import NewFetch
    from services.cli.gathering import Gathered

Folder = Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)]
Urls = Annotated[list[str], typer.Argument(metavar="URL...")]

group = typer.Typer(no_args_is_help=True, help="Take pages in: from a folder, a mirror, URLs, a list or feeds.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="ingest")


@group.command()
def folder(
    path: Folder,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="What relative paths are appended to.")
    ] = None,
    lane: Lane = None,
    order_seed: OrderSeed = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Text and HTML files.

    A page's URL is its canonical link, else --base-url with the relative path, else file: with the absolute path.
    """
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.gathering import asked_urls, from_folder, lane_of

    asked_urls([base_url] if base_url else [])
    _queue(data, from_folder(path, lane_of(lane, Lanes.BACKFILL), base_url=base_url), order_seed, as_json=as_json)


@group.command()
def mirror(
    path: Folder, lane: Lane = None, order_seed: OrderSeed = None, data: Data = DATA, as_json: Json = False
) -> None:
    """A mirrored web: DIR/<host>/<path> is https://<host>/<path>, index.html is its folder."""
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.gathering import from_mirror, lane_of

    _queue(data, from_mirror(path, lane_of(lane, Lanes.BACKFILL)), order_seed, as_json=as_json)


@group.command()
def url(urls: Urls, lane: Lane = None, order_seed: OrderSeed = None, data: Data = DATA, as_json: Json = False) -> None:
    """Single pages."""
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.gathering import asked_urls, from_urls, lane_of

    _queue(data, from_urls(asked_urls(urls), lane_of(lane, Lanes.LIVE)), order_seed, as_json=as_json)


@group.command(name="list")
def list_(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A URL a line; - reads standard input.")],
    lane: Lane = None,
    order_seed: OrderSeed = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The pages that a file lists."""
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.gathering import from_urls, lane_of, listed_in

    _queue(data, from_urls(listed_in(path), lane_of(lane, Lanes.BACKFILL)), order_seed, as_json=as_json)


@group.command()
def feed(urls: Urls, lane: Lane = None, order_seed: OrderSeed = None, data: Data = DATA, as_json: Json = False) -> None:
    """The pages that feeds (RSS, Atom) list now; `newsfold source add` polls a feed from now on."""
    from libs.contracts.fetching import FetchKind
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.gathering import asked_urls, from_urls, lane_of

    gathered = from_urls(asked_urls(urls), lane_of(lane, Lanes.LIVE), kind=FetchKind.FEED)
    _queue(data, gathered, order_seed, as_json=as_json)


def _queue(data: Path, gathered: "Gathered", order_seed: int | None, *, as_json: bool) -> None:
    from services.cli.gathering import shuffled
    from services.cli.output import print_json, print_text
    from services.cli.words import counted

    queued = asyncio.run(_enqueue(data, shuffled(gathered.work, order_seed)))
    if as_json:
        print_json({"queued": queued, "skipped": gathered.skipped})
    else:
        skipped = f", {counted(gathered.skipped, 'file')} skipped that are no pages" if gathered.skipped else ""
        print_text(f"{queued:,} queued{skipped}; `newsfold wait` waits for their end")


async def _enqueue(data: Path, work: "list[NewFetch]") -> int:
    from libs.adapters.postgres.fetches import PostgresFetches
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        return await PostgresFetches(engine).enqueue(work)
