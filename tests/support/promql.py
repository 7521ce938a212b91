"""What a query asks for, and whether the catalogue of metrics and the topology know it."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from libs.contracts.pipeline import LANES, STAGES, STREAMS
from libs.contracts.reasons import CaptureEnd, Reason, RevisionEnd
from libs.runtime.metrics import Metrics
from services.__main__ import SERVICES

CHECKOUT = Path(__file__).resolve().parents[2]
PROMETHEUS = CHECKOUT / "deploy" / "prometheus"
OF_THE_TARGET = frozenset({"instance", "job"})
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
PARTS = ("lhs", "rhs", "expr", "param", "vector_selector", "args")

# Labels whose values are from a closed list, so that a misspelt one selects nothing for ever.
CLOSED: Mapping[str, frozenset[str]] = {
    "lane": frozenset(LANES),
    "stage": frozenset({stage.name for stage in STAGES}),
    "stream": frozenset(stream.name for stream in STREAMS),
    "event": frozenset(stream.event for stream in STREAMS),
    "consumer": frozenset(s.durable(stream, lane) for s in STAGES for stream in s.consumes for lane in LANES),
    "service": frozenset(SERVICES),
    "reason": frozenset(Reason),
    "end": frozenset((*CaptureEnd, *RevisionEnd, "under_way")),
    "engine": frozenset({"nats", "postgres", "opensearch"}),
    "state": frozenset({"known", "paused", "failing", "overdue", "silent"}),
    "what": frozenset({"total", "free"}),
    "step": frozenset({"taken", "verified"}),
}


@cache
def known_series() -> Mapping[str, frozenset[str]]:
    """Name of a series -> its labels: those of the catalogue, and Prometheus' own."""
    known = {"up": OF_THE_TARGET, "ALERTS": frozenset({"alertname", "alertstate", "severity"})}
    for metric in vars(Metrics(CollectorRegistry())).values():
        if isinstance(metric, MetricWrapperBase):
            [family] = list(metric.describe())
            for suffix in SUFFIXES[family.type]:
                le = {"le"} if suffix == "_bucket" else set()
                known[family.name + suffix] = frozenset({*metric._labelnames, *le}) | OF_THE_TARGET
    return known


@cache
def rules() -> tuple[Mapping[str, Any], ...]:
    """All recording and alert rules."""
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return tuple(rule for group in groups for rule in group["rules"])


def recorded() -> frozenset[str]:
    """The series that recording rules make."""
    return frozenset(rule["record"] for rule in rules() if "record" in rule)


def selectors(query: str) -> list[Any]:
    """Every series selector of a query. Raises ValueError for what is no PromQL."""
    return list(_selectors(promql_parser.parse(query)))


def _selectors(node: Any) -> Iterator[Any]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for part in PARTS:
        below = getattr(node, part, None)
        for one in below if isinstance(below, list | tuple) else [below]:
            if type(one).__module__.startswith(("promql_parser", "builtins")) and hasattr(one, "prettify"):
                yield from _selectors(one)


def problems(query: str) -> list[str]:
    """What is wrong with a query: unknown series, labels it has not, values it cannot have."""
    return [problem for selector in selectors(query) for problem in _wrong(selector)]


def _wrong(selector: Any) -> Iterator[str]:
    name = selector.name
    if name in recorded():
        return  # its labels are what its own expression leaves
    if name not in known_series():
        yield f"no metric {name}"
        return
    for matcher in selector.matchers.matchers:
        if matcher.name not in known_series()[name]:
            yield f"{name} has no label {matcher.name}"
        elif matcher.value and matcher.name in CLOSED and not _possible(matcher):
            yield f"{name}: {matcher.name} is never {matcher.value}"


def _possible(matcher: Any) -> bool:
    if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        return matcher.value in CLOSED[matcher.name]
    return any(re.fullmatch(matcher.value, value) for value in CLOSED[matcher.name])


def promtool() -> str:
    """The program that checks rules; it comes with Prometheus."""
    return program("promtool", of="Prometheus")


def prometheus() -> str:
    """Prometheus itself."""
    return program("prometheus", of="Prometheus")


def program(name: str, *, of: str) -> str:
    """The program that a variable names (PROMTOOL, PROMETHEUS, AMTOOL), or that is on the path; else the test is skipped."""
    found = os.environ.get(name.upper()) or shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}, which comes with {of}: put it on the path or name it by {name.upper()}")
    return found
