"""`story list|show`, `why` and `rebuild stories`."""

import asyncio
from typing import Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

group = typer.Typer(no_args_is_help=True, help="Stories: articles that retell the same interview or agency text.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="story")


@group.command(name="list")
def list_(
    least: Annotated[int, typer.Option("--least", min=1, metavar="N", help="Only stories of so many articles.")] = 1,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """All stories, the largest first."""
    from services.cli.output import print_lines, print_table, shortened

    found = asyncio.run(_stories(data, least))
    if as_json:
        print_lines(found)
        return
    rows = [
        (s["story_id"][:12], s["size"], s["publishers"], shortened(lead["title"], 70), lead["outlet"])
        for s in found
        if (lead := s["lead"] or {"title": None, "outlet": None})
    ]
    print_table(("story", "articles", "publishers", "lead", "outlet"), rows)


async def _stories(data: Any, least: int) -> list[dict[str, Any]]:
    from libs.adapters.postgres.queries.stories import story_list
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        return [story async for story in story_list(engine, least=least)]


@group.command()
def show(
    story_id: Annotated[str, typer.Argument(metavar="ID", help="An id, an old id, or the unique beginning of one.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """One story with its members, who quotes it, and its history; an old id answers with the new one."""
    from services.cli.output import print_json, print_table, print_text, shortened

    found = asyncio.run(_story(data, story_id))
    if as_json:
        print_json(found)
        return
    print_text(f"story {found['story_id']}")
    if found["asked"] != found["story_id"]:
        print_text(f"  {found['asked']} was merged into it")
    rows = [
        (
            "leads" if m["lead"] else ", ".join(m["link_types"]),
            m["key"],
            shortened(m["title"], 60),
            m["outlet"],
            m["published"],
        )
        for m in found["members"]
    ]
    print_table(("", "article", "title", "outlet", "published"), rows)
    if found["quoted_in"]:
        print_text("\nquoted in")
        print_table(("article", "title", "outlet"), [(q["key"], q["title"], q["outlet"]) for q in found["quoted_in"]])


async def _story(data: Any, story_id: str) -> dict[str, Any]:
    from libs.adapters.postgres.queries.stories import story
    from services.cli.failures import CommandFailed
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        found = await story(engine, story_id)
    if found is None:
        raise CommandFailed(f"no story, or more than one, begins with {story_id}: `newsfold story list` lists them")
    return found
