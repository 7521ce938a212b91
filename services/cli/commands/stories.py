"""`story list|show`, `why` and `rebuild stories`."""

import asyncio
from typing import Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

group = typer.Typer(no_args_is_help=True, help="Stories: articles that retell the same interview or agency text.")


rebuilding = typer.Typer(no_args_is_help=True, help="Make anew what is derived.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="story")
    app.add_typer(rebuilding, name="rebuild")
    app.command()(why)


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
        print_text(f"  {found['asked']} leads to it")
    if found["withdrawn"]:
        print_text("  all its articles were withdrawn")
        return
    for made in found["corrections"]:
        print_text(f"  {made['kind']} by {made['who']}: {made['why']} (correction {made['correction_id']})")
    rows = [
        (
            ", ".join([*(["leads"] if m["lead"] else m["link_types"]), *(["gone"] if m["gone_at"] else [])]),
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


def why(
    one: Annotated[str, typer.Argument(metavar="A", help="An article's key or URL, or a file that was taken in.")],
    other: Annotated[str, typer.Argument(metavar="B")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The link of two articles with its reasons, or what was missing for one."""
    from services.cli.answers import why_lines
    from services.cli.output import print_json, print_text

    found = asyncio.run(_why(data, one, other))
    if as_json:
        print_json(found)
        return
    for line in why_lines(found):
        print_text(line)


async def _why(data: Any, one: str, other: str) -> dict[str, Any]:
    from libs.adapters.postgres.queries.links import why as explain
    from services.cli.failures import CommandFailed
    from services.cli.naming import one_article
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        ids = [await one_article(engine, name) for name in (one, other)]
        found = await explain(engine, *ids)
    if found is None:
        raise CommandFailed("one of them is not judged yet: `newsfold wait` waits for it")
    return found


@rebuilding.command(name="stories")
def rebuild_stories(data: Data = DATA, as_json: Json = False) -> None:
    """Links and stories anew from the current revisions; ids stay. What changed is sent on to the index."""
    from services.cli.output import print_json, print_text
    from services.cli.words import counted

    done = asyncio.run(_rebuild(data))
    if as_json:
        print_json(done)
        return
    print_text(f"{counted(done['changed'], 'article')} moved")
    if done["restored"]:
        print_text(f"{counted(done['restored'], 'story', 'stories')} restored that did not fit their articles")


async def _rebuild(data: Any) -> dict[str, int]:
    from libs.adapters.postgres.migrate import check_schema
    from libs.adapters.postgres.reconcile import reconcile
    from services.cli.publishing import open_publisher
    from services.cli.running import run_task
    from services.cli.target import Target

    target = Target(data)
    async with target.open_postgres() as engine, open_publisher(target.nats) as publish:
        await check_schema(engine)
        done = await asyncio.to_thread(run_task, target, "deduplicator", "rebuild")
        await reconcile(engine, publish)
    return {"changed": done["changed"], "restored": done["restored"]}
