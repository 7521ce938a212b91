"""`story merge|split|pin|corrections|revoke` and `withdraw`: what editors decide, with who and why."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from services.cli.commands.stories import group
from services.cli.options import DATA, Data, Json

Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever asks later.")]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides (default: the account that runs this).")
]


def register(app: typer.Typer) -> None:
    for command in (merge, split, pin, revoke, corrections):
        group.command()(command)
    app.command()(withdraw)


def merge(
    names: Annotated[list[str], typer.Argument(metavar="STORY...", help="Ids of stories, or articles of theirs.")],
    why: Why,
    by: By = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make stories one, for good."""
    _tell(_decided(data, "merge", names, by, why), as_json)


def split(
    names: Annotated[list[str], typer.Argument(metavar="ARTICLE...", help="Those that leave their story.")],
    why: Why,
    by: By = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take articles out of their story; they and those that stay are never in one story again."""
    _tell(_decided(data, "split", names, by, why), as_json)


def pin(
    name: Annotated[str, typer.Argument(metavar="ARTICLE")],
    why: Why,
    by: By = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make an article the lead of its story, whichever that will be."""
    _tell(_decided(data, "pin", [name], by, why), as_json)


def withdraw(
    url: Annotated[str, typer.Argument(metavar="URL[#SEGMENT]", help="A page with all its articles, or one of them.")],
    why: Why,
    erase: Annotated[
        bool, typer.Option("--erase", help="For good: texts and bytes go too, and the page is refused ever after.")
    ] = False,
    by: By = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take what a page says out of stories and search, also what it will say later."""
    _tell(_decided(data, "withdraw", [url], by, why, erase=erase), as_json)


def revoke(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Of a correction: `newsfold story corrections`.")],
    why: Why,
    by: By = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a correction back: stories are as if it had never been made."""
    _tell(_taken_back(data, number, by, why), as_json)


def corrections(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were taken back.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What editors decided, in the order of the decisions."""
    from services.cli.output import print_lines, print_table, shortened

    found = asyncio.run(_all(data, revoked=everything))
    if as_json:
        print_lines(found)
        return
    rows = [
        (c["correction_id"], _state(c), c["who"], shortened(c["why"], 50), c["at"][:16], _listed(c["articles"]))
        for c in found
    ]
    print_table(("number", "correction", "who", "why", "at", "articles"), rows)


async def _all(data: Any, *, revoked: bool) -> list[dict[str, Any]]:
    from libs.adapters.postgres.queries.corrections import corrections as made
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        return [one async for one in made(engine, revoked=revoked)]


async def _decided(
    data: Any, kind: str, names: list[str], by: str | None, why: str, *, erase: bool = False
) -> dict[str, Any]:
    from services.cli.corrections import decide
    from services.cli.target import Target

    return await decide(Target(data), kind, names, by=by, why=why, erase=erase)


async def _taken_back(data: Any, number: int, by: str | None, why: str) -> dict[str, Any]:
    from services.cli.corrections import take_back
    from services.cli.target import Target

    return await take_back(Target(data), number, by=by, why=why)


def _tell(work: Coroutine[Any, Any, dict[str, Any]], as_json: bool) -> None:
    from services.cli.output import print_json, print_text
    from services.cli.words import counted

    done = asyncio.run(work)
    if as_json:
        print_json(done)
        return
    changed = counted(done["changed"]["articles"], "article")
    print_text(f"correction {done['correction_id']}, {_state(done)}: {_listed(done['articles'])}; {changed} changed")


def _state(correction: dict[str, Any]) -> str:
    """Its kind, and what became of it."""
    words = [correction["kind"], *(["erased"] if correction["erased"] else [])]
    return ", ".join([*words, *(["taken back"] if correction["revoked"] else [])])


def _listed(keys: list[str]) -> str:
    """Some of the articles."""
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3:,} more" if len(keys) > 3 else "")
