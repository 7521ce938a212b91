"""The use case: put a batch of new revisions into the set, find whom they retell, group stories anew where it matters.

In: `ArticleNormalized`. Out: `StoryAssigned` for every article whose text, story, lead or links changed, and
`StoryChanged` for every story that did. Links and stories are a function of the set of current revisions: texts are made
outside any lock, the set is changed and judged in one transaction under one lock, so no order, crash or number of
workers can show. It compares words and stated facts; it never fetches, extracts or indexes.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from libs.contracts.events import ArticleNormalized, Event, StoryChanged
from libs.contracts.reasons import Reason
from libs.domain.stories.records import Carrier, Cause, Revision, StoredText, Touched
from libs.domain.stories.retold import in_focus
from libs.domain.stories.texts import make_text, mark
from libs.runtime import failpoints
from libs.runtime.failures import Quarantine
from libs.runtime.lanes import LaneShares
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Emit, Outcome
from services.deduplicator.ports import Stories, Tally
from services.deduplicator.regroup import regroup
from services.deduplicator.weave import weave

STAGE = "deduplicator"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A revision with its text, ready for the lock."""

    carrier: Carrier
    text: StoredText


@dataclass(frozen=True, slots=True)
class Deduplicate:
    """A batch of revisions to stories."""

    stories: Stories
    metrics: Metrics | None = None
    turns: LaneShares = field(default_factory=lambda: LaneShares(1))  # at the lock: live news is next there

    async def __call__(self, events: Sequence[Event]) -> list[Outcome | BaseException]:
        """One result for each `ArticleNormalized`, in order. Raises what concerns the whole batch."""
        asked = {event.revision_id: event for event in events if isinstance(event, ArticleNormalized)}
        known = await self.stories.revisions(asked)
        fresh = [known[i] for i in sorted(known) if not known[i].assigned]
        prepared = await asyncio.to_thread(lambda: [prepare(revision) for revision in fresh])
        failpoints.hit(STAGE, "result_ready")
        tally = Tally()
        if prepared:
            async with self.turns.place(events[0].lane):
                await self._judge(prepared, asked, tally)
            failpoints.hit(STAGE, "committed")
        traces = {revision_id: event.trace_id for revision_id, event in asked.items()}
        follow = await self.stories.events(sorted(known), events[0].lane, traces) if known else {}
        self._count(tally, [event for revision in fresh for event in follow.get(revision.revision_id, ())])
        return [_outcome(event, follow) for event in events]

    async def _judge(self, prepared: Sequence[Prepared], events: Mapping[str, ArticleNormalized], tally: Tally) -> None:
        async with self.stories.book() as book:
            current = await book.current({p.carrier.article_id for p in prepared})
            taken = [p for p in prepared if current.get(p.carrier.article_id) == p.carrier.revision_id]
            results = {p.carrier.revision_id: Touched() for p in prepared}
            if taken:
                first = events[taken[0].carrier.revision_id]
                cause = Cause(first.lane, first.trace_id, first.revision_id)
                dirty = await weave(book, [p.carrier for p in taken], [p.text for p in taken], tally)
                touched = await regroup(book, dirty, {p.carrier.article_id for p in taken}, cause, tally)
                results |= _shared_out(touched, [p.carrier for p in taken])
            await book.record(results)

    def _count(self, tally: Tally, events: Iterable[Event]) -> None:
        if self.metrics is None:
            return
        self.metrics.pairs_compared.inc(tally.compared)
        for type_, count in tally.links.items():
            self.metrics.links.labels(type_).inc(count)
        for event in events:
            if isinstance(event, StoryChanged):
                self.metrics.stories_changed.labels(event.change).inc()


def prepare(revision: Revision) -> Prepared:
    """Everything about a revision that needs no other: words, fingerprints, whether its person is in focus."""
    text = make_text(revision.body, revision.turns, revision.quotes)
    focus = in_focus(revision.facts, revision.turns, revision.quotes)
    carrier = Carrier(revision.article_id, revision.revision_id, text.text_id, focus)
    return Prepared(carrier, StoredText(text, mark(text)))


def _outcome(event: Event, follow: Mapping[str, tuple[Event, ...]]) -> Outcome | BaseException:
    if isinstance(event, ArticleNormalized) and event.revision_id in follow:
        return Emit(follow[event.revision_id])
    return Quarantine(Reason.RECORD_MISSING, f"no revision {event.key}")


def _shared_out(touched: Touched, carriers: Iterable[Carrier]) -> dict[str, Touched]:
    """Each revision answers for its own article; the first of the batch for all the rest.

    A batch is acknowledged only after all of it was published, so a crash brings every one of them again.
    """
    own = {c.article_id: c.revision_id for c in carriers}
    shares: dict[str, list[str]] = {revision_id: [] for revision_id in own.values()}
    first = next(iter(own.values()))
    for article_id in touched.articles:
        shares[own.get(article_id, first)].append(article_id)
    return {r: Touched(tuple(ids), touched.stories if r == first else ()) for r, ids in shares.items()}
