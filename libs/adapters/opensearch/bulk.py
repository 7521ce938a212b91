"""Writes documents in bulk and reads the answer to every single item.

In: writes, each with its version. Out: for each, nothing (the index holds this version or a newer one) or the Failure
that it met. Order does not matter and a repeated write is harmless, because the engine keeps the highest version.
While the engine is down or refuses all work, DependencyDown is raised; nothing is lost, for the caller tries again.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import TransportError

from libs.adapters.opensearch.errors import Answer, judge_item, opensearch_failure
from libs.adapters.opensearch.schema import OTHER_LANGUAGES, IndexNames, by_language, group_of
from libs.contracts.reasons import Reason
from libs.domain.projections import Write
from libs.runtime.failures import DependencyDown, Failure, Quarantine
from libs.runtime.metrics import Metrics

# Measured: chunk size hardly matters between 20 and 2,000 documents, two in flight are half as fast again as one.
CHUNK_ITEMS: Final = 500
CHUNK_BYTES: Final = 5 * 1024**2
IN_FLIGHT: Final = 2
MAX_ITEM_BYTES: Final = 90 * 1024**2  # the engine refuses a request above 100 MB
BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
TOO_MANY_REQUESTS: Final = 429


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes: an alias, which must exist as one, or a physical index that is being filled."""

    index: str
    is_alias: bool


# The place for a kind and language group; None when a route does not carry that kind.
Route = Callable[[str, str], Place | None]


def through_aliases(names: IndexNames) -> Route:
    """The route to the indices that are searched now."""
    return lambda kind, group: Place(names.write_alias(kind, group), is_alias=True)


@dataclass(frozen=True, slots=True)
class _Item:
    position: int  # of the write that it belongs to
    lines: bytes


class BulkWriter:
    """Writes to the search index."""

    def __init__(
        self,
        client: AsyncOpenSearch,
        metrics: Metrics,
        *,
        backoff_seconds: Sequence[float] = BACKOFF_SECONDS,
    ) -> None:
        self._client, self._metrics, self._backoff = client, metrics, backoff_seconds

    async def write(self, writes: Sequence[Write], routes: Sequence[Route]) -> list[Failure | None]:
        """Write everything along every route; one result a write, in order. Raises DependencyDown."""
        results: list[Failure | None] = [None] * len(writes)
        items: list[_Item] = []
        for position, write in enumerate(writes):
            try:
                items += [_item(position, write, place) for place in _places(write, routes)]
            except Quarantine as failure:
                results[position] = failure
        limit = asyncio.Semaphore(IN_FLIGHT)

        async def send(chunk: Sequence[_Item]) -> None:
            async with limit:
                for position, failure in await self._send(chunk):
                    results[position] = results[position] or failure

        sent = await asyncio.gather(*(send(chunk) for chunk in _chunks(items)), return_exceptions=True)
        for error in sent:  # only when nothing is in flight any more
            if error is not None:
                raise error
        return results

    async def _send(self, chunk: Sequence[_Item]) -> list[tuple[int, Failure]]:
        """Send a chunk until every item has a final answer; what stays busy too long fails."""
        failed: list[tuple[int, Failure]] = []
        pending, detail = list(chunk), ""
        for pause in (*self._backoff, None):
            answers = await self._answers(pending)
            again: list[_Item] = []
            for item, (answer, words) in zip(pending, answers, strict=True):
                if answer in (Answer.BUSY, Answer.BLOCKED):
                    again.append(item)
                    detail = words
                elif (failure := _failure(answer, words)) is not None:
                    failed.append((item.position, failure))
            pending = again
            if not pending or pause is None:
                break
            await asyncio.sleep(pause)
        if pending:
            raise DependencyDown("opensearch", detail)
        return failed

    async def _answers(self, items: Sequence[_Item]) -> list[tuple[Answer, str]]:
        """One request. What the engine refuses as a whole is split, so that one bad item cannot take others along."""
        started = time.monotonic()
        try:
            response = await self._client.bulk(body=b"".join(item.lines for item in items))
        except TransportError as error:
            # The breaker for requests in flight answers 429: a smaller one may pass.
            if (failure := opensearch_failure(error)) is not None and error.status_code != TOO_MANY_REQUESTS:
                raise failure from error
            return await self._split(items, error)
        self._metrics.bulk_seconds.observe(time.monotonic() - started)
        answers = [judge_item(next(iter(item.values()))) for item in response["items"]]
        for answer, _ in answers:
            self._metrics.bulk_items.labels(answer).inc()
        return answers

    async def _split(self, items: Sequence[_Item], error: TransportError) -> list[tuple[Answer, str]]:
        if len(items) > 1:
            half = len(items) // 2
            return [*await self._answers(items[:half]), *await self._answers(items[half:])]
        busy = isinstance(error.status_code, int) and (
            error.status_code == TOO_MANY_REQUESTS or error.status_code >= 500
        )
        answer = Answer.BUSY if busy else Answer.REFUSED
        self._metrics.bulk_items.labels(answer).inc()
        return [(answer, f"{error.status_code} {error.error}")]


def _places(write: Write, routes: Sequence[Route]) -> list[Place]:
    group = group_of(write.language) if by_language(write.kind) else OTHER_LANGUAGES
    places = (route(write.kind, group) for route in routes)
    return list(dict.fromkeys(place for place in places if place is not None))


def _item(position: int, write: Write, place: Place) -> _Item:
    """The lines of one item. Raises Quarantine for what cannot be written as JSON or is too large to be sent."""
    header = {
        "_index": place.index,
        "_id": write.id,
        "version": write.version,
        "version_type": "external_gte",
        "require_alias": place.is_alias,
    }
    if write.document is None:
        del header["require_alias"]  # the engine does not know it for deletions
        return _Item(position, json.dumps({"delete": header}).encode() + b"\n")
    try:
        source = json.dumps(write.document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise Quarantine(Reason.INDEX_MAPPING, f"{write.kind} {write.id}: {error}") from error
    if len(source) > MAX_ITEM_BYTES:
        raise Quarantine(Reason.INDEX_REFUSED, f"{write.kind} {write.id}: {len(source)} bytes")
    return _Item(position, json.dumps({"index": header}).encode() + b"\n" + source + b"\n")


def _chunks(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    chunk: list[_Item] = []
    size = 0
    for item in items:
        if chunk and (len(chunk) == CHUNK_ITEMS or size + len(item.lines) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item.lines)
    if chunk:
        yield chunk


def _failure(answer: Answer, words: str) -> Failure | None:
    match answer:
        case Answer.UNMAPPED:
            return Quarantine(Reason.INDEX_MAPPING, words[:500])
        case Answer.REFUSED:
            return Quarantine(Reason.INDEX_REFUSED, words[:500])
        case _:
            return None
