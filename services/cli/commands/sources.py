"""`source add|list|show|test|pause|remove`: feeds and pages that are polled from now on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DATA, Data, Json, Lane

if TYPE_CHECKING:
    from libs.adapters.postgres.sources import PostgresSources
    from libs.contracts.fetching import Source

Url = Annotated[str, typer.Argument(metavar="URL")]
Name = Annotated[str, typer.Argument(metavar="URL|ID")]
Kind = Annotated[str, typer.Option("--kind", metavar="feed|page", help="What stands at the URL.")]

group = typer.Typer(no_args_is_help=True, help="Standing sources, polled as often as they have something new.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="source")


@group.command()
def add(url: Url, kind: Kind = "feed", lane: Lane = None, data: Data = DATA, as_json: Json = False) -> None:
    """Poll a feed (RSS, Atom) or a page from now on; one that is paused goes on."""
    from libs.contracts.fetching import FetchKind
    from libs.contracts.pipeline import Lane as Lanes
    from services.cli.failures import WrongUsage
    from services.cli.gathering import asked_urls, lane_of

    if kind not in (FetchKind.FEED, FetchKind.PAGE):
        raise WrongUsage(f"--kind {kind}: write feed or page")
    asked_urls([url])
    wanted, urgency = FetchKind(kind), lane_of(lane, Lanes.LIVE)
    source_id = asyncio.run(_with_sources(data, lambda sources: sources.add(wanted, url, urgency)))
    _answer({"source_id": source_id, "url": url}, f"{url} is polled from now on", as_json=as_json)


@group.command(name="list")
def list_(data: Data = DATA, as_json: Json = False) -> None:
    """All sources."""
    from services.cli.output import print_lines, print_table

    found = asyncio.run(_with_sources(data, lambda sources: sources.list()))
    if as_json:
        print_lines(asdict(source) for source in found)
        return
    rows = [
        (
            s.url,
            s.kind,
            s.lane,
            "paused" if s.paused else f"every {s.period_seconds} s",
            s.last_success_at,
            s.last_new_item_at,
            s.failures or "",
            s.last_reason,
        )
        for s in found
    ]
    print_table(("source", "kind", "lane", "polled", "last answer", "last news", "failures", "reason"), rows)


@group.command()
def show(name: Name, data: Data = DATA, as_json: Json = False) -> None:
    """One source with all that is known of it."""
    from services.cli.output import print_fields, print_json

    source = asdict(asyncio.run(_found(data, name)))
    if as_json:
        print_json(source)
    else:
        print_fields(source)


@group.command(name="test")
def try_feed(url: Url, as_json: Json = False, data: Data = DATA) -> None:
    """Fetch a feed now, with the fetcher's own rules, and show what it lists; nothing is taken in."""
    from services.cli.feeds import read_remote_feed
    from services.cli.output import print_json, print_table, print_text, shortened

    del data  # nothing of it is needed: every command takes it
    found = asyncio.run(read_remote_feed(url))
    if as_json:
        print_json(found)
        return
    print_text(f"{found['url']}: {len(found['items'])} items")
    print_table(
        ("published", "title", "page"), [(i["published"], shortened(i["title"], 60), i["url"]) for i in found["items"]]
    )


@group.command()
def pause(
    name: Name,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with it, at once.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Poll a source no longer, until it is resumed."""
    source = asyncio.run(_found(data, name))
    asyncio.run(_with_sources(data, lambda sources: sources.pause(source.source_id, paused=not resume)))
    done = {"source_id": source.source_id, "url": source.url, "paused": not resume}
    _answer(done, f"{source.url} {'is polled again' if resume else 'is paused'}", as_json=as_json)


@group.command()
def remove(name: Name, data: Data = DATA, as_json: Json = False) -> None:
    """Forget a source and its open work; what was taken in stays."""
    source = asyncio.run(_found(data, name))
    asyncio.run(_with_sources(data, lambda sources: sources.remove(source.source_id)))
    _answer({"source_id": source.source_id, "url": source.url}, f"{source.url} is removed", as_json=as_json)


async def _with_sources(data: Any, ask: "Callable[[PostgresSources], Awaitable[Any]]") -> Any:
    from libs.adapters.http.settings import WebSettings
    from libs.adapters.postgres.sources import PollLimits, PostgresSources
    from services.cli.target import Target

    settings = WebSettings()
    limits = PollLimits(settings.fetcher_poll_floor_seconds, settings.fetcher_poll_cap_seconds)
    async with Target(data).open_postgres() as engine:
        return await ask(PostgresSources(engine, limits))


async def _found(data: Any, name: str) -> "Source":
    from services.cli.failures import CommandFailed

    source: Source | None = await _with_sources(data, lambda sources: sources.find(name))
    if source is None:
        raise CommandFailed(f"{name} is no source: `newsfold source list` shows all")
    return source


def _answer(value: dict[str, Any], words: str, *, as_json: bool) -> None:
    from services.cli.output import print_json, print_text

    if as_json:
        print_json(value)
    else:
        print_text(words)
