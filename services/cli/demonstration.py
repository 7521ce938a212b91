"""The demo: builds the corpus's web sites, takes them in as a mirror, judges the result against the corpus's labels."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from libs.adapters.postgres.fetches import PostgresFetches
from libs.adapters.postgres.queries.articles import current_articles
from libs.contracts.pipeline import Lane
from services.cli.failures import CommandFailed
from services.cli.gathering import from_mirror
from services.cli.output import Progress, print_text, say, shortened
from services.cli.roster import SERVICES
from services.cli.running import CHECKOUT, run_detached, stop
from services.cli.target import Target
from services.cli.waits import wait_until_done
from services.cli.words import counted

CORPUS = CHECKOUT / "demo" / "corpus"
LEAST_F1 = 0.80  # B-cubed; a plain overlap rule on the clean texts reaches 0.78
WAIT_SECONDS = 600
DISK_SETTING = "NEWSFOLD_FETCHER_DISK_PERCENT"
SHOWN_STORIES = 5
SHOWN_MEMBERS = 6
SEARCHES = ("ceasefire", "timetable")
QUOTATION = "a ceasefire is a door, not a house"

Json = dict[str, Any]


def demonstrate(data: Path) -> Json:
    """Run it all and stop what was started; answers the result, see docs/reference/cli.md for the shape.

    A result that is not right has its `problems`. Raises CommandFailed when there is none at all.
    """
    begun = time.monotonic()
    os.environ.setdefault(DISK_SETTING, "100")  # a few megabytes need not wait for room on somebody's disk
    if not CORPUS.is_dir():
        raise CommandFailed(f"the demo corpus is not there ({CORPUS}): run the demo from a checkout")
    sites = _build_sites(data)
    line = Progress(steps=True)
    say(f"starting engines and services in {data}")
    run_detached(data, dict.fromkeys(SERVICES, 1), watch=line.show)
    line.clear()
    try:
        articles, found, carriers = asyncio.run(_take_in(data, sites))
    finally:
        say("stopping")
        stop(data, watch=line.show)
        line.clear()
    score = _judged(sites, articles, data)
    problems = _problems(score, found, carriers)
    return {
        "data": str(data),
        "right": not problems,
        "problems": problems,
        "articles": len(articles),
        **_told(articles),
        "bcubed_f1": score["bcubed_f1"],
        "searches": [{"text": words, "stories": count} for words, count in found.items()],
        "quote": {"words": QUOTATION, "articles": carriers},
        "seconds": round(time.monotonic() - begun, 1),
    }


def _build_sites(data: Path) -> Path:
    """The corpus as web sites; left alone when it is there already, so that a second run meets unchanged files."""
    sites = data / "sites"
    mark, state = sites / ".built", _fingerprint()
    if mark.is_file() and mark.read_text(encoding="ascii") == state:
        return sites
    say("building the web sites of the demo corpus")
    sites.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(
        [sys.executable, str(CORPUS / "build_sites.py"), str(sites)], capture_output=True, text=True, check=False
    )
    if built.returncode:
        raise CommandFailed(f"the demo corpus cannot be built: {built.stderr.strip()}")
    mark.write_text(state, encoding="ascii")
    return sites


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted([*CORPUS.glob("*.py"), *(CORPUS / "articles").glob("*.json")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


async def _take_in(data: Path, sites: Path) -> tuple[list[Json], dict[str, int], int]:
    """All current articles, how many stories each example search finds, and how many carry the quotation."""
    from libs.adapters.opensearch.quotes import QuoteLookup
    from libs.adapters.opensearch.search import Search

    target = Target(data)
    async with target.open_postgres() as engine, target.open_opensearch() as client:
        queued = await PostgresFetches(engine).enqueue(from_mirror(sites, Lane.BACKFILL).work)
        say(f"taking in {counted(queued, 'page')}")
        done, aside = await wait_until_done(data, WAIT_SECONDS)
        if not done.done:
            kinds = ", ".join(f"{open_.count} {kind}" for kind, open_ in done.unfinished.items())
            raise CommandFailed(f"not done after {WAIT_SECONDS} s: {kinds}; see the logs in {data}/logs")
        for entry in aside:
            say(f"quarantined by {entry['stage']}: {entry['reason']}: {shortened(entry['error'], 120)}")
        search = Search(client)
        found = {words: (await search.stories(words)).total for words in SEARCHES}
        carriers = len(await QuoteLookup(client)(QUOTATION))
        return [article async for article in current_articles(engine)], found, carriers


def _judged(sites: Path, articles: Sequence[Json], data: Path) -> Json:
    """The corpus's own score of the grouping, with `lost`: labelled pages of which there is no article."""
    labelled = json.loads((sites / "labels.json").read_text(encoding="utf-8"))
    result = data / "demo-result.json"
    result.write_text(json.dumps({a["key"]: a["story_id"] for a in articles}), encoding="utf-8")
    scored = subprocess.run(
        [sys.executable, str(CORPUS / "score.py"), str(result), "--without", "single_quote", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if scored.returncode:
        raise CommandFailed(f"the result cannot be scored: {scored.stderr.strip()}")
    there = {article["url"] for article in articles}
    return {**json.loads(scored.stdout), "lost": sorted(set(labelled) - there)}


def _told(articles: Sequence[Json]) -> Json:
    """How many stories there are, and the largest of them with their members, the lead first."""
    stories: dict[str, list[Json]] = defaultdict(list)
    for article in articles:
        stories[article["story_id"]].append(article)
    ranked = sorted(stories.items(), key=lambda item: (-len(item[1]), item[0]))
    return {
        "stories": len(stories),
        "stories_of_several": sum(len(members) > 1 for members in stories.values()),
        "largest": [_story(story_id, members) for story_id, members in ranked[:SHOWN_STORIES]],
    }


def _story(story_id: str, members: Sequence[Json]) -> Json:
    ordered = sorted(members, key=lambda a: (not a["lead"], a["published"] or "~", a["key"]))
    return {
        "story_id": story_id,
        "size": len(members),
        "publishers": len({article["publisher"] for article in members}),
        "members": [{name: article[name] for name in ("key", "title", "outlet", "lead")} for article in ordered],
    }


def _problems(score: Json, found: dict[str, int], carriers: int) -> list[str]:
    problems = []
    if score["lost"]:
        problems.append(f"pages without an article: {', '.join(score['lost'])}")
    if score["bcubed_f1"] < LEAST_F1:
        problems.append(f"B-cubed F1 is {score['bcubed_f1']:.3f}, at least {LEAST_F1} is right")
    problems += [f"the search for {words!r} finds nothing" for words, count in found.items() if not count]
    if not carriers:
        problems.append(f"nobody carries {QUOTATION!r}")
    return problems


def show(result: Json) -> None:
    """The result for people."""
    print_text(
        f"{counted(result['articles'], 'article')} in {counted(result['stories'], 'story', 'stories')}, "
        f"{result['stories_of_several']} of them told more than once; B-cubed F1 {result['bcubed_f1']:.2f}"
    )
    print_text("\nstories, the largest first")
    for story in result["largest"]:
        _show_story(story)
    data = result["data"]
    print_text(f"\n  newsfold story list --data {data}")
    print_text("\ntry, once it is open again")
    for search in result["searches"]:
        finds = counted(search["stories"], "story", "stories")
        print_text(f'  newsfold search "{search["text"]}" --stories --data {data}    finds {finds}')
    quote = result["quote"]
    print_text(f'  newsfold quote "{quote["words"]}" --data {data}    finds {counted(quote["articles"], "article")}')
    print_text(f"\nopen it again with: newsfold up --data {data}")
    print_text(f"took {result['seconds']:.0f} s")


def _show_story(story: Json) -> None:
    members = story["members"]
    size = f"{counted(story['size'], 'article')}, {counted(story['publishers'], 'publisher')}"
    print_text(f"  {size:<26} {shortened(members[0]['title'], 70)}")
    for article in members[:SHOWN_MEMBERS]:
        role = "leads" if article["lead"] else ""
        print_text(f"      {role:<6} {shortened(article['key'], 70):<70} {article['outlet']}")
    if len(members) > SHOWN_MEMBERS:
        print_text(f"      and {len(members) - SHOWN_MEMBERS} more")
