"""Asks the search index what people ask: articles, stories led by their source, turns, complete lists.

Every answer is plain values for JSON; docs/search.md has the shapes and the same queries for other tools.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opensearchpy import AsyncOpenSearch

from libs.adapters.opensearch.querying import (
    FACETS,
    STORY_SIZE,
    BadQuery,
    Json,
    facet_counts,
    highlight,
    story_count,
    story_size_query,
    text_query,
    turn_query,
)
from libs.adapters.opensearch.scan import scan
from libs.adapters.opensearch.schema import IndexNames

# Scores of different language groups are only comparable with term statistics over all of them.
SEARCH_TYPE: Final = "dfs_query_then_fetch"
MAX_WINDOW: Final = 10_000  # the engine's limit for skip + size; `export` has none
FOLDED: Final = 100  # members shown beneath a story's lead; all are counted
SHOWN: Final = (
    *("article_id", "key", "url", "title", "outlet", "publisher", "published", "language", "kind", "interviewee"),
    *("broadcasters", "credit", "story_id", "lead", "words", "questions", "section", "tags", "image", "paywall"),
)
MAX_STORIES: Final = 65_536  # the engine's limit for the values of one filter
COUNTED_STORIES: Final = 10_000  # above this many stories their sizes are not counted
MEMBER: Final = (
    "article_id",
    "key",
    "url",
    "title",
    "outlet",
    "publisher",
    "published",
    "language",
    "lead",
    "story_id",
)
TURN: Final = ("article_id", "key", "story_id", "n", "role", "speaker", "text", "title", "outlet", "published")
# `missing` must be written out: without it 3.8.0 skips shards whose documents lack the field, once paging has begun.
EXPORT_SORT: Final = ({"published": {"order": "desc", "missing": "_last"}}, {"article_id": "asc"})


@dataclass(frozen=True, slots=True)
class Found:
    """`total` counts hits; `facets` maps a facet's name to its values with counts, the most frequent first."""

    total: int
    hits: tuple[Json, ...]
    facets: Mapping[str, tuple[Json, ...]]
    variants: bool  # whether name variants were searched too


