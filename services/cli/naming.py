"""Finds the article that a person names: by key, URL, id, or the file that it was taken in from."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.queries.articles import article_keys
from services.cli.failures import CommandFailed


def spelt(name: str) -> str:
    """A file's path as the URL under which its page is known, when it has no other; anything else as it is."""
    path, hash_, segment = name.rpartition("#")
    file = Path(path if hash_ and segment.isdigit() else name)
    if "://" in name or not file.is_file():
        return name
    return f"file:{file.absolute()}" + (f"#{segment}" if hash_ and segment.isdigit() else "")


async def one_article(engine: AsyncEngine, name: str) -> str:
    """Its id. Raises CommandFailed when there is none, or more than one."""
    found = await article_keys(engine, spelt(name))
    if len(found) == 1:
        return found[0][1]
    if not found:
        raise CommandFailed(f"no article is named {name}: `newsfold articles` lists them")
    raise CommandFailed(f"{name} holds {len(found)} articles, name one of them: {', '.join(key for key, _ in found)}")
