"""The named blocks of docs/search.md, and what PostgreSQL says each must answer.

Nothing here knows the documents: every expectation is counted from the rows of whatever population is searched.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.postgres.tables import articles, pages, revisions, turns
from libs.domain.fingerprints.words import split_words
from libs.domain.revisions import article_key

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "search.md"
_BLOCK = re.compile(r"^```(json|bash|python) name=(\S+)(?: index=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RAQQA = {"raqqa", "raqa", "raqqah", "rakka", "الرقة"}


@dataclass(frozen=True)
class Block:
    """A query of the guide. `index` None: the query names its own view."""

    kind: str
    index: str | None
    text: str

    def query(self, names: IndexNames, **replaced: str) -> tuple[str | None, dict[str, Any]]:
        """The alias and body to send, with the placeholders filled in."""
        text = self.text
        for placeholder, value in replaced.items():
            text = text.replace(f'"{placeholder}"', json.dumps(value))
        return names.alias(self.index) if self.index else None, json.loads(text)


def blocks() -> dict[str, Block]:
    """By name."""
    found = _BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    return {name: Block(kind, index or None, text) for kind, name, index, text in found}


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
