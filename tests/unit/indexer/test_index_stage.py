"""The indexer's use case over ports in memory."""

from collections.abc import Iterable, Sequence

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts.events import ArticleIndexed, Event, PageFetched, StoryAssigned, StoryChanged
from libs.contracts.pipeline import Lane
from libs.contracts.reasons import Reason
from libs.domain.projections import ArticleState, EndedRevision, Member, StoryState, Write
from libs.runtime.failures import DependencyDown, Failure, Quarantine
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Emit
from services.indexer.stage import Index

COMMON = {"lane": Lane.BACKFILL, "trace_id": "t" * 32}


class Projections:
    """States by id; remembers what was marked."""

    def __init__(self, articles: Sequence[ArticleState] = (), stories: Sequence[StoryState] = ()) -> None:
        self._articles, self._stories = articles, stories
        self.marked: list[str] = []

    async def articles(self, ids: Iterable[str]) -> list[ArticleState]:
        wanted = set(ids)
        return [state for state in self._articles if state.article_id in wanted]

    async def stories(self, ids: Iterable[str]) -> list[StoryState]:
        wanted = set(ids)
        return [state for state in self._stories if state.story_id in wanted]

    async def mark_indexed(self, shown: Sequence[ArticleState], told: Sequence[StoryState]) -> list[EndedRevision]:
        self.marked += [state.article_id for state in shown] + [state.story_id for state in told]
        return [EndedRevision("indexed", "backfill", 2.0) for _ in shown]


class Written:
    """Takes everything but what it was told to refuse."""

    def __init__(self, refused: Sequence[str] = (), down: bool = False) -> None:
        self.writes: list[Write] = []
        self._refused, self._down = refused, down

    async def write(self, writes: Sequence[Write]) -> list[Failure | None]:
        if self._down:
            raise DependencyDown("opensearch")
        self.writes += writes
        return [Quarantine(Reason.INDEX_MAPPING, "no") if w.id in self._refused else None for w in writes]


def article(name: str, **more: object) -> ArticleState:
    return ArticleState(name, 4, f"r-{name}", key=name, url=name, language="en", **more)  # type: ignore[arg-type]


def assigned(name: str, projection: int = 1) -> StoryAssigned:
    return StoryAssigned(article_id=name, story_id="s", projection=projection, **COMMON)


def story(name: str) -> StoryState:
    member = Member("a", "a", "A", "O", "p", "en", None, "report", None, ())
    return StoryState(name, 2, "a", "body", (member,))


def changed(name: str) -> StoryChanged:
    return StoryChanged(story_id=name, projection=1, change="changed", **COMMON)


async def test_the_state_of_now_is_written_and_announced_whatever_number_the_event_names():
    projections, index = Projections([article("a")]), Written()
    (outcome,) = await Index(projections, index)([assigned("a", projection=1)])
    assert [(w.id, w.version) for w in index.writes] == [("a", 4)]
    assert outcome == Emit((ArticleIndexed(article_id="a", projection=4, **COMMON),))
    assert projections.marked == ["a"]


async def test_several_events_about_one_article_are_one_write():
    index = Written()
    outcomes = await Index(Projections([article("a")]), index)([assigned("a", 1), assigned("a", 2)])
    assert len(index.writes) == 1
    assert len(outcomes) == 2


async def test_a_refused_article_is_neither_marked_nor_announced_and_its_neighbours_are():
    projections = Projections([article("a"), article("b"), article("c", published="yesterday")])
    results = await Index(projections, Written(refused=["a"]))([assigned("a"), assigned("b"), assigned("c")])
    assert [type(result) for result in results] == [Quarantine, Emit, Quarantine]
    assert projections.marked == ["b"]


async def test_stories_are_written_and_marked_without_an_event():
    projections, index = Projections(stories=[story("s")]), Written()
    assert await Index(projections, index)([changed("s")]) == [Emit()]
    assert [(w.kind, w.id, w.version) for w in index.writes] == [("stories", "s", 2)]
    assert projections.marked == ["s"]


async def test_while_the_engine_is_down_nothing_is_marked():
    projections = Projections([article("a")])
    with pytest.raises(DependencyDown):
        await Index(projections, Written(down=True))([assigned("a")])
    assert projections.marked == []


@pytest.mark.parametrize("event", [assigned("nobody"), changed("nothing")])
async def test_an_event_about_nothing_known_is_set_aside(event: Event):
    (result,) = await Index(Projections(), Written())([event])
    assert isinstance(result, Quarantine)
    assert result.reason == Reason.RECORD_MISSING


async def test_a_foreign_event_is_a_fault_of_ours():
    with pytest.raises(TypeError):
        await Index(Projections(), Written())([PageFetched(capture_id="c", **COMMON)])


async def test_ended_revisions_are_counted_with_their_delay():
    metrics = Metrics(CollectorRegistry())
    await Index(Projections([article("a")]), Written(), metrics)([assigned("a")])
    value = metrics.registry.get_sample_value
    assert value("newsfold_revisions_ended_total", {"end": "indexed"}) == 1
    assert value("newsfold_searchable_delay_seconds_sum", {"lane": "backfill"}) == 2
