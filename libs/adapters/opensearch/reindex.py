"""Builds all indices anew from PostgreSQL and puts them behind the aliases, while news keeps coming in.

1. New physical indices; a row in PostgreSQL makes the live indexer write to them as well.
2. Backfill in id order, resumable; a document that the live indexer has written newer stays newer.
3. Proof: every (id, projection number) compared with PostgreSQL; what differs is written again.
4. One atomic swap of all aliases; the second write ends. The replaced indices stay until the next reindex, so that
   exports under way can finish.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from opensearchpy import AsyncOpenSearch
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.opensearch.bulk import BulkWriter
from libs.adapters.opensearch.live import into
from libs.adapters.opensearch.provision import aliases_of, physical_indices
from libs.adapters.opensearch.schema import ALIASES, OTHER_LANGUAGES, IndexNames, groups_of, index_body
from libs.adapters.opensearch.verify import KINDS, Difference, compare
from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.projections import PostgresProjections
from libs.adapters.postgres.reindexing import PostgresReindexing, Run
from libs.domain.projections import ArticleState, StoryState, Unindexable, Write, article_writes, story_writes
from libs.domain.variants import VariantGroup, load_variants

BATCH: Final = 200
LOOKS: Final = 5
WHILE_FILLING: Final = "-1"  # no refresh: nobody searches the new index yet
WHEN_SEARCHED: Final = "5s"

Progress = Callable[[str, int], None]  # what is being written, documents so far


class ReindexFailed(RuntimeError):
    """The new indices do not equal PostgreSQL; the old ones keep serving, and a second run goes on from here."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        lines = "; ".join(f"{d.kind} {d.id}: expected {d.expected}, found {d.found}" for d in differences[:5])
        super().__init__(f"{len(differences)} documents differ: {lines}")
        self.differences = tuple(differences)


@dataclass(frozen=True, slots=True)
class ReindexReport:
    """How many `articles` and `stories` have a document.

    `set_aside`: ids of articles and stories that the index refused; they are in quarantine or will be.
    """

    articles: int
    stories: int
    indices: tuple[str, ...]
    replaced: tuple[str, ...]
    set_aside: tuple[str, ...]


