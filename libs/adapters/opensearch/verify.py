"""Compares the search index with PostgreSQL by (id, projection number), and checks texts, ledger and blobs.

A document is a pure function of its state at a projection number, so equal ids and numbers mean equal documents unless
somebody wrote past Newsfold; that is what the look at the contents is for.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from opensearchpy import AsyncOpenSearch
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.opensearch.scan import scan
from libs.adapters.opensearch.schema import OTHER_LANGUAGES, IndexNames, by_language, group_of
from libs.adapters.postgres.consistency import Expected, PostgresConsistency, Violation
from libs.adapters.postgres.projections import PostgresProjections
from libs.domain.projections import ArticleState, Unindexable, article_document
from libs.runtime.failures import Quarantine

KINDS: Final = ("articles", "turns", "stories")
_KEY: Final = {"articles": ("article_id",), "turns": ("article_id", "n"), "stories": ("story_id",)}
CONTENTS: Final = 200  # articles whose text is compared at once
TEXT_FIELDS: Final = ("title", "body", "bylines", "published", "language", "turns", "quotes")
LISTED: Final = 200  # differences written out; all are counted


@dataclass(frozen=True, slots=True)
class Difference:
    """One document or blob that is not as it should be. `expected` and `found` are words for people."""

    kind: str
    id: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """`documents` counts what PostgreSQL expects, by alias; `ledger` counts captures and revisions by end."""

    documents: Mapping[str, int]
    blobs: int
    ledger: Mapping[str, Mapping[str, int]]
    difference_count: int
    differences: tuple[Difference, ...]
    violations: tuple[Violation, ...]

    @property
    def clean(self) -> bool:
        return not self.difference_count and not self.violations

    def as_json(self) -> dict[str, Any]:
        return {"clean": self.clean, **asdict(self)}


@dataclass(frozen=True, slots=True)
class _Found:
    id: tuple[str, int]
    version: int
    group: str


ReadBlob = Callable[[str], Awaitable[bytes | None]]  # None: nothing there; raises Quarantine: other bytes


async def verify(
    engine: AsyncEngine,
    client: AsyncOpenSearch,
    read_blob: ReadBlob,
    names: IndexNames | None = None,
    *,
    contents: bool = False,
) -> VerifyReport:
    """Look at everything. A difference counts when two looks see it, so that work in flight is none.

    With `contents` every revision's text is compared with its hash, and every current article with its document.

    Raises opensearchpy.TransportError or sqlalchemy.exc.DBAPIError when one of them does not answer.
    """
    names = names or IndexNames()
    account = PostgresConsistency(engine)
    counts: dict[str, int] = {}
    differences: list[Difference] = []
    for kind in KINDS:
        counts[kind], seen = await _twice(account, client, names, kind)
        differences += seen
    if contents:
        differences += [
            Difference("revisions", revision, f"content {wanted}", f"content {found}")
            async for revision, wanted, found in account.altered_revisions()
        ]
        differences += await _altered_documents(engine, client, names)
    blobs, damaged = await _damaged_blobs(account, read_blob)
    differences += damaged
    return VerifyReport(
        documents=counts,
        blobs=blobs,
        ledger=await account.sums(),
        difference_count=len(differences),
        differences=tuple(differences[:LISTED]),
        violations=tuple(await account.violations()),
    )


async def _twice(
    account: PostgresConsistency, client: AsyncOpenSearch, names: IndexNames, kind: str
) -> tuple[int, list[Difference]]:
    index = names.alias(kind)
    count, first = await compare(account, client, names, kind, index)
    if not first:
        return count, []
    count, second = await compare(account, client, names, kind, index)
    before = {difference.id for difference in first}
    return count, [difference for difference in second if difference.id in before]


async def compare(
    account: PostgresConsistency, client: AsyncOpenSearch, names: IndexNames, kind: str, index: str
) -> tuple[int, list[Difference]]:
    """How many documents `index` should hold for an alias, and those in which it differs, after a refresh."""
    await client.indices.refresh(index=index)
    expected, found = account.expected(kind), _found(client, names, kind, index)
    count, differences = 0, []
    wanted, document = await anext(expected, None), await anext(found, None)
    while wanted is not None or document is not None:
        here: list[_Found] = []
        identifier = min(row.id for row in (wanted, document) if row is not None)
        while document is not None and document.id == identifier:
            here.append(document)
            document = await anext(found, None)
        due = wanted if wanted is not None and wanted.id == identifier else None
        if due is not None:
            count += 1
            wanted = await anext(expected, None)
        if not _agree(kind, due, here):
            differences.append(_difference(kind, identifier, due, here))
    return count, differences


async def _found(client: AsyncOpenSearch, names: IndexNames, kind: str, index: str) -> AsyncIterator[_Found]:
    sort = [*({field: "asc"} for field in _KEY[kind]), {"_shard_doc": "asc"}]
    alias = names.alias(kind)
    async for hit in scan(client, index, sort=sort):
        identifier, *n = hit["sort"][:-1]
        group = hit["_index"].removeprefix(f"{alias}-").rsplit("-", 1)[0] if by_language(kind) else OTHER_LANGUAGES
        yield _Found((identifier, n[0] if n else 0), hit["_version"], group)


def _agree(kind: str, due: Expected | None, here: list[_Found]) -> bool:
    if due is None:
        return not here
    if due.version is None:
        return True
    group = group_of(due.language) if by_language(kind) else OTHER_LANGUAGES
    return [(found.version, found.group) for found in here] == [(due.version, group)]


def _difference(kind: str, identifier: tuple[str, int], due: Expected | None, here: list[_Found]) -> Difference:
    name = f"{identifier[0]}:{identifier[1]}" if kind == "turns" else identifier[0]
    language = f" in {group_of(due.language)}" if due is not None and by_language(kind) else ""
    expected = "nothing" if due is None else f"projection {due.version}{language}"
    found = ", ".join(f"projection {f.version}" + (f" in {f.group}" if by_language(kind) else "") for f in here)
    return Difference(kind, name, expected, found or "nothing")


async def _altered_documents(engine: AsyncEngine, client: AsyncOpenSearch, names: IndexNames) -> list[Difference]:
    """Articles whose document has the right number and yet another text."""
    states, last, altered = PostgresProjections(engine), "", []
    while batch := await states.articles_after(last, CONTENTS):
        last = batch[-1].article_id
        wanted = {state.article_id: state for state in batch if not state.withdrawn}
        query = {"ids": {"values": sorted(wanted)}}
        body = {"query": query, "size": CONTENTS, "version": True, "_source": list(TEXT_FIELDS)}
        found = await client.search(index=names.alias("articles"), body=body)
        for hit in found["hits"]["hits"]:
            state = wanted[hit["_id"]]
            if hit["_version"] == state.projection and (fields := _other_fields(state, hit["_source"])):
                altered.append(Difference("articles", hit["_id"], "the text of PostgreSQL", f"another {fields}"))
    return altered


def _other_fields(state: ArticleState, source: Mapping[str, Any]) -> str:
    """Which parts of a document differ from the state; a state that cannot be indexed has none to compare with."""
    try:
        document = article_document(state)
    except Unindexable:
        return ""
    return ", ".join(name for name in TEXT_FIELDS if document[name] != source.get(name))


async def _damaged_blobs(account: PostgresConsistency, read_blob: ReadBlob) -> tuple[int, list[Difference]]:
    """Read every blob: a file may be there and yet not hold what was captured."""
    count, damaged = 0, []
    async for capture_id, sha256 in account.captured_blobs():
        count += 1
        try:
            found = None if await read_blob(sha256) is not None else "nothing"
        except Quarantine as failure:
            found = failure.detail
        if found is not None:
            damaged.append(Difference("blobs", sha256, f"bytes of capture {capture_id}", found))
    return count, damaged
