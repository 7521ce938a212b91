"""The AsyncAPI document is valid and says what the topology and the models say.

`asyncapi-3.0.0.schema.json.gz` is `schemas/3.0.0-without-$id.json` of the npm package @asyncapi/specs 6.11.1, Apache-2.0.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError
from support.events import SAMPLES

from libs.contracts import asyncapi
from libs.contracts.events import EVENTS, Event
from libs.contracts.pipeline import LANES, STAGES, Lane

SPECIFICATION = Path(__file__).parent / "asyncapi-3.0.0.schema.json.gz"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi.document()


@pytest.fixture(scope="module")
def specification() -> Draft7Validator:
    return Draft7Validator(json.loads(gzip.decompress(SPECIFICATION.read_bytes())))


def test_it_is_a_document_of_the_specification(document: dict[str, Any], specification: Draft7Validator) -> None:
    specification.validate(document)


def test_the_specification_refuses_a_wrong_action(document: dict[str, Any], specification: Draft7Validator) -> None:
    operations = {name: {**operation, "action": "publish"} for name, operation in document["operations"].items()}
    with pytest.raises(ValidationError):
        specification.validate({**document, "operations": operations})


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = list(_references(document))
    assert len(found) > len(EVENTS)
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def test_every_event_is_sent_and_every_durable_consumer_named(document: dict[str, Any]) -> None:
    operations = document["operations"].values()
    sent = {operation["channel"]["$ref"] for operation in operations if operation["action"] == "send"}
    assert sent == {f"#/channels/{kind.stream.event}" for kind in EVENTS}
    consumers = [name for operation in operations for name in operation.get("x-jetstream", {}).get("consumers", [])]
    assert sorted(consumers) == sorted(
        s.durable(stream, lane) for s in STAGES for stream in s.consumes for lane in LANES
    )


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_what_is_on_the_wire_is_what_the_document_says(document: dict[str, Any], event: Event) -> None:
    name = type(event).__name__
    channel = document["channels"][event.stream.event]
    assert event.subject == channel["address"].format(lane=event.lane)
    assert set(channel["parameters"]["lane"]["enum"]) == set(Lane)
    payload = Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
    payload.validate(json.loads(event.model_dump_json()))
    with pytest.raises(ValidationError):
        payload.validate({**json.loads(event.model_dump_json()), "body": "a text"})


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from [below] if key == "$ref" else _references(below)
    elif isinstance(value, list):
        for below in value:
            yield from _references(below)
