"""Trace context in headers, and when spans are made at all."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.events import SAMPLES

from libs.contracts.events import Event
from libs.runtime.settings import SettingsError
from libs.runtime.tracing import NoTracing, open_tracing

CHECKOUT = Path(__file__).resolve().parents[3]
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
IMPORTS = """
import json, sys
import services.fetcher.app, services.normalizer.app, services.deduplicator.app, services.indexer.app
from libs.runtime.tracing import open_tracing
open_tracing("fetcher", "1")
print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry.")]))
"""


@pytest.mark.parametrize(
    "environment", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, {**COLLECTOR, "OTEL_SDK_DISABLED": "true"}]
)
def test_without_a_collector_no_spans_are_made(environment: dict[str, str]) -> None:
    assert isinstance(open_tracing("fetcher", "1", environment), NoTracing)


def test_without_a_collector_nothing_of_opentelemetry_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=CHECKOUT, env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) <= {"opentelemetry.semconv"}  # FastStream looks whether it is installed


def test_a_protocol_that_is_not_spoken_is_refused() -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf"):
        open_tracing("fetcher", "1", {**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_a_collector_without_the_package_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libs.runtime.telemetry", None)
    with pytest.raises(SettingsError, match=re.escape("newsfold[telemetry]")):
        open_tracing("fetcher", "1", COLLECTOR)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_the_header_carries_the_trace_of_the_event_and_its_root(event: Event) -> None:
    event = event.model_copy(update={"trace_id": "0123456789abcdef0011223344556677"})
    assert NoTracing().traceparent(event) == "00-0123456789abcdef0011223344556677-0011223344556677-01"
