"""Events on the wire: what is accepted, what is refused and why."""

import json
import re

import pytest
from pydantic import ValidationError
from support.events import SAMPLES, TRACE

from libs.contracts.events import (
    EVENTS,
    Event,
    MalformedMessage,
    PageFetched,
    decode,
)
from libs.contracts.pipeline import LANES, STAGES, STREAMS
from libs.contracts.reasons import Reason


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_survives_the_wire(event: Event) -> None:
    assert decode(type(event), event.model_dump_json().encode()) == event


def test_every_kind_of_event_has_a_sample_and_a_stream_of_its_own() -> None:
    assert {type(event) for event in SAMPLES} == set(EVENTS)
    assert [kind.stream for kind in EVENTS] == list(STREAMS)


def test_message_ids_are_deterministic_and_name_key_and_attempt() -> None:
    assert [event.message_id for event in SAMPLES] == ["c1.0", "r1.2", "a1.7.0", "s1.3.1", "a1.7.0"]


def test_the_lane_is_the_last_token_of_the_subject() -> None:
    assert [event.subject for event in SAMPLES[:3]] == [
        "page.fetched.live",
        "article.normalized.backfill",
        "story.assigned.replay",
    ]


def test_events_are_frozen() -> None:
    with pytest.raises(ValidationError):
        SAMPLES[0].attempt = 1  # type: ignore[misc]


SOUND = {"version": 1, "lane": "live", "attempt": 0, "trace_id": TRACE, "capture_id": "c1"}


@pytest.mark.parametrize(
    "change",
    [
        {"lane": "express"},
        {"attempt": -1},
        {"capture_id": None},
        {"capture_id": ""},
        {"capture_id": "a\r\nInjected: header"},
        {"capture_id": "nul\u0000"},
        {"trace_id": "half a pair \ud800"},
        {"body": "bodies never travel"},
    ],
    ids=str,
)
def test_a_wrong_field_is_malformed(change: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(PageFetched, json.dumps(SOUND | change).encode())
    assert caught.value.reason == Reason.MESSAGE_MALFORMED


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"\xff", b"{", b'"text"', b"{}"], ids=repr)
def test_other_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(PageFetched, data)
    assert caught.value.reason == Reason.MESSAGE_MALFORMED


def test_another_version_is_named_as_such_whatever_else_is_new() -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(PageFetched, json.dumps(SOUND | {"version": 2, "something": "new"}).encode())
    assert caught.value.reason == Reason.MESSAGE_UNKNOWN_VERSION


def test_what_was_refused_is_told_without_repeating_its_content() -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(PageFetched, json.dumps(SOUND | {"capture_id": "secret secret"}).encode())
    assert "capture_id" in caught.value.detail
    assert "secret" not in caught.value.detail


def test_no_two_durable_consumers_share_a_name() -> None:
    names = [stage.durable(stream, lane) for stage in STAGES for stream in stage.consumes for lane in LANES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z-]+", name) for name in names)


def test_what_a_stage_consumes_some_stage_produces() -> None:
    produced = {stream for stage in STAGES for stream in stage.produces}
    assert {stream for stage in STAGES for stream in stage.consumes} <= produced


def test_unacknowledged_messages_have_room_for_two_batches_of_several_replicas() -> None:
    assert all(stage.max_ack_pending >= 2 * 2 * stage.batch for stage in STAGES)
