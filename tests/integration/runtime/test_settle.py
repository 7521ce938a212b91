"""Every way in which a message can end, on a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats_rig import PROBE, NatsServer, page, send, stored
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from libs.contracts.events import ArticleNormalized, Event, PageFetched
from libs.contracts.pipeline import ARTICLES_NORMALIZED, PAGES_FETCHED, Lane
from libs.contracts.reasons import Reason
from libs.runtime.bus import Publisher, nats_failure, open_broker
from libs.runtime.failures import DependencyDown, Quarantine, Retry
from libs.runtime.health import Health
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit
from libs.runtime.policy import FailurePolicy
from libs.runtime.settle import LOGGED_LETTERS, Result, SetAside, Settler

POLICY = FailurePolicy(delays_seconds=(0.05,), jitter=0, attempts=3, deliveries=5, alone_after=2, pause_seconds=(0.05,))
Stage = Callable[[PageFetched], Result]


class MemoryQuarantine:
    """Keeps entries in a list; `fail_next` raises these first."""

    def __init__(self) -> None:
        self.entries: list[SetAside] = []
        self.fail_next: list[Exception] = []

    async def put(self, entry: SetAside) -> None:
        if self.fail_next:
            raise self.fail_next.pop(0)
        self.entries.append(entry)


@dataclass
class Rig:
    """A stage whose answers a test writes, with a pull consumer per lane."""

    js: JetStreamContext
    settler: Settler
    quarantine: MemoryQuarantine
    metrics: Metrics
    health: Health
    asked: list[list[str]] = field(default_factory=list)  # capture ids of each call of the handler
    stage: Stage = lambda event: emit(event)

    async def handler(self, events: Sequence[PageFetched]) -> Sequence[Result]:
        self.asked.append([event.key for event in events])

        async def one(event: PageFetched) -> Emit | Drop:
            result = self.stage(event)
            if isinstance(result, BaseException):
                raise result
            return result

        return await asyncio.gather(*map(one, events), return_exceptions=True)

    async def pull(self, lane: Lane = Lane.LIVE, *, wait: float = 0.4) -> list[Msg]:
        bound = await self.js.pull_subscribe_bind(PROBE.durable(PAGES_FETCHED, lane), PAGES_FETCHED.name)
        try:
            return await bound.fetch(PROBE.batch, timeout=wait)
        except TimeoutError:
            return []

    async def step(self, lane: Lane = Lane.LIVE) -> list[Msg]:
        messages = await self.pull(lane)
        if messages:
            await self.settler(PageFetched, lane, messages)
        return messages

    async def rests(self, pending: int, in_hand: int, lane: Lane = Lane.LIVE) -> bool:
        """Whether the broker soon sees so many messages not delivered and not acknowledged; it takes acks in the dark."""
        for _ in range(100):
            info = await self.js.consumer_info(PAGES_FETCHED.name, PROBE.durable(PAGES_FETCHED, lane))
            if (info.num_pending or 0, info.num_ack_pending or 0) == (pending, in_hand):
                return True
            await asyncio.sleep(0.01)
        return False

    def counted(self, outcome: str, reason: str = "", lane: Lane = Lane.LIVE) -> float:
        labels = {"stage": "probe", "lane": lane, "outcome": outcome, "reason": reason}
        return self.metrics.registry.get_sample_value("newsfold_messages_total", labels) or 0


def emit(event: PageFetched) -> Emit:
    return Emit(
        (
            ArticleNormalized(
                lane=event.lane,
                attempt=event.attempt,
                trace_id=event.trace_id,
                revision_id=event.capture_id,
                article_id="a1",
            ),
        )
    )


@pytest.fixture
async def rig(nats_server: NatsServer, client: Client, js: JetStreamContext) -> AsyncIterator[Rig]:
    metrics, health, quarantine = Metrics(CollectorRegistry()), Health("probe"), MemoryQuarantine()
    stopping = asyncio.Event()
    broker = open_broker(nats_server.url, service="probe", stopping=stopping)
    await broker.connect()
    publisher = Publisher(broker, stage="probe", metrics=metrics)
    rig = Rig(js, None, quarantine, metrics, health)  # type: ignore[arg-type]
    rig.settler = Settler(PROBE, rig.handler, quarantine, publisher, metrics, health, [nats_failure], POLICY, stopping)
    yield rig
    stopping.set()
    await broker.stop()


async def test_an_emitted_event_is_stored_once_and_its_cause_acknowledged(rig: Rig) -> None:
    await send(rig.js, page(1))
    await rig.step()
    assert await stored(rig.js) == ["c0ffee-1.0"]
    assert await rig.rests(0, 0)
    assert rig.counted("emit") == 1


async def test_a_dropped_message_is_acknowledged_with_its_reason(rig: Rig) -> None:
    rig.stage = lambda _: Drop(Reason.NOT_ARTICLE)
    await send(rig.js, page(1))
    await rig.step()
    assert await rig.rests(0, 0)
    assert await stored(rig.js) == []
    assert rig.counted("drop", "not_article") == 1


async def test_the_log_says_how_each_message_ended_with_the_ids_it_is_about(rig: Rig) -> None:
    rig.stage = lambda _: Drop(Reason.NOT_ARTICLE)
    await send(rig.js, page(1))
    with capture_logs() as lines:
        await rig.step()
    [line] = [line for line in lines if line["event"] == "settled"]
    assert (line["stage"], line["outcome"], line["reason"]) == ("probe", "drop", "not_article")
    assert (line["capture_id"], line["trace_id"]) == (page(1).capture_id, page(1).trace_id)


async def test_the_log_says_why_a_message_was_given_back_in_few_words(rig: Rig) -> None:
    rig.stage = lambda _: Retry(Reason.INDEX_REFUSED, "busy " * 1000)
    await send(rig.js, page(1))
    with capture_logs() as lines:
        await rig.step()
    [line] = [line for line in lines if line["event"] == "settled"]
    assert (line["outcome"], line["reason"], line["deliveries"]) == ("retry", "index_refused", 1)
    assert line["detail"].startswith("busy busy")
    assert len(line["detail"]) <= LOGGED_LETTERS


async def test_a_retry_comes_back_after_its_delay_and_can_succeed(rig: Rig) -> None:
    answers: list[Result] = [Retry(Reason.INDEX_REFUSED, "busy"), Retry(Reason.INDEX_REFUSED, after_seconds=0.05)]
    rig.stage = lambda event: answers.pop(0) if answers else emit(event)
    await send(rig.js, page(1))
    counts = [message.metadata.num_delivered for _ in range(3) for message in await rig.step()]
    assert counts == [1, 2, 3]
    assert rig.counted("retry", "index_refused") == 2
    assert rig.counted("emit") == 1
    assert rig.quarantine.entries == []


async def test_a_retry_that_never_succeeds_is_set_aside(rig: Rig) -> None:
    rig.stage = lambda _: Retry(Reason.INDEX_REFUSED, "busy")
    await send(rig.js, page(1))
    for _ in range(POLICY.attempts):
        await rig.step()
    [entry] = rig.quarantine.entries
    assert (entry.reason, entry.deliveries) == (Reason.TOO_MANY_ATTEMPTS, POLICY.attempts)
    assert "index_refused: busy" in entry.error
    assert await rig.step() == []


async def test_a_quarantined_message_is_kept_as_it_came_and_never_delivered_again(rig: Rig) -> None:
    rig.stage = lambda _: Quarantine(Reason.BLOB_MISSING, "no bytes")
    event = page(1)
    await send(rig.js, event)
    await rig.step()
    [entry] = rig.quarantine.entries
    assert (entry.stage, entry.reason, entry.subject, entry.stream, entry.stream_sequence, entry.deliveries) == (
        "probe",
        Reason.BLOB_MISSING,
        "page.fetched.live",
        "PAGES_FETCHED",
        1,
        1,
    )
    assert entry.payload == event.model_dump_json().encode()
    assert entry.headers["Nats-Msg-Id"] == event.message_id
    assert entry.event == event
    await asyncio.sleep(PROBE.ack_wait_seconds + 0.2)
    assert await rig.step() == []


async def test_an_unexpected_error_is_tried_again_and_then_set_aside(rig: Rig) -> None:
    rig.stage = lambda _: ZeroDivisionError("a fault of ours")
    await send(rig.js, page(1))
    for _ in range(POLICY.attempts):
        await rig.step()
    [entry] = rig.quarantine.entries
    assert entry.reason == Reason.UNEXPECTED_ERROR
    assert "ZeroDivisionError" in entry.error
    assert rig.counted("retry", "unexpected_error") == POLICY.attempts - 1


@pytest.mark.parametrize("lane", list(Lane))
async def test_bytes_that_are_no_event_are_set_aside_at_once_on_every_lane(rig: Rig, lane: Lane) -> None:
    unknown = page(2, lane).model_dump_json().replace('"version":1', '"version":99').encode()
    bad = [b"", b"\xff\x00", b"{", b"[]", b'{"lane": "live"}', unknown]
    for data in bad:
        await rig.js.publish(f"page.fetched.{lane}", data, headers={"content-type": "application/json"})
    await send(rig.js, page(1, lane))
    await rig.step(lane)
    assert [entry.payload for entry in rig.quarantine.entries] == bad
    assert [entry.reason for entry in rig.quarantine.entries] == [
        *[Reason.MESSAGE_MALFORMED] * 5,
        Reason.MESSAGE_UNKNOWN_VERSION,
    ]
    assert await stored(rig.js) == ["c0ffee-1.0"]
    assert await rig.rests(0, 0, lane)


async def test_one_failing_message_does_not_hold_back_its_neighbours(rig: Rig) -> None:
    rig.stage = lambda event: ValueError("poison") if event.key == "c0ffee-2" else emit(event)
    await send(rig.js, *(page(n) for n in range(5)))
    await rig.step()
    assert sorted(await stored(rig.js)) == [f"c0ffee-{n}.0" for n in (0, 1, 3, 4)]
    assert await rig.rests(0, 1)


async def test_a_batch_that_fails_as_a_whole_is_taken_one_by_one(rig: Rig) -> None:
    async def whole(events: Sequence[Event]) -> Sequence[Result]:
        rig.asked.append([event.key for event in events])
        if any(event.key == "c0ffee-2" for event in events):
            raise ValueError("poison")
        return [emit(event) for event in events if isinstance(event, PageFetched)]

    rig.settler.handler = whole
    await send(rig.js, *(page(n) for n in range(4)))
    await rig.step()
    assert sorted(await stored(rig.js)) == ["c0ffee-0.0", "c0ffee-1.0", "c0ffee-3.0"]
    assert [len(keys) for keys in rig.asked] == [4, 1, 1, 1, 1]


async def test_a_handler_that_answers_too_few_loses_nothing(rig: Rig) -> None:
    async def forgetful(events: Sequence[Event]) -> Sequence[Result]:
        return [emit(events[0])] if isinstance(events[0], PageFetched) else []

    rig.settler.handler = forgetful
    await send(rig.js, page(1), page(2))
    await rig.step()
    assert sorted(await stored(rig.js)) == ["c0ffee-1.0", "c0ffee-2.0"]


async def test_a_message_that_was_delivered_often_is_handled_by_itself(rig: Rig) -> None:
    await send(rig.js, page(1), page(2))
    for _ in range(POLICY.alone_after):
        for message in await rig.pull():
            await message.nak()
    await send(rig.js, page(3), page(4))
    await rig.step()
    assert sorted(map(sorted, rig.asked)) == [["c0ffee-1"], ["c0ffee-2"], ["c0ffee-3", "c0ffee-4"]]


async def test_a_message_no_handler_survives_is_set_aside_without_another_try(rig: Rig) -> None:
    await send(rig.js, page(1))
    for _ in range(POLICY.deliveries):
        for message in await rig.pull():
            await message.nak()
    await rig.step()
    [entry] = rig.quarantine.entries
    assert (entry.reason, entry.deliveries) == (Reason.TOO_MANY_DELIVERIES, POLICY.deliveries + 1)
    assert rig.asked == []


async def test_while_a_dependency_is_down_the_batch_waits_and_no_attempt_is_counted(rig: Rig) -> None:
    down = 30  # more often than attempts, deliveries or Python's stack would allow if each try were a delivery

    def stage(event: PageFetched) -> Result:
        nonlocal down
        if event.key != "c0ffee-2" or down == 0:
            return emit(event)
        down -= 1
        assert rig.health.waiting_for <= {"postgres"}
        return DependencyDown("postgres", "not there")

    rig.stage = stage
    rig.settler.policy = FailurePolicy(pause_seconds=(0.005,))
    await send(rig.js, page(1), page(2))
    [first, second] = await rig.pull()
    task = asyncio.create_task(rig.settler(PageFetched, Lane.LIVE, [first, second]))
    while down > 20:
        await asyncio.sleep(0.005)
    assert rig.health.waiting_for == {"postgres"}
    assert not rig.health.ready
    assert await rig.rests(0, 2)
    await task
    assert rig.asked[0] == ["c0ffee-1", "c0ffee-2"]
    assert set(map(tuple, rig.asked[1:])) == {("c0ffee-2",)}  # what had its result is not asked again
    assert sorted(await stored(rig.js)) == ["c0ffee-1.0", "c0ffee-2.0"]
    assert rig.health.waiting_for == set()
    assert rig.counted("retry", "dependency_down") == 0
    assert rig.quarantine.entries == []


async def test_a_failure_after_a_dependency_came_back_leaves_nothing_waited_for(rig: Rig) -> None:
    answers: list[Exception] = [DependencyDown("postgres"), ValueError("a fault of ours")]

    async def raising(_: Sequence[Event]) -> Sequence[Result]:
        raise answers.pop(0)

    rig.settler.handler = raising
    await send(rig.js, page(1))
    await rig.step()
    assert rig.health.waiting_for == set()
    assert rig.counted("retry", "unexpected_error") == 1


async def test_asked_to_stop_while_a_dependency_is_down_the_batch_is_given_back(rig: Rig) -> None:
    rig.stage = lambda _: DependencyDown("postgres")
    await send(rig.js, page(1))
    messages = await rig.pull()
    task = asyncio.create_task(rig.settler(PageFetched, Lane.LIVE, messages))
    while not rig.health.waiting_for:
        await asyncio.sleep(0.01)
    rig.settler.stopping.set()
    await asyncio.wait_for(task, 5)
    again = await rig.pull(wait=1.8)  # sooner than ack_wait would bring it back
    assert [message.metadata.num_delivered for message in again] == [2]


async def test_an_entry_the_store_refuses_stays_with_the_broker_and_its_neighbours_go_on(rig: Rig) -> None:
    rig.quarantine.fail_next = [ValueError("cannot be stored")]
    rig.stage = lambda event: Quarantine(Reason.BLOB_MISSING) if event.key == "c0ffee-1" else emit(event)
    await send(rig.js, page(1), page(2))
    await rig.step()
    assert await stored(rig.js) == ["c0ffee-2.0"]
    assert await rig.rests(0, 1)
    await asyncio.sleep(PROBE.ack_wait_seconds)
    await rig.step()
    assert [entry.reason for entry in rig.quarantine.entries] == [Reason.BLOB_MISSING]


async def test_a_redelivery_publishes_the_same_id_and_the_broker_stores_one(rig: Rig) -> None:
    await send(rig.js, page(1))
    [message] = await rig.pull()
    message.ack = _withheld  # type: ignore[method-assign]
    await rig.settler(PageFetched, Lane.LIVE, [message])
    await asyncio.sleep(PROBE.ack_wait_seconds)
    [again] = await rig.step()
    assert again.metadata.num_delivered == 2
    assert await stored(rig.js) == ["c0ffee-1.0"]
    assert rig.metrics.registry.get_sample_value("newsfold_redeliveries_total", {"stage": "probe", "lane": "live"}) == 1
    published = {"stage": "probe", "event": ARTICLES_NORMALIZED.event, "lane": "live"}
    assert rig.metrics.registry.get_sample_value("newsfold_published_total", published) == 2


async def _withheld() -> None:
    """An acknowledgement that never reaches the broker."""


async def test_a_raised_attempt_is_stored_again(rig: Rig) -> None:
    await send(rig.js, page(1), page(1), page(1, attempt=1))
    await rig.step()
    assert sorted(await stored(rig.js)) == ["c0ffee-1.0", "c0ffee-1.1"]


async def test_slow_work_is_not_delivered_twice(rig: Rig) -> None:
    async def slow(events: Sequence[Event]) -> Sequence[Result]:
        await asyncio.sleep(PROBE.ack_wait_seconds * 1.4)
        return [emit(event) for event in events if isinstance(event, PageFetched)]

    rig.settler.handler = slow
    await send(rig.js, page(1))
    messages = await rig.pull()
    task = asyncio.create_task(rig.settler(PageFetched, Lane.LIVE, messages))
    assert await rig.pull(wait=PROBE.ack_wait_seconds * 1.2) == []
    await task
    assert await rig.rests(0, 0)
