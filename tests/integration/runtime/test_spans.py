"""Spans of messages on a real broker, as a collector receives them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats_rig import PROBE, NatsServer, page
from prometheus_client import CollectorRegistry
from support.collector import Collector, Received, collecting

from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.pipeline import ARTICLES_NORMALIZED, PAGES_FETCHED, Lane
from libs.contracts.reasons import Reason
from libs.runtime.bus import Publisher, nats_failure, open_broker
from libs.runtime.failures import Retry
from libs.runtime.health import Health
from libs.runtime.metrics import Metrics
from libs.runtime.outcomes import Drop, Emit
from libs.runtime.policy import FailurePolicy
from libs.runtime.settle import Result, SetAside, Settler
from libs.runtime.tracing import Tracing, open_tracing

POLICY = FailurePolicy(delays_seconds=(0.05,), jitter=0, attempts=3, deliveries=5, alone_after=2, pause_seconds=(0.05,))
TRACE = "0123456789abcdef0011223344556677"
ROOT = TRACE[16:]


class Forgetful:
    """A quarantine that nobody looks into."""

    async def put(self, entry: SetAside) -> None: ...


@dataclass
class Rig:
    """Sends a page, reads it with a stage whose answers a test writes, tells what a collector saw."""

    js: JetStreamContext
    tracing: Tracing
    publisher: Publisher
    settler: Settler
    collector: Collector
    answers: list[Result]

    async def handler(self, events: Sequence[PageFetched]) -> Sequence[Result]:
        for event in events:
            self.tracing.found(event.trace_id, page_id="p1")
        return [self.answers.pop(0) for _ in events]

    async def read(self) -> list[Msg]:
        bound = await self.js.pull_subscribe_bind(PROBE.durable(PAGES_FETCHED, Lane.LIVE), PAGES_FETCHED.name)
        messages = await bound.fetch(PROBE.batch, timeout=5)
        await self.settler(PageFetched, Lane.LIVE, messages)
        return messages

    async def header(self, stream: str = ARTICLES_NORMALIZED.name) -> str:
        info = await self.js.stream_info(stream)
        found = await self.js.get_msg(stream, info.state.last_seq)
        return (found.headers or {})["traceparent"]

    def spans(self) -> list[Received]:
        self.tracing.close()
        return sorted(self.collector.spans, key=lambda span: span.began)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
async def rig(
    nats_server: NatsServer,
    js: JetStreamContext,
    client: Client,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Rig]:
    for name, value in collector.environment.items():
        monkeypatch.setenv(name, value)
    metrics, stopping = Metrics(CollectorRegistry()), asyncio.Event()
    broker = open_broker(nats_server.url, service="probe", stopping=stopping)
    await broker.connect()
    tracing = open_tracing("probe", "1")
    publisher = Publisher(broker, stage="probe", metrics=metrics, tracing=tracing)
    rig = Rig(js, tracing, publisher, None, collector, [])  # type: ignore[arg-type]
    rig.settler = Settler(
        PROBE,
        rig.handler,
        Forgetful(),
        publisher,
        metrics,
        Health("probe"),
        [nats_failure],
        POLICY,
        stopping,
        tracing,
    )
    yield rig
    stopping.set()
    tracing.close()
    await broker.stop()


def captured(*, attempt: int = 0, capture_id: str = "c1") -> PageFetched:
    return page(1, attempt=attempt).model_copy(update={"trace_id": TRACE, "capture_id": capture_id})


def normalized(trace_id: str = TRACE) -> ArticleNormalized:
    return ArticleNormalized(lane=Lane.LIVE, trace_id=trace_id, revision_id="r1", article_id="a1")


async def test_a_page_and_what_follows_from_it_are_one_trace(rig: Rig) -> None:
    with rig.tracing.work("fetch", **{"url.full": "https://a.test/1"}):
        await rig.publisher.publish([captured()])
    rig.answers = [Emit((normalized(),))]
    await rig.read()
    fetch, read = rig.spans()
    assert (fetch.name, fetch.trace_id, fetch.span_id, fetch.parent_id) == ("fetch", TRACE, ROOT, "")
    assert fetch.attributes["url.full"] == "https://a.test/1"
    assert fetch.attributes["newsfold.capture_id"] == "c1"
    assert (read.name, read.trace_id, read.parent_id) == ("probe page.fetched.live", TRACE, ROOT)
    assert (
        read.attributes.items()
        >= {
            "newsfold.capture_id": "c1",
            "newsfold.page_id": "p1",
            "newsfold.outcome": "emit",
            "messaging.message.id": "c1.0",
        }.items()
    )
    assert await rig.header() == f"00-{TRACE}-{read.span_id}-01"
    assert fetch.began < read.began < read.ended
    assert not read.failed


async def test_each_delivery_has_a_span_under_the_same_sender(rig: Rig) -> None:
    await rig.publisher.publish([captured()])
    rig.answers = [Retry(Reason.UNEXPECTED_ERROR, "not yet", after_seconds=0.01), Drop(Reason.NOT_ARTICLE)]
    await rig.read()
    await rig.read()
    _, first, second = rig.spans()
    assert first.parent_id == second.parent_id == ROOT
    assert (first.failed, first.attributes["newsfold.outcome"]) == (True, "retry")
    assert (second.failed, second.attributes["newsfold.deliveries"]) == (False, 2)
    assert second.attributes["newsfold.reason"] == "not_article"


async def test_what_is_sent_again_stays_in_the_trace_under_its_root(rig: Rig) -> None:
    await rig.publisher.publish([captured(attempt=1)])
    rig.answers = [Emit()]
    await rig.read()
    sent, read = rig.spans()
    assert (sent.name, sent.trace_id, sent.parent_id) == ("send page.fetched.live", TRACE, ROOT)
    assert sent.attributes["newsfold.attempt"] == 1
    assert (read.trace_id, read.parent_id) == (TRACE, sent.span_id)


async def test_an_event_of_another_trace_is_linked_to_its_cause(rig: Rig) -> None:
    other = "f" * 16 + "e" * 16
    await rig.publisher.publish([captured()])
    rig.answers = [Emit((normalized(other),))]
    await rig.read()
    _, read, sent = rig.spans()
    assert (sent.trace_id, sent.parent_id) == (other, other[16:])
    assert sent.links == ((TRACE, read.span_id),)
    assert await rig.header() == f"00-{other}-{sent.span_id}-01"


async def test_neighbours_in_a_batch_keep_their_own_traces(rig: Rig) -> None:
    mine, other = captured(), page(2)
    await rig.publisher.publish([mine, other])
    rig.answers = [Emit((normalized(),)), Drop(Reason.NOT_ARTICLE)]
    messages = await rig.read()
    assert len(messages) == 2
    read = [span for span in rig.spans() if span.name.startswith("probe")]
    assert {span.trace_id for span in read} == {mine.trace_id, other.trace_id}
    assert [span.attributes["messaging.batch.message_count"] for span in read] == [2, 2]


async def test_bytes_that_are_no_event_have_a_span_that_failed(rig: Rig) -> None:
    await rig.js.publish("page.fetched.live", b"no event", headers={"traceparent": "nonsense"})
    await rig.read()
    [read] = rig.spans()
    assert (read.failed, read.parent_id) == (True, "")
    assert read.attributes["newsfold.reason"] == "message_malformed"


async def test_a_collector_that_is_gone_holds_no_message(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    lost = open_tracing("probe", "1")
    rig.settler = replace(rig.settler, tracing=lost)
    await rig.publisher.publish([captured()])
    rig.answers = [Emit((normalized(),))]
    [message] = await rig.read()
    assert message.is_acked
    lost.close()
