"""`search` and `quote`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from libs.adapters.opensearch.quotes import Carrier
    from libs.adapters.opensearch.search import Found


def register(app: typer.Typer) -> None:
    app.command()(search)
    app.command()(quote)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help='Words, "a phrase", -without.')],
    facet: Annotated[
        list[str] | None, typer.Option("--facet", metavar="NAME=VALUE", help="Only articles with this value.")
    ] = None,
    stories: Annotated[bool, typer.Option("--stories/--articles", help="Stories led by their source.")] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Without name variants.")] = False,
    size: Annotated[int, typer.Option("--size", min=0, max=10_000, help="Hits to show.")] = 20,
    skip: Annotated[int, typer.Option("--skip", min=0, help="Hits to leave out first.")] = 0,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Full text with facets; names are found in all their spellings."""
    from services.cli.output import print_json

    facets = [_facet(word) for word in facet or []]
    found = asyncio.run(_search(data, text, facets, stories=stories, exact=exact, size=size, skip=skip))
    if as_json:
        print_json(
            {
                "total": found.total,
                "variants": found.variants,
                "hits": found.hits,
                "facets": dict(sorted(found.facets.items())),
            }
        )
    elif stories:
        _print_stories(found)
    else:
        _print_articles(found)


def _facet(word: str) -> tuple[str, str]:
    from services.cli.failures import WrongUsage

    name, equals, value = word.partition("=")
    if not (name and equals and value):
        raise WrongUsage(f"--facet {word}: write NAME=VALUE, as in language=en")
    return name, value


async def _search(
    data: Any, text: str, facets: list[tuple[str, str]], *, stories: bool, exact: bool, size: int, skip: int
) -> "Found":
    from libs.adapters.opensearch.search import Search
    from services.cli.target import Target

    async with Target(data).open_opensearch() as client:
        ask = Search(client).stories if stories else Search(client).articles
        return await ask(text, facets, exact=exact, size=size, skip=skip)


def _print_articles(found: "Found") -> None:
    from services.cli.output import print_text, shortened

    print_text(f"{found.total:,} articles")
    for hit in found.hits:
        print_text(f"\n{shortened(hit['title'], 100)}")
        print_text(f"  {hit['outlet']}, {hit['published'] or 'undated'}  {hit['key']}")
        for fragment in hit["highlights"][:2]:
            print_text(f"  … {shortened(_plain(fragment), 160)}")
    _print_facets(found)


def _print_stories(found: "Found") -> None:
    from services.cli.output import print_text, shortened
    from services.cli.words import counted

    print_text(f"{found.total:,} stories")
    for hit in found.hits:
        lead = hit["lead"] or {}
        size = f"{counted(hit['size'], 'article')}, {counted(hit['publisher_count'], 'publisher')}"
        print_text(f"\n{size}  {shortened(hit['title'], 90)}")
        print_text(f"  leads {lead.get('key')}  {lead.get('outlet')}")
    _print_facets(found)


def _print_facets(found: "Found") -> None:
    from services.cli.output import print_text

    print_text()
    for name, values in found.facets.items():
        if values:
            print_text(f"{name}: " + ", ".join(f"{v['value']} ({v['count']})" for v in values[:8]))


def _plain(fragment: str) -> str:
    return fragment.replace("<mark>", "").replace("</mark>", "").replace("<em>", "").replace("</em>", "")


def quote(
    words: Annotated[str, typer.Argument(metavar='"WORDS"')],
    limit: Annotated[int, typer.Option("--limit", min=1, max=300, help="Carriers to show.")] = 300,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Who carried these words, verbatim or altered, first publisher first."""
    from services.cli.output import print_lines, print_text, shortened

    found = asyncio.run(_quote(data, words, limit))
    if as_json:
        print_lines(carrier.as_json() for carrier in found)
        return
    print_text(f"{len(found)} carriers")
    for carrier in found:
        how = "verbatim" if carrier.exact else f"altered, {carrier.share_kept:.0%} kept"
        print_text(f"\n{how}  {carrier.outlet}, {carrier.published or 'undated'}  {carrier.key}")
        print_text(f"  {shortened(carrier.text, 200)}")


async def _quote(data: Any, words: str, limit: int) -> "list[Carrier]":
    from libs.adapters.opensearch.quotes import QuoteLookup
    from services.cli.target import Target

    async with Target(data).open_opensearch() as client:
        return await QuoteLookup(client)(words, limit=limit)
