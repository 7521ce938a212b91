"""`articles`, `article` and `trace`."""

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from services.cli.options import DATA, Data, Json


def register(app: typer.Typer) -> None:
    app.command()(articles)
    app.command()(article)
    app.command()(trace)


def articles(
    full: Annotated[bool, typer.Option("--full", help="With body, turns, quotes, comments and links.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """All current articles, in the order of their keys."""
    asyncio.run(_articles(data, full=full, as_json=as_json))


async def _articles(data: Any, *, full: bool, as_json: bool) -> None:
    from libs.adapters.postgres.queries.articles import current_articles
    from services.cli.output import print_json, print_table, shortened
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        found = current_articles(engine, full=full)
        if as_json:
            async for line in found:
                print_json(line)
            return
        rows = [
            (a["key"], shortened(a["title"], 60), a["outlet"], a["published"], a["kind"], (a["story_id"] or "")[:12])
            async for a in found
        ]
    print_table(("key", "title", "outlet", "published", "kind", "story"), rows)


def article(
    name: Annotated[str, typer.Argument(metavar="URL[#SEGMENT]")], data: Data = DATA, as_json: Json = False
) -> None:
    """One article with body, turns, quotes, comments, links and revisions."""
    from services.cli.output import print_lines

    found = asyncio.run(_article(data, name))
    if as_json:
        print_lines(found)
    else:
        for one in found:
            _print_article(one)


async def _article(data: Any, name: str) -> list[dict[str, Any]]:
    from libs.adapters.postgres.queries.articles import articles_by_name
    from libs.adapters.postgres.queries.corrections import named
    from services.cli.failures import CommandFailed
    from services.cli.naming import spelt
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        found = await articles_by_name(engine, spelt(name))
        withdrawn = {} if found else await named(engine, spelt(name))
    if withdrawn:
        raise CommandFailed(f"{name} was withdrawn: {next(iter(withdrawn.values()))}")
    if not found:
        raise CommandFailed(
            f"no article is named {name}: `newsfold articles` lists them, `newsfold trace URL` may tell"
        )
    return found


def _print_article(article: dict[str, Any]) -> None:
    from services.cli.output import print_fields, print_text

    texts = ("body", "turns", "quotes", "comments", "links", "revisions")
    print_fields({name: value for name, value in article.items() if name not in texts})
    print_fields({name: len(article[name]) for name in texts[1:] if name in article})
    print_text()
    print_text(article["body"])
    for comment in article["comments"]:
        print_text(f"\ncomment by {comment['author'] or 'unknown'}, {comment['published'] or 'undated'}")
        print_text(comment["text"])
    print_text()


def trace(name: Annotated[str, typer.Argument(metavar="URL")], data: Data = DATA, as_json: Json = False) -> None:
    """What happened to a page: every stage, time, outcome and reason."""
    from services.cli.output import print_json

    found = asyncio.run(_trace(data, name))
    if as_json:
        print_json(found)
    else:
        _print_trace(found)


async def _trace(data: Any, name: str) -> dict[str, Any]:
    from libs.adapters.postgres.queries.trace import trace as traced
    from services.cli.failures import CommandFailed
    from services.cli.naming import spelt
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        found = await traced(engine, spelt(name))
    if found is None:
        raise CommandFailed(f"nothing is known of {name}: it was never queued, or is spelt otherwise")
    return found


def _steps_of_fetch(fetch: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """When it was queued, each try that failed, and how it ended or when it is due."""
    from datetime import datetime

    yield fetch["recorded_at"], "queue", "queued", "", fetch["lane"]
    for n, failed in enumerate(fetch["tries"], 1):
        yield datetime.fromisoformat(failed["at"]), "queue", f"try {n} failed", failed["reason"], ""
    if fetch["done"]:
        yield (
            fetch["finished_at"],
            "queue",
            fetch["end"] if fetch["end"] == "received" else "given up",
            "",
            fetch["lane"],
        )
    else:
        yield fetch["due_at"], "queue", "due", "", fetch["lane"]


def _print_trace(found: dict[str, Any]) -> None:
    from services.cli.output import print_table, print_text

    for page in found["pages"]:
        print_text(f"page {page['url']}")
    for capture in found["captures"]:
        end = f"{capture['end']}({capture['reason'] or capture['articles'] or ''})" if capture["end"] else "under way"
        print_text(f"capture {capture['capture_id'][:12]} of {capture['asked_url']}: {end.removesuffix('()')}")
    rows: list[tuple[Any, ...]] = [
        *(row for fetch in found["fetches"] for row in _steps_of_fetch(fetch)),
        *((s["at"], s["stage"], s["outcome"], s["reason"], s["detail"]) for s in found["steps"]),
        *(
            (q["recorded_at"], q["stage"], f"quarantine {q['state']}", q["reason"], q["error"])
            for q in found["quarantine"]
        ),
    ]
    rows.sort(key=lambda row: row[0])
    print_text()
    print_table(("time", "stage", "outcome", "reason", "detail"), rows)
