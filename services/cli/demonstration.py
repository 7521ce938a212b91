"""The demo: builds the corpus's web sites, takes them in as a mirror, judges the result against the corpus's labels."""

import asyncio
import hashlib
import json
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
SHOWN_STORIES = 5
SHOWN_MEMBERS = 6
SEARCHES = ("ceasefire", "timetable")
QUOTATION = "a ceasefire is a door, not a house"

Json = dict[str, Any]


def demonstrate(data: Path) -> None:
    """Run it all and stop what was started. Raises CommandFailed when the result is not right."""
    begun = time.monotonic()
    if not CORPUS.is_dir():
        raise CommandFailed(f"the demo corpus is not there ({CORPUS}): run the demo from a checkout")
    sites = _build_sites(data)
    line = Progress()
    say(f"starting engines and services in {data}")
    run_detached(data, dict.fromkeys(SERVICES, 1), watch=line.show)
    line.clear()
    try:
        articles, found, carriers = asyncio.run(_take_in(data, sites))
    finally:
        say("stopping")
        stop(data, watch=line.show)
        line.clear()
    result = _judged(sites, articles, data)
    _show(articles, result, data)
    _show_searches(found, carriers, data)
    print_text(f"\nopen it again with: newsfold up --data {data}")
    print_text(f"took {time.monotonic() - begun:.0f} s")
    _check(result, found, carriers)


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


def _show(articles: Sequence[Json], result: Json, data: Path) -> None:
    stories: dict[str, list[Json]] = defaultdict(list)
    for article in articles:
        stories[article["story_id"]].append(article)
    ranked = sorted(stories.items(), key=lambda item: (-len(item[1]), item[0]))
    several = sum(len(members) > 1 for members in stories.values())
    print_text(
        f"{counted(len(articles), 'article')} in {counted(len(stories), 'story', 'stories')}, "
        f"{several} of them told more than once; B-cubed F1 {result['bcubed_f1']:.2f}"
    )
    print_text("\nstories, the largest first")
    for _, members in ranked[:SHOWN_STORIES]:
        _show_story(members)
    print_text(f"\n  newsfold story list --data {data}")


def _show_story(members: Sequence[Json]) -> None:
    ordered = sorted(members, key=lambda a: (not a["lead"], a["published"] or "~", a["key"]))
    publishers = len({article["publisher"] for article in members})
    size = f"{counted(len(members), 'article')}, {counted(publishers, 'publisher')}"
    print_text(f"  {size:<26} {shortened(ordered[0]['title'], 70)}")
    for article in ordered[:SHOWN_MEMBERS]:
        role = "leads" if article["lead"] else ""
        print_text(f"      {role:<6} {shortened(article['key'], 70):<70} {article['outlet']}")
    if len(ordered) > SHOWN_MEMBERS:
        print_text(f"      and {len(ordered) - SHOWN_MEMBERS} more")


def _show_searches(found: dict[str, int], carriers: int, data: Path) -> None:
    print_text("\ntry, once it is open again")
    for words, count in found.items():
        print_text(f'  newsfold search "{words}" --stories --data {data}    finds {counted(count, "story", "stories")}')
    print_text(f'  newsfold quote "{QUOTATION}" --data {data}    finds {counted(carriers, "article")}')


def _check(result: Json, found: dict[str, int], carriers: int) -> None:
    problems = []
    if result["lost"]:
        problems.append(f"pages without an article: {', '.join(result['lost'])}")
    if result["bcubed_f1"] < LEAST_F1:
        problems.append(f"B-cubed F1 is {result['bcubed_f1']:.3f}, at least {LEAST_F1} is right")
    problems += [f"the search for {words!r} finds nothing" for words, count in found.items() if not count]
    if not carriers:
        problems.append(f"nobody carries {QUOTATION!r}")
    if problems:
        raise CommandFailed("the result is not right: " + "; ".join(problems))