class Reindex:
    """One reindex. Call it again after a crash: it goes on where it was."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: AsyncOpenSearch,
        bulk: BulkWriter,
        *,
        names: IndexNames | None = None,
        variants: Sequence[VariantGroup] | None = None,
        progress: Progress = lambda what, count: None,
    ) -> None:
        self._client, self._bulk, self._progress = client, bulk, progress
        self._names = names or IndexNames()
        self._variants = load_variants() if variants is None else variants
        self._states = PostgresProjections(engine)
        self._account = PostgresConsistency(engine)
        self._runs = PostgresReindexing(engine)
        self._set_aside: set[str] = set()

    async def __call__(self) -> ReindexReport:
        """Raises ReindexFailed, ReindexUnderWay, or DependencyDown when an engine does not answer."""
        async with self._runs.alone():
            run = await self._resumed() or await self._begun()
            articles = await self._backfill_articles(run)
            stories = await self._backfill_stories(run)
            await self._prove(run)
            await self._copy_alerts(run)
            replaced = await self._swap(run)
            await self._runs.finish(run)
        return ReindexReport(articles, stories, _indices(run), replaced, tuple(sorted(self._set_aside)))

    async def _resumed(self) -> Run | None:
        run = await self._runs.unfinished()
        if run is None:
            return None
        there = [await self._client.indices.exists(index=index) for index in _indices(run)]
        if all(there):
            return run
        await self._runs.finish(run)  # its indices were lost: begin again
        return None

    async def _begun(self) -> Run:
        await self._delete_unused()
        wanted = [(kind, group) for kind in ALIASES for group in groups_of(kind)]
        created = await asyncio.gather(*(self._create(kind, group) for kind, group in wanted))
        targets: dict[str, dict[str, str]] = {kind: {} for kind in ALIASES}
        for (kind, group), index in zip(wanted, created, strict=True):
            targets[kind][group] = index
        return await self._runs.begin(targets)

    async def _delete_unused(self) -> None:
        """Remove what an earlier reindex replaced, or left behind when it ended before it began to write."""
        unused: list[str] = []
        for kind in ALIASES:
            for group in groups_of(kind):
                alias = self._names.write_alias(kind, group)
                serving = await physical_indices(self._client, alias)
                there = await self._client.indices.get_alias(index=f"{alias}-0*", allow_no_indices=True)
                unused += [index for index in there if serving and index not in serving]
        if unused:
            await self._client.indices.delete(index=",".join(unused))

    async def _create(self, kind: str, group: str) -> str:
        serving = await physical_indices(self._client, self._names.write_alias(kind, group))
        newest = max((int(index.rsplit("-", 1)[1]) for index in serving), default=0)
        index = self._names.physical(kind, group, newest + 1)
        body = index_body(kind, group, self._variants, refresh_interval=WHILE_FILLING)
        await self._client.indices.create(index=index, body=body)
        return index

    async def _backfill_articles(self, run: Run) -> int:
        last, count = run.last_article_id, 0
        while states := await self._states.articles_after(last, BATCH):
            await self._write(run, states)
            last, count = states[-1].article_id, count + sum(not state.withdrawn for state in states)
            await self._runs.reached(run, last_article_id=last)
            self._progress("articles", count)
        return count

    async def _backfill_stories(self, run: Run) -> int:
        last, count = run.last_story_id, 0
        while states := await self._states.stories_after(last, BATCH):
            await self._write(run, states)
            last, count = states[-1].story_id, count + sum(not state.removed for state in states)
            await self._runs.reached(run, last_story_id=last)
            self._progress("stories", count)
        return count

    async def _write(self, run: Run, states: Iterable[ArticleState | StoryState]) -> None:
        owned: list[tuple[str, Write]] = []
        for state in states:
            identifier = state.article_id if isinstance(state, ArticleState) else state.story_id
            try:
                found = article_writes(state) if isinstance(state, ArticleState) else story_writes(state)
            except Unindexable:
                self._set_aside.add(identifier)
                continue
            owned += [(identifier, write) for write in found]
        failures = await self._bulk.write([write for _, write in owned], [into(run.targets)])
        self._set_aside.update(owner for (owner, _), failure in zip(owned, failures, strict=True) if failure)

    async def _prove(self, run: Run) -> None:
        """Compare, write anew what differs, and look again until no difference outlives its repair.

        One that a look sees for the first time is news in flight: the live indexer writes it to both sides.
        """
        before: set[Difference] = set()
        for look in range(LOOKS):
            differences = set(await self._differences(run))
            if not differences or (look and not differences & before):
                return
            before = differences
            ids = {difference.id.split(":")[0] for difference in differences if difference.kind != "stories"}
            await self._write(run, await self._states.articles(ids))
            told = {difference.id for difference in differences if difference.kind == "stories"}
            await self._write(run, await self._states.stories(told))
        raise ReindexFailed(sorted(before, key=lambda d: (d.kind, d.id)))

    async def _copy_alerts(self, run: Run) -> None:
        """Saved searches are analysed when stored, so new name variants need them stored again."""
        source, target = self._names.alias("alerts"), run.targets["alerts"][OTHER_LANGUAGES]
        body = {"source": {"index": source}, "dest": {"index": target, "version_type": "external"}}
        await self._client.reindex(body={"conflicts": "proceed", **body}, refresh=True, wait_for_completion=True)

    async def _differences(self, run: Run) -> list[Difference]:
        found: list[Difference] = []
        for kind in KINDS:
            index = ",".join(run.targets[kind].values())
            _, differences = await compare(self._account, self._client, self._names, kind, index)
            found += [d for d in differences if d.id.split(":")[0] not in self._set_aside]
        return found

    async def _swap(self, run: Run) -> tuple[str, ...]:
        """All aliases at once; doing it twice changes nothing."""
        actions, replaced = [], []
        for kind, targets in run.targets.items():
            for group, index in targets.items():
                for old in await physical_indices(self._client, self._names.write_alias(kind, group)):
                    if old != index:
                        replaced.append(old)
                        actions += [_action("remove", old, a) for a in aliases_of(self._names, kind, group)]
                actions += [_action("add", index, alias) for alias in aliases_of(self._names, kind, group)]
        searched = {"index": {"refresh_interval": WHEN_SEARCHED}}
        await self._client.indices.put_settings(index=",".join(_indices(run)), body=searched)
        await self._client.indices.update_aliases(body={"actions": actions})
        return tuple(replaced)


def _action(verb: str, index: str, alias: str) -> dict[str, dict[str, str]]:
    return {verb: {"index": index, "alias": alias}}


def _indices(run: Run) -> tuple[str, ...]:
    return tuple(index for targets in run.targets.values() for index in targets.values())
