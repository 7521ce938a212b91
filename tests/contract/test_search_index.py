"""The indexer's port `SearchIndex`: the same promises from the fake in memory and from the real engine."""

import secrets
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from libs.adapters.opensearch.bulk import BulkWriter
from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.live import LiveIndex
from libs.adapters.opensearch.provision import provision
from libs.adapters.opensearch.schema import IndexNames, group_of, properties
from libs.contracts.reasons import Reason
from libs.domain.projections import Document, Write
from libs.runtime.failures import Failure, Quarantine
from libs.runtime.metrics import Metrics

pytestmark = pytest.mark.asyncio(loop_scope="module")


class MemoryIndex:
    """The smallest thing that keeps the promises."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[int, Document | None]] = {}

    async def write(self, writes: Sequence[Write]) -> list[Failure | None]:
        return [self._write(write) for write in writes]

    def _write(self, write: Write) -> Failure | None:
        if write.document is not None and not write.document.keys() <= properties(write.kind).keys():
            return Quarantine(Reason.INDEX_MAPPING, "unknown field")
        place = (write.kind, group_of(write.language), write.id)
        if write.version >= self._kept.get(place, (0, None))[0]:
            self._kept[place] = (write.version, write.document)
        return None

    async def read(self, kind: str, identifier: str) -> list[Document]:
        found = [kept for (k, _, i), (_, kept) in self._kept.items() if (k, i) == (kind, identifier)]
        return [document for document in found if document is not None]


class RealIndex(LiveIndex):
    """The adapter, with a way to look."""

    def __init__(self, client, names: IndexNames) -> None:
        async def no_targets():
            return []

        super().__init__(BulkWriter(client, Metrics(CollectorRegistry())), names, no_targets)
        self._client = client

    async def read(self, kind: str, identifier: str) -> list[Document]:
        alias = self._names.alias(kind)
        await self._client.indices.refresh(index=alias)
        answer = await self._client.search(index=alias, body={"query": {"ids": {"values": [identifier]}}})
        return [hit["_source"] for hit in answer["hits"]["hits"]]


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["memory", pytest.param("opensearch", marks=pytest.mark.engines)]
)
async def index(request) -> AsyncIterator[MemoryIndex | RealIndex]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    client = open_client(request.getfixturevalue("opensearch_url"))
    names = IndexNames(f"c{secrets.token_hex(4)}-")
    await provision(client, names=names)
    yield RealIndex(client, names)
    await client.indices.delete(index=",".join(await client.indices.get_alias(index=f"{names.prefix}*")))
    await client.close()


def article(identifier: str, version: int, title: str | None, language: str = "en") -> Write:
    document = None if title is None else {"article_id": identifier, "title": title}
    return Write("articles", identifier, version, language, document)


async def test_the_highest_version_stays_whatever_the_order(index):
    assert await index.write([article("order", 3, "third"), article("order", 1, "first")]) == [None, None]
    await index.write([article("order", 2, "second")])
    assert [d["title"] for d in await index.read("articles", "order")] == ["third"]


async def test_writing_the_same_again_changes_nothing(index):
    for _ in range(2):
        assert await index.write([article("twice", 1, "same")]) == [None]
    assert len(await index.read("articles", "twice")) == 1


async def test_a_removal_is_remembered_against_older_writes(index):
    await index.write([article("gone", 1, "was here"), article("gone", 2, None)])
    await index.write([article("gone", 1, "was here")])
    assert await index.read("articles", "gone") == []


async def test_removing_what_was_never_there_is_no_failure(index):
    assert await index.write([article("never", 1, None)]) == [None]


async def test_language_groups_keep_documents_apart(index):
    await index.write([article("moved", 1, "old", "en"), article("moved", 2, "new", "ru"), article("moved", 2, None)])
    assert [d["title"] for d in await index.read("articles", "moved")] == ["new"]


async def test_a_document_that_does_not_fit_fails_alone(index):
    odd = Write("articles", "odd", 1, "en", {"article_id": "odd", "mood": "sad"})
    first, second, third = await index.write([article("left", 1, "l"), odd, article("right", 1, "r")])
    assert (first, third) == (None, None)
    assert isinstance(second, Quarantine)
    assert second.reason == Reason.INDEX_MAPPING
    assert await index.read("articles", "right")


async def test_nothing_to_write_is_fine(index):
    assert await index.write([]) == []
