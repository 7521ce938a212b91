"""The named blocks of docs/search.md, and what PostgreSQL says each must answer.

Nothing here knows the documents: every expectation is counted from the rows of whatever population is searched.
"""

import asyncio
import json
import re
import shlex
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from opensearchpy import AsyncOpenSearch
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.opensearch.search import SEARCH_TYPE
from libs.adapters.postgres.tables import articles, pages, revisions, turns
from libs.domain.fingerprints.words import split_words
from libs.domain.revisions import article_key

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "search.md"
_BLOCK = re.compile(r"^```(json|bash|python) name=(\S+)(?: index=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"`(newsfold (?:search|quote) [^`]*['\"][^`]*)`")
PRINTED_ENGINE = "http://127.0.0.1:9200"  # as the guide writes it
RAQQA = {"raqqa", "raqa", "raqqah", "rakka", "ракка", "الرقة"}
AL_RAQQAH = "https://courier.example/raqqa.html"  # in every population: an invented page that spells the name so


@dataclass(frozen=True)
class Block:
    """A query of the guide. `index` None: the query names its own view."""

    kind: str
    index: str | None
    text: str

    def body(self, **replaced: str) -> dict[str, Any]:
        """The request, with the placeholders filled in."""
        text = self.text
        for placeholder, value in replaced.items():
            text = text.replace(f'"{placeholder}"', json.dumps(value))
        return dict(json.loads(text))


@cache
def blocks() -> dict[str, Block]:
    """By name."""
    found = _BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    return {name: Block(kind, index or None, text) for kind, name, index, text in found}


def commands() -> list[list[str]]:
    """The examples of `newsfold search` and `newsfold quote`, as words without the program's name."""
    return [shlex.split(line)[1:] for line in _COMMAND.findall(GUIDE.read_text(encoding="utf-8"))]


@dataclass(frozen=True)
class Searched:
    """A population that is in PostgreSQL and in the index."""

    engine: AsyncEngine
    client: AsyncOpenSearch
    names: IndexNames
    url: str

    async def ask(self, name: str, **replaced: str) -> dict[str, Any]:
        """The answer to a query of the guide, by its name."""
        block = blocks()[name]
        if block.index is None:
            return dict(await self.client.search(body=block.body(**replaced)))
        alias = self.names.alias(block.index)
        how = {"search_type": SEARCH_TYPE}
        return dict(await self.client.search(index=alias, body=block.body(**replaced), params=how))

    async def curl(self, name: str) -> dict[str, Any]:
        """What a command line of the guide prints; the test is skipped where there is no curl."""
        if shutil.which("curl") is None:
            pytest.skip("needs curl")
        text = blocks()[name].text.replace("\\\n", " ").replace(PRINTED_ENGINE, self.url)
        words = shlex.split(text.replace("/articles/", f"/{self.names.alias('articles')}/"))
        ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        answer, _ = await ran.communicate()
        return dict(json.loads(answer))

    async def run(self, name: str) -> dict[str, Any]:
        """The names that a Python program of the guide leaves behind."""
        code = blocks()[name].text.replace(PRINTED_ENGINE, self.url)
        code = code.replace('index = "articles"', f'index = "{self.names.alias("articles")}"')
        names: dict[str, Any] = {}
        await asyncio.to_thread(exec, compile(code, GUIDE.name, "exec"), names)
        return names


Row = dict[str, Any]


@dataclass(frozen=True)
class Account:
    """What PostgreSQL holds: articles that are shown, and their turns."""

    articles: list[Row]
    turns: list[Row]

    def where(self, test: Callable[[Row], bool]) -> list[Row]:
        return [row for row in self.articles if test(row)]

    def stories(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.articles:
            found[row["story_id"]].append(row)
        return found


async def read_account(engine: AsyncEngine) -> Account:
    """Read with queries of its own, not with those of the indexer."""
    article_query = (
        select(articles, pages.c.url, *(c for c in revisions.c if c.name not in articles.c))
        .join(pages, pages.c.page_id == articles.c.page_id)
        .join(revisions, revisions.c.revision_id == articles.c.revision_id)
        .where(articles.c.withdrawn_reason.is_(None), articles.c.story_id.is_not(None))
    )
    async with engine.connect() as connection:
        rows = [dict(row) for row in (await connection.execute(article_query)).mappings()]
        spoken = [dict(row) for row in (await connection.execute(select(turns))).mappings()]
    by_revision = {row["revision_id"]: row for row in rows}
    for row in rows:
        row["key"] = article_key(row["url"], row["article_id"], row["position"], row["segments"])
    current = [turn for turn in spoken if turn["revision_id"] in by_revision]
    for turn in current:
        article = by_revision[turn["revision_id"]]
        turn |= {name: article[name] for name in ("key", "outlet", "article_id")}
        turn["text"] = article["body"][turn["start"] : turn["end"]]
    return Account(rows, current)


def plain_words(*texts: str) -> set[str]:
    """Words without the English genitive, as the index has them."""
    found = (split_words(text.replace("’s", "").replace("'s", "")).words for text in texts)
    return {word for words in found for word in words}


def has_words(*wanted: Iterable[str]) -> Callable[[Row], bool]:
    """Title and body together have one word of each set."""
    return lambda row: all(plain_words(row["title"], row["body"]) & set(words) for words in wanted)


def body_has(words: Iterable[str]) -> Callable[[Row], bool]:
    return lambda row: bool(plain_words(row["body"]) & set(words))


def keys(rows: Iterable[Row]) -> set[str]:
    return {row["key"] for row in rows}


def hit_keys(answer: Row) -> set[str]:
    return {hit["_source"]["key"] for hit in answer["hits"]["hits"]}


def buckets(answer: Row, name: str) -> dict[Any, int]:
    return {b.get("key_as_string", b["key"]): b["doc_count"] for b in answer["aggregations"][name]["buckets"]}


def counted(rows: Iterable[Row], field: str) -> dict[Any, int]:
    """How many rows have which value; lists count once for each of their values."""
    values = (row[field] if isinstance(row[field], list) else [row[field]] for row in rows)
    return dict(Counter(value for found in values for value in set(found) if value is not None))


def runs_of_three(text: str) -> set[tuple[str, ...]]:
    words = split_words(text).words
    return {words[i : i + 3] for i in range(len(words) - 2)}


def voices_of(members: Iterable[Row]) -> dict[str, tuple[list[str], int]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in members:
        found[row["publisher"]].append(row["outlet"])
    return {publisher: (sorted(set(outlets)), len(outlets)) for publisher, outlets in found.items()}
