"""Spans by OpenTelemetry, exported over OTLP/HTTP. Imported only where a collector is named (`libs.runtime.tracing`).

A message in hand is one span from its receipt to its end, a child of whatever sent it; the messages of a batch are
handled together, so their spans have the same length. Names of attributes are those of OpenTelemetry's semantic
conventions for messaging (1.37), and `newsfold.*`.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Thread

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.contracts.events import Event, PageFetched
from libs.runtime.delivery import Delivery
from libs.runtime.tracing import SPAN_DIGITS

HEADER = "traceparent"
CLOSE_SECONDS = 2.0  # for the spans of the last moments; a collector that is down must hold no service
BAD_ENDS = frozenset({"quarantine", "retry"})
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{16}(?!0{16})[0-9a-f]{16}")

_reader = TraceContextTextMapPropagator()


@dataclass(slots=True)
class _Work:
    """What this task does: messages in hand with their spans, or work that has no trace yet."""

    spans: dict[str, Span] = field(default_factory=dict)  # by the subject of the acknowledgement
    causes: dict[int, Span] = field(default_factory=dict)  # by the identity of an event that is about to be sent
    name: str | None = None
    began: int | None = None  # nanoseconds since 1970
    attributes: Mapping[str, str | int] = field(default_factory=dict)


_NOTHING = _Work()
_current: ContextVar[_Work] = ContextVar("work", default=_NOTHING)


def open_telemetry(service: str, version: str) -> "Telemetry":
    """Endpoint, headers, sampler and limits are read from the environment by OpenTelemetry itself."""
    resource = Resource.create({"service.namespace": "newsfold", "service.name": service, "service.version": version})
    return Telemetry(BatchSpanProcessor(OTLPSpanExporter()), resource)


class _Ids(RandomIdGenerator):
    """Random ids, but for the root of a capture's trace."""

    root: SpanContext | None = None

    def is_trace_id_random(self) -> bool:
        return False  # a capture's id is a hash

    def generate_trace_id(self) -> int:
        return self.root.trace_id if self.root else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self.root.span_id if self.root else super().generate_span_id()


class Telemetry:
    """Tracing with spans; `libs.runtime.tracing.Tracing` says what each method is for."""

    def __init__(self, processor: BatchSpanProcessor, resource: Resource) -> None:
        self._ids = _Ids()
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("newsfold")

    @contextmanager
    def batch(self, stage: str, deliveries: Sequence[Delivery]) -> Iterator[None]:
        work = _Work({d.message.reply: self._received(stage, d, len(deliveries)) for d in deliveries})
        token = _current.set(work)
        try:
            yield
        finally:
            _current.reset(token)
            for span in work.spans.values():  # given back, or the process is ending
                span.end()

    def found(self, trace_id: str, **ids: str | None) -> None:
        for span in _current.get().spans.values():
            if _hex(span.get_span_context()) == trace_id:
                span.set_attributes(_named(ids))

    def caused(self, delivery: Delivery, events: Iterable[Event]) -> None:
        work = _current.get()
        work.causes.update((id(event), work.spans[delivery.message.reply]) for event in events)

    def settled(self, delivery: Delivery, outcome: str, reason: str) -> None:
        span = _current.get().spans.pop(delivery.message.reply)
        span.set_attributes(_named({"outcome": outcome, "reason": reason, **_ids(delivery.event)}))
        if outcome in BAD_ENDS:
            span.set_status(Status(StatusCode.ERROR, reason))
        span.end()

    @contextmanager
    def work(self, name: str, **attributes: str | int) -> Iterator[None]:
        token = _current.set(_Work(name=name, began=time.time_ns(), attributes=attributes))
        try:
            yield
        finally:
            _current.reset(token)

    def traceparent(self, event: Event) -> str:
        work = _current.get()
        cause = work.causes.get(id(event))
        context = cause.get_span_context() if cause is not None else None
        if context is None or _hex(context) != event.trace_id:
            context = self._sent(event, work, [] if context is None else [Link(context)])
        return f"00-{_hex(context)}-{context.span_id:016x}-{context.trace_flags:02x}"

    def close(self) -> None:
        ending = Thread(target=self._provider.shutdown, daemon=True)  # by itself it may wait for half a minute
        ending.start()
        ending.join(CLOSE_SECONDS)

    def _received(self, stage: str, delivery: Delivery, size: int) -> Span:
        headers = delivery.message.headers or {}
        subject = delivery.message.subject
        attributes: dict[str, str | int] = {
            "messaging.system": "nats",
            "messaging.operation.type": "process",
            "messaging.destination.name": subject,
            "messaging.message.id": headers.get("Nats-Msg-Id", ""),
            "messaging.batch.message_count": size,
            "newsfold.deliveries": delivery.count,
        }
        parent = _reader.extract({HEADER: headers.get(HEADER, "")}, Context())
        return self._tracer.start_span(f"{stage} {subject}", parent, SpanKind.CONSUMER, attributes)

    def _sent(self, event: Event, work: _Work, links: Sequence[Link]) -> SpanContext:
        """The span of an event whose trace is in no hand here: the root of its trace, or a child of the root."""
        root = _root(event.trace_id)
        opens = isinstance(event, PageFetched) and event.attempt == 0 and not links
        self._ids.root = root if opens else None
        try:
            span = self._tracer.start_span(
                work.name or f"send {event.subject}",
                trace.set_span_in_context(NonRecordingSpan(root), Context()) if root and not opens else Context(),
                SpanKind.PRODUCER,
                {**work.attributes, **_named({"attempt": event.attempt, **_ids(event)})},
                links,
                work.began,
            )
        finally:
            self._ids.root = None
        span.end()
        return span.get_span_context()


def _root(trace_id: str) -> SpanContext | None:
    """Where the root of a trace is, known from the trace's id alone; None for an id that is none of W3C's."""
    if not _TRACE_ID.fullmatch(trace_id):
        return None
    return SpanContext(int(trace_id, 16), int(trace_id[-SPAN_DIGITS:], 16), True, TraceFlags(TraceFlags.SAMPLED))


def _hex(context: SpanContext) -> str:
    return f"{context.trace_id:032x}"


def _ids(event: Event | None) -> dict[str, str]:
    fields = event.model_dump(exclude={"trace_id"}) if event else {}
    return {name: value for name, value in fields.items() if name.endswith("_id")}


def _named(attributes: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {f"newsfold.{name}": value for name, value in attributes.items() if value is not None and value != ""}
