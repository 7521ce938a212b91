"""The use case: make the search index show what PostgreSQL holds.

In: `StoryAssigned` and `StoryChanged`. Out: `ArticleIndexed` for each article that is searchable now. An event only
says what to look at; what is written is the current state, at its projection number, so neither the order of events
nor their number can matter. It never judges articles and never writes what PostgreSQL does not hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.events import ArticleIndexed, Event, StoryAssigned, StoryChanged
from libs.contracts.reasons import Reason
from libs.domain.projections import (
    ArticleState,
    EndedRevision,
    StoryState,
    Unindexable,
    Write,
    article_writes,
    story_writes,
)
from libs.runtime import failpoints
from libs.runtime.failures import Failure, Quarantine
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Emit, Outcome

STAGE = "indexer"


class Projections(Protocol):
    """The current state of articles and stories, and the account of what the index shows of them."""

    async def articles(self, ids: Iterable[str]) -> Sequence[ArticleState]: ...

    async def stories(self, ids: Iterable[str]) -> Sequence[StoryState]: ...

    async def mark_indexed(
        self, shown: Sequence[ArticleState], told: Sequence[StoryState]
    ) -> Sequence[EndedRevision]: ...


class SearchIndex(Protocol):
    """Where documents are written; the highest version of each stays. Raises DependencyDown."""

    async def write(self, writes: Sequence[Write]) -> Sequence[Failure | None]: ...


@dataclass(frozen=True, slots=True)
class _Planned:
    """The writes of one article or story, or why there are none."""

    writes: tuple[Write, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """A batch of events to documents."""

    projections: Projections
    index: SearchIndex
    metrics: Metrics | None = None

    async def __call__(self, events: Sequence[Event]) -> list[Outcome | BaseException]:
        """One result per event, in order. Raises DependencyDown for all."""
        shown = await self.projections.articles(e.article_id for e in events if isinstance(e, StoryAssigned))
        told = await self.projections.stories(e.story_id for e in events if isinstance(e, StoryChanged))
        failpoints.hit(STAGE, "result_ready")
        failures = await self._write({_article(state): _plan(state) for state in shown} | _planned_stories(told))
        ended = await self.projections.mark_indexed(
            [state for state in shown if failures[_article(state)] is None],
            [state for state in told if failures[_story(state)] is None],
        )
        failpoints.hit(STAGE, "committed")
        self._count(ended)
        projections = {state.article_id: state.projection for state in shown}
        return [_result(event, failures, projections) for event in events]

    def _count(self, ended: Sequence[EndedRevision]) -> None:
        if self.metrics is None:
            return
        for revision in ended:
            self.metrics.revisions_ended.labels(revision.end).inc()
            self.metrics.searchable_seconds.labels(revision.lane).observe(revision.seconds)

    async def _write(self, plans: Mapping[str, _Planned]) -> dict[str, Failure | None]:
        """Write all at once; what became of each article and story."""
        failures = {name: plan.failure for name, plan in plans.items()}
        owners = [name for name, plan in plans.items() for _ in plan.writes]
        results = await self.index.write([write for plan in plans.values() for write in plan.writes])
        for name, failure in zip(owners, results, strict=True):
            failures[name] = failures[name] or failure
        return failures


def _article(state: ArticleState) -> str:
    return f"article {state.article_id}"


def _story(state: StoryState) -> str:
    return f"story {state.story_id}"


def _planned_stories(states: Iterable[StoryState]) -> dict[str, _Planned]:
    return {_story(state): _plan(state) for state in states}


def _plan(state: ArticleState | StoryState) -> _Planned:
    try:
        writes = article_writes(state) if isinstance(state, ArticleState) else story_writes(state)
    except Unindexable as error:
        return _Planned(failure=Quarantine(Reason.INDEX_MAPPING, str(error)))
    return _Planned(writes=tuple(writes))


def _result(
    event: Event, failures: Mapping[str, Failure | None], projections: Mapping[str, int]
) -> Outcome | BaseException:
    match event:
        case StoryAssigned():
            name = f"article {event.article_id}"
        case StoryChanged():
            name = f"story {event.story_id}"
        case _:
            raise TypeError(f"{type(event).__name__} is not for the indexer")
    if name not in failures:
        return Quarantine(Reason.RECORD_MISSING, f"no {name}")
    if (failure := failures[name]) is not None:
        return failure
    if not isinstance(event, StoryAssigned):
        return Emit()
    return Emit(
        (
            ArticleIndexed(
                lane=event.lane,
                trace_id=event.trace_id,
                attempt=event.attempt,
                article_id=event.article_id,
                projection=projections[event.article_id],
            ),
        )
    )
