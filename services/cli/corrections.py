"""Makes an editor's decision through the deduplicator and sends what it changed on to the index."""

import asyncio
import getpass
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from libs.adapters.postgres.erasing import bytes_removed
from libs.adapters.postgres.migrate import check_schema
from libs.adapters.postgres.queries.corrections import correction, named
from libs.adapters.postgres.queries.stories import find_story
from libs.adapters.postgres.reconcile import AT_ONCE, Unfinished, again
from libs.contracts.pipeline import Lane
from services.cli.failures import CommandFailed, WrongUsage
from services.cli.naming import spelt
from services.cli.publishing import Publish, open_publisher
from services.cli.running import run_task
from services.cli.target import Target

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

Json = dict[str, Any]


def editor(given: str | None) -> str:
    """Who decides: as given, else the account that runs the command. Raises WrongUsage."""
    try:
        who = given or getpass.getuser()
    except (KeyError, OSError):
        who = ""
    if not who.strip():
        raise WrongUsage("nobody knows who decides: say it with --by NAME")
    return who.strip()


def reason(given: str) -> str:
    """Why, on one line. Raises WrongUsage."""
    why = " ".join(given.split())
    if not why:
        raise WrongUsage("--reason says why, for whoever asks later; it cannot be empty")
    return why


async def decide(
    target: Target, kind: str, names: Sequence[str], *, by: str | None, why: str, erase: bool = False
) -> Json:
    """Make a decision about what `names` names: articles, for a merge also stories. Raises CommandFailed."""
    who, why = editor(by), reason(why)
    async with target.open_postgres() as engine, open_publisher(target.nats) as publish:
        await check_schema(engine)
        articles, stories = await _resolved(engine, kind, names, again=erase)
        given = {"kind": kind, "articles": articles, "stories": stories, "who": who, "why": why, "erase": erase}
        return await _carried_out(target, engine, publish, given)


async def take_back(target: Target, number: int, *, by: str | None, why: str) -> Json:
    """Take a decision back. Raises CommandFailed."""
    who, why = editor(by), reason(why)
    async with target.open_postgres() as engine, open_publisher(target.nats) as publish:
        await check_schema(engine)
        return await _carried_out(target, engine, publish, {"number": number, "who": who, "why": why})


async def _carried_out(target: Target, engine: "AsyncEngine", publish: Publish, given: Json) -> Json:
    given |= {"trace_id": uuid.uuid4().hex}
    done = await asyncio.to_thread(run_task, target, "deduplicator", "correct", given)
    if "refused" in done:
        raise CommandFailed(done["refused"])
    if done["blobs"]:
        await _remove_bytes(target, engine, done["number"], done["blobs"])
    touched = done["touched"]
    changed = [Unfinished("article", key, Lane.LIVE, 0) for key in touched["articles"]]
    changed += [Unfinished("story", key, Lane.LIVE, 0) for key in touched["stories"]]
    for at in range(0, len(changed), AT_ONCE):
        await publish(await again(engine, changed[at : at + AT_ONCE]))
    told = await correction(engine, done["number"])
    return {**told, "changed": {"articles": len(touched["articles"]), "stories": touched["stories"]}}


async def _remove_bytes(target: Target, engine: "AsyncEngine", number: int, sha256s: Sequence[str]) -> None:
    """What was captured goes last: cut off before, it is still listed, and the command said again removes it."""
    blobs = target.open_blobs()
    for sha256 in sha256s:
        await blobs.discard(sha256)
    async with engine.begin() as connection:
        await bytes_removed(connection, number)


async def _resolved(
    engine: "AsyncEngine", kind: str, names: Sequence[str], *, again: bool
) -> tuple[list[str], list[str]]:
    """Ids of the articles and stories that are named; with `again` also withdrawn ones. Raises CommandFailed."""
    articles: list[str] = []
    stories: list[str] = []
    for name in names:
        if kind == "merge" and (story_id := await _story(engine, name)) is not None:
            stories.append(story_id)
        else:
            articles += await _articles(engine, name, whole_page=kind == "withdraw", again=again)
    return list(dict.fromkeys(articles)), list(dict.fromkeys(stories))


async def _story(engine: "AsyncEngine", name: str) -> str | None:
    if "/" in name:
        return None
    async with engine.connect() as connection:
        found = await find_story(connection, name)
    return None if found is None else found[1]


async def _articles(engine: "AsyncEngine", name: str, *, whole_page: bool, again: bool) -> list[str]:
    found = await named(engine, spelt(name))
    if not found:
        raise CommandFailed(f"nothing is named {name}: `newsfold articles` and `newsfold story list` say what there is")
    standing = [article_id for article_id, withdrawn in found.items() if withdrawn is None or again]
    if not standing:
        raise CommandFailed(f"{name} was withdrawn before: {next(iter(found.values()))}")
    if len(standing) > 1 and not whole_page:
        raise CommandFailed(f"{name} holds {len(standing)} articles, name one of them: its key ends in #0, #1, ...")
    return standing
