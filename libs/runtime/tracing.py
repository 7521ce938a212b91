"""Trace context (W3C) in the headers of messages, and spans where the operator names a collector.

A capture's `trace_id` is the id of its trace in all stages, whoever sends an event and however often: a redelivery, the
reconciler and a replay stay in it. The root span's id is the second half of the trace's, so that what sends again
without knowing who sent before hangs its work under the same root. Without `OTEL_EXPORTER_OTLP_ENDPOINT` no span is
made and nothing of OpenTelemetry is imported: the header is all.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from libs.contracts.events import Event
from libs.runtime.delivery import Delivery
from libs.runtime.settings import SettingsError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
SPOKEN = "http/protobuf"
SPAN_DIGITS = 16  # of a span's id, in hex; a trace's has twice as many


class Tracing(Protocol):
    """What the runtime tells of its work."""

    def batch(self, stage: str, deliveries: Sequence[Delivery]) -> AbstractContextManager[None]:
        """Messages are in hand: each has a span until it is settled."""
        ...

    def found(self, trace_id: str, **ids: str | None) -> None:
        """Ids of what the messages in hand of this trace are about."""
        ...

    def caused(self, delivery: Delivery, events: Iterable[Event]) -> None:
        """These events, about to be sent, follow from a message in hand."""
        ...

    def settled(self, delivery: Delivery, outcome: str, reason: str) -> None:
        """A message in hand has its end."""
        ...

    def work(self, name: str, **attributes: str | int) -> AbstractContextManager[None]:
        """Work has begun that has no trace yet: it becomes a span of the trace of each event that is sent within."""
        ...

    def traceparent(self, event: Event) -> str:
        """The header of an event that is about to be sent."""
        ...

    def close(self) -> None:
        """Send what is not sent yet; gives up after a few seconds."""
        ...


class NoTracing:
    """Hands trace ids on and makes no spans."""

    def batch(self, stage: str, deliveries: Sequence[Delivery]) -> AbstractContextManager[None]:
        return nullcontext()

    def found(self, trace_id: str, **ids: str | None) -> None: ...

    def caused(self, delivery: Delivery, events: Iterable[Event]) -> None: ...

    def settled(self, delivery: Delivery, outcome: str, reason: str) -> None: ...

    def work(self, name: str, **attributes: str | int) -> AbstractContextManager[None]:
        return nullcontext()

    def traceparent(self, event: Event) -> str:
        return f"00-{event.trace_id}-{event.trace_id[-SPAN_DIGITS:]}-01"

    def close(self) -> None: ...


def open_tracing(service: str, version: str, environment: Mapping[str, str] = os.environ) -> Tracing:
    """By OpenTelemetry's own variables. Raises SettingsError where they ask for what we have not."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    named = next((variable for variable in ENDPOINTS if environment.get(variable)), None)
    if named is None or disabled:
        return NoTracing()
    for variable in PROTOCOLS:
        if environment.get(variable, SPOKEN) != SPOKEN:
            raise SettingsError(f"{variable}: only {SPOKEN} is spoken")
    try:
        from libs.runtime.telemetry import open_telemetry
    except ImportError as error:
        raise SettingsError(f"{named} is set, but `newsfold[telemetry]` is not installed: {error}") from error
    return open_telemetry(service, version)
