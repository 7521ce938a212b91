"""What the monitor reads stands in its metrics; what it cannot read is gone from them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from libs.adapters.nats.readings import BusReading, ConsumerReading, StreamReading
from libs.adapters.opensearch.readings import IndexReading, NodeReading
from libs.adapters.postgres.readings import AccountReading, DatabaseReading, WorkReading
from libs.runtime.failures import DependencyDown
from libs.runtime.metrics import Metrics
from services.monitor import stage
from services.monitor.stage import Look

ACK = datetime(2026, 3, 4, 12, tzinfo=UTC)
BUS = BusReading(
    (StreamReading("PAGES_FETCHED", 5, 1_000, 8_000),),
    (ConsumerReading("normalizer-live", 3, 2, ACK), ConsumerReading("normalizer-replay")),
)
DATABASE = DatabaseReading("newsfold", 40, 200, 1.5, 10_000, 2, 0.99, 64, 1_024)
WORK = WorkReading(
    {("capture", "live"): 2, ("article", "live"): 1},
    {("capture", "live"): 7.5},
    {("normalizer", "parse_crash"): 3},
    {"known": 4, "failing": 1},
)
ACCOUNT = AccountReading(
    {("captures", "extracted"): 9},
    {"a rule": 2, "another": 1},
    ["https://quiet.example/feed"],
    {"taken": 1.7e9, "verified": 0.0},
)
INDEX = IndexReading(1, 0, {"articles": 12}, (NodeReading("one", 100, 60, 0.5),))


@dataclass
class FakeEngines:
    """Answers prepared readings; an exception is raised instead."""

    answers: dict[str, Any] = field(
        default_factory=lambda: {"bus": BUS, "database": DATABASE, "work": WORK, "account": ACCOUNT, "index": INDEX}
    )

    async def _answer(self, name: str) -> Any:
        answer = self.answers[name]
        if isinstance(answer, BaseException):
            raise answer
        if answer is None:
            await asyncio.sleep(60)
        return answer

    async def bus(self) -> BusReading:
        return await self._answer("bus")

    async def database(self) -> DatabaseReading:
        return await self._answer("database")

    async def work(self) -> WorkReading:
        return await self._answer("work")

    async def account(self) -> AccountReading:
        return await self._answer("account")

    async def index(self) -> IndexReading:
        return await self._answer("index")


@dataclass
class Desk:
    engines: FakeEngines = field(default_factory=FakeEngines)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    @property
    def look(self) -> Look:
        return Look(self.engines, self.metrics)

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"newsfold_{name}", labels)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_readings_stand_in_the_metrics(desk: Desk) -> None:
    await desk.look()
    await desk.look.account()
    assert [desk.value("engine_up", engine=name) for name in ("nats", "postgres", "opensearch")] == [1, 1, 1]
    assert desk.value("consumer_pending", consumer="normalizer-live") == 3
    assert desk.value("consumer_last_ack_timestamp_seconds", consumer="normalizer-live") == ACK.timestamp()
    assert desk.value("stream_bytes", stream="PAGES_FETCHED") == 1_000
    assert desk.value("postgres_connections", database="newsfold") == 40
    assert desk.value("unfinished", kind="capture", lane="live") == 2
    assert desk.value("oldest_unfinished_seconds", kind="capture", lane="live") == 7.5
    assert desk.value("quarantine_open", stage="normalizer", reason="parse_crash") == 3
    assert desk.value("sources", state="silent") == 1
    assert desk.value("recorded", kind="captures", end="extracted") == 9
    assert desk.value("ledger_broken", rule="any") == 3
    assert desk.value("backup_timestamp_seconds", step="taken") == 1.7e9
    assert desk.value("opensearch_status", cluster="opensearch") == 1
    assert desk.value("opensearch_disk_bytes", node="one", what="free") == 60


async def test_a_missing_consumer_is_told_and_has_no_other_values(desk: Desk) -> None:
    await desk.look()
    assert desk.value("consumer_exists", consumer="normalizer-live") == 1
    assert desk.value("consumer_exists", consumer="normalizer-replay") == 0
    assert desk.value("consumer_pending", consumer="normalizer-replay") is None


@pytest.mark.parametrize("failure", [DependencyDown("nats", "gone"), RuntimeError("unknown")])
async def test_an_engine_that_fails_is_down_its_values_are_gone_and_the_others_stand(
    desk: Desk, failure: Exception
) -> None:
    await desk.look()
    desk.engines.answers["bus"] = failure
    await desk.look()
    assert desk.value("engine_up", engine="nats") == 0
    assert desk.value("consumer_pending", consumer="normalizer-live") is None
    assert desk.value("engine_up", engine="opensearch") == 1
    assert desk.value("opensearch_status", cluster="opensearch") == 1


async def test_an_engine_that_hangs_is_down(desk: Desk) -> None:
    desk.engines.answers["index"] = None
    slow = stage._Look("opensearch", desk.engines.index, stage.showing.index, stage.showing.index_metrics, 0.01)
    await desk.look._take([slow])
    assert desk.value("engine_up", engine="opensearch") == 0


async def test_a_database_that_answers_half_is_down(desk: Desk) -> None:
    desk.engines.answers["work"] = DependencyDown("postgres", "gone")
    await desk.look()
    assert desk.value("engine_up", engine="postgres") == 0
    assert desk.value("postgres_connections", database="newsfold") == 40


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (lambda a: a | {"bus": replace(BUS, consumers=())}, ("consumer_pending", {"consumer": "normalizer-live"})),
        (
            lambda a: a | {"work": replace(WORK, quarantined={})},
            ("quarantine_open", {"stage": "normalizer", "reason": "parse_crash"}),
        ),
        (lambda a: a | {"index": replace(INDEX, nodes=())}, ("opensearch_heap_ratio", {"node": "one"})),
    ],
)
async def test_what_is_no_longer_read_is_no_longer_shown(
    desk: Desk, change: Callable[[dict[str, Any]], dict[str, Any]], gone: tuple[str, dict[str, str]]
) -> None:
    name, labels = gone
    await desk.look()
    assert desk.value(name, **labels) is not None
    desk.engines.answers = change(desk.engines.answers)
    await desk.look()
    assert desk.value(name, **labels) is None


async def test_a_rule_that_holds_again_is_gone(desk: Desk) -> None:
    await desk.look.account()
    desk.engines.answers["account"] = replace(ACCOUNT, broken={})
    await desk.look.account()
    assert desk.value("ledger_broken", rule="a rule") is None
    assert desk.value("ledger_broken", rule="any") == 0
