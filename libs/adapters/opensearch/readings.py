"""Reads how the search engine stands, and which capture of a page it shows. Raises the client's errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError

from libs.adapters.opensearch.schema import IndexNames

STATUSES: Final = ("green", "yellow", "red")
COUNTED: Final = ("articles", "turns", "stories")
BLOCKS: Final = ("write", "read_only", "read_only_allow_delete", "metadata")
_NODE_FIELDS: Final = "nodes.*.name,nodes.*.fs.total,nodes.*.jvm.mem"


@dataclass(frozen=True, slots=True)
class NodeReading:
    """A node. Disk in bytes, heap from 0 to 1."""

    name: str
    disk_total: int
    disk_free: int
    heap: float


@dataclass(frozen=True, slots=True)
class IndexReading:
    """The cluster: `status` is a place in STATUSES, `blocked` counts indices that refuse writes."""

    status: int
    blocked: int
    documents: Mapping[str, int]  # by alias, without those that are missing
    nodes: tuple[NodeReading, ...]


async def read_index(client: AsyncOpenSearch, names: IndexNames | None = None) -> IndexReading:
    """Health, write blocks, documents and nodes."""
    names = names or IndexNames()
    health = await client.cluster.health()
    nodes = await client.nodes.stats(metric="fs,jvm", params={"filter_path": _NODE_FIELDS})
    return IndexReading(
        STATUSES.index(health["status"]),
        await _blocked(client, names),
        {kind: count for kind in COUNTED if (count := await _count(client, names.alias(kind))) is not None},
        tuple(_node(node) for node in nodes["nodes"].values()),
    )


async def newest_capture(client: AsyncOpenSearch, url: str, names: IndexNames | None = None) -> datetime | None:
    """When the page at `url` was captured as search shows it, None when search does not show it."""
    query = {"size": 1, "query": {"term": {"url": url}}, "_source": ["captured_at"], "sort": [{"captured_at": "desc"}]}
    found = await client.search(index=(names or IndexNames()).alias("articles"), body=query)
    hits = found["hits"]["hits"]
    return datetime.fromisoformat(hits[0]["_source"]["captured_at"]) if hits else None


async def _blocked(client: AsyncOpenSearch, names: IndexNames) -> int:
    """Every index counts, also one of another alias: a full disk blocks all."""
    settings = await client.indices.get_settings(index=f"{names.prefix}*", name="index.blocks.*")
    return sum(any(_is_set(index, block) for block in BLOCKS) for index in settings.values())


def _is_set(index: Mapping[str, Any], block: str) -> bool:
    blocks = index["settings"].get("index", {}).get("blocks", {})
    return str(blocks.get(block)) == "true"


async def _count(client: AsyncOpenSearch, alias: str) -> int | None:
    try:
        return int((await client.count(index=alias))["count"])
    except NotFoundError:
        return None


def _node(node: Mapping[str, Any]) -> NodeReading:
    disk, memory = node["fs"]["total"], node["jvm"]["mem"]
    return NodeReading(
        node["name"], disk["total_in_bytes"], disk["available_in_bytes"], memory["heap_used_percent"] / 100
    )