class Search:
    """Read-only search over the aliases."""

    def __init__(self, client: AsyncOpenSearch, names: IndexNames | None = None) -> None:
        self._client, self._names = client, names or IndexNames()

    async def articles(
        self,
        text: str = "",
        facets: Sequence[tuple[str, str]] = (),
        *,
        exact: bool = False,
        size: int = 20,
        skip: int = 0,
    ) -> Found:
        """Articles by relevance, with highlights and facet counts. Raises BadQuery."""
        body = {
            "query": await self._query(text, facets, exact=exact),
            **_window(size, skip),
            "sort": [{"_score": "desc"}, *EXPORT_SORT],
            "track_total_hits": True,
            "track_scores": True,
            "_source": list(SHOWN),
            "highlight": highlight("title", "body", "body.stem"),
            "aggs": facet_counts(),
        }
        answer = await self._ask("articles", body)
        hits = tuple(_hit(hit) for hit in answer["hits"]["hits"])
        return Found(answer["hits"]["total"]["value"], hits, _facets(answer["aggregations"]), not exact)

    async def stories(
        self,
        text: str = "",
        facets: Sequence[tuple[str, str]] = (),
        *,
        exact: bool = False,
        size: int = 20,
        skip: int = 0,
    ) -> Found:
        """Stories of which any member matches, by their best member; the lead first, other members folded beneath.

        Counts are stories, and `publishers` in each hit counts independent voices. Raises BadQuery.
        """
        body = {
            "query": await self._query(text, facets, exact=exact),
            **_window(size, skip),
            "sort": [{"_score": "desc"}, {"story_id": "asc"}],
            "track_scores": True,
            "_source": ["story_id"],
            "collapse": {"field": "story_id"},
            "aggs": {"stories": story_count(), "found": _story_ids(), **facet_counts(stories=True)},
        }
        answer = await self._ask("articles", body)
        counts = answer["aggregations"]
        total = counts.pop("stories")["value"]
        facets_found = _facets(counts) | await self._sizes(counts.pop("found"))
        ranked = [(hit["_source"]["story_id"], hit["_score"]) for hit in answer["hits"]["hits"]]
        told = await self._told([story_id for story_id, _ in ranked])
        hits = tuple({"score": score, **told[story_id]} for story_id, score in ranked if story_id in told)
        return Found(total, hits, facets_found, not exact)

    async def _query(self, text: str, facets: Sequence[tuple[str, str]], *, exact: bool) -> Json:
        """The query on `articles`. A story's size stands in `stories` alone, or each new member would rewrite all."""
        sizes = [value for name, value in facets if name == STORY_SIZE]
        query = text_query(text, [facet for facet in facets if facet[0] != STORY_SIZE], exact=exact)
        if sizes:
            index = self._names.alias("stories")
            found = scan(self._client, index, sort=[{"story_id": "asc"}], query=story_size_query(sizes))
            ids = [hit["_id"] async for hit in found]
            if len(ids) > MAX_STORIES:
                raise BadQuery(f"{len(ids)} stories have this size, at most {MAX_STORIES} can be asked for")
            query["bool"]["filter"].append({"terms": {"story_id": ids}})
        return query

    async def _sizes(self, found: Mapping[str, Any]) -> dict[str, tuple[Json, ...]]:
        """How many of the found stories have which size; nothing where they are too many to be listed."""
        if found["sum_other_doc_count"]:
            return {}
        ids = [bucket["key"] for bucket in found["buckets"]]
        body = {
            "size": 0,
            "query": {"terms": {"story_id": ids}},
            "aggs": {STORY_SIZE: {"terms": {"field": "size", "size": 50, "order": {"_key": "asc"}}}},
        }
        answer = await self._ask("stories", body)
        return {STORY_SIZE: tuple(_value(bucket) for bucket in answer["aggregations"][STORY_SIZE]["buckets"])}

    async def _told(self, story_ids: Sequence[str]) -> dict[str, Json]:
        """The stories with their members, as newsrooms read them."""
        if not story_ids:
            return {}
        index = self._names.alias("stories")
        found = await self._client.mget(index=index, body={"ids": list(story_ids)}, _source_excludes=["body"])
        folds = await self._members(story_ids)
        told: dict[str, Json] = {}
        for doc in found["docs"]:
            if doc.get("found"):
                told[doc["_id"]] = _story(doc["_source"], folds.get(doc["_id"], []))
        return told

    async def _members(self, story_ids: Sequence[str]) -> dict[str, list[Json]]:
        """Each story's members, the lead first, then by time."""
        fold = {
            "name": "members",
            "size": FOLDED,
            "_source": list(MEMBER),
            "sort": [{"lead": "desc"}, {"published": "asc"}, {"article_id": "asc"}],
        }
        body = {
            "query": {"terms": {"story_id": list(story_ids)}},
            "size": len(story_ids),
            "_source": False,
            "collapse": {"field": "story_id", "inner_hits": fold},
        }
        answer = await self._ask("articles", body)
        return {
            hit["fields"]["story_id"][0]: [m["_source"] for m in hit["inner_hits"]["members"]["hits"]["hits"]]
            for hit in answer["hits"]["hits"]
        }

    async def turns(
        self,
        text: str = "",
        *,
        speaker: str | None = None,
        role: str | None = None,
        exact: bool = False,
        size: int = 20,
        skip: int = 0,
    ) -> Found:
        """Questions and answers by relevance, with counts by speaker and role. Raises BadQuery."""
        body = {
            "query": turn_query(text, speaker=speaker, role=role, exact=exact),
            **_window(size, skip),
            "sort": [{"_score": "desc"}, {"article_id": "asc"}, {"n": "asc"}],
            "track_total_hits": True,
            "track_scores": True,
            "_source": list(TURN),
            "highlight": highlight("text", "text.stem", fragments=0),
            "aggs": {
                name: {"terms": {"field": name, "size": 50, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
                for name in ("speaker", "role")
            },
        }
        answer = await self._ask("turns", body)
        hits = tuple(_hit(hit) for hit in answer["hits"]["hits"])
        return Found(answer["hits"]["total"]["value"], hits, _facets(answer["aggregations"]), not exact)

    async def export(
        self, text: str = "", facets: Sequence[tuple[str, str]] = (), *, exact: bool = False, page: int = 1000
    ) -> AsyncIterator[Json]:
        """All matching articles with their texts, newest first, as they were at one moment. Raises BadQuery."""
        query = await self._query(text, facets, exact=exact)
        async for hit in scan(
            self._client, self._names.alias("articles"), sort=EXPORT_SORT, query=query, source=True, page=page
        ):
            yield dict(hit["_source"])

    async def _ask(self, kind: str, body: Json) -> Json:
        answer: Json = await self._client.search(
            index=self._names.alias(kind), body=body, params={"search_type": SEARCH_TYPE}
        )
        return answer


def _story_ids() -> Json:
    return {"terms": {"field": "story_id", "size": COUNTED_STORIES}}


def _window(size: int, skip: int) -> Json:
    if not (size >= 0 and skip >= 0 and size + skip <= MAX_WINDOW):
        raise BadQuery(f"at most {MAX_WINDOW} hits can be paged through; export lists all")
    return {"size": size, "from": skip}


def _hit(hit: Mapping[str, Any]) -> Json:
    marked = hit.get("highlight", {})
    fragments: list[str] = next(
        (marked[field] for field in ("body", "text", "body.stem", "text.stem") if field in marked), []
    )
    title = marked.get("title", [None])[0]
    return {"score": hit["_score"], **hit["_source"], "highlights": fragments, "title_highlighted": title}


def _story(story: Json, members: Sequence[Json]) -> Json:
    """A story's document with its lead and the other members apart."""
    lead = next((member for member in members if member["article_id"] == story["lead_article_id"]), None)
    others = [member for member in members if member is not lead]
    wanted = ("story_id", "size", "title", "languages", "interviewee", "broadcasters", "publisher_count")
    return {
        **{name: story[name] for name in wanted},
        "first_published": story["first_published"],
        "last_published": story["last_published"],
        "lead": lead,
        "publishers": story["voices"],
        "members": others,
        "members_not_shown": max(0, story["size"] - len(members)),
    }


def _facets(aggregations: Mapping[str, Any]) -> dict[str, tuple[Json, ...]]:
    return {
        name: tuple(_value(bucket) for bucket in found["buckets"])
        for name, found in aggregations.items()
        if name in FACETS or name in ("speaker", "role")
    }


def _value(bucket: Mapping[str, Any]) -> Json:
    counts = {"stories": bucket["stories"]["value"]} if "stories" in bucket else {}
    return {"value": bucket.get("key_as_string", bucket["key"]), "count": bucket["doc_count"], **counts}
