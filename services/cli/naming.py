"""How people name files and articles: an article by key, URL, id, or the file that it was taken in from."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from libs.domain.sources import folder_url
from services.cli.failures import CommandFailed

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


def absolute(path: Path) -> Path:
    """From the root, without `.` and `..`; links stay, for they are how people name things."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links


def spelt(name: str) -> str:
    """A file's path as the URL under which its page is known, when it has no other; anything else as it is."""
    path, hash_, segment = name.rpartition("#")
    file = Path(path if hash_ and segment.isdigit() else name)
    if "://" in name or not file.is_file():
        return name
    return folder_url(None, file.parent, absolute(file)) + (f"#{segment}" if hash_ and segment.isdigit() else "")


async def one_article(engine: "AsyncEngine", name: str) -> str:
    """Its id. Raises CommandFailed when there is none, or more than one."""
    from libs.adapters.postgres.queries.articles import article_keys
    from libs.adapters.postgres.queries.corrections import named

    found = await article_keys(engine, spelt(name))
    if len(found) == 1:
        return found[0][1]
    if not found:
        for why in (await named(engine, spelt(name))).values():
            raise CommandFailed(f"{name} was withdrawn: {why}")
        raise CommandFailed(f"no article is named {name}: `newsfold articles` lists them")
    raise CommandFailed(f"{name} holds {len(found)} articles, name one of them: {', '.join(key for key, _ in found)}")
