"""The AsyncAPI document of the whole bus, made from the topology and the event models: docs/reference/asyncapi.json.

In: `pipeline.py`, `events.py`. Out: a document of AsyncAPI 3.0.0 as JSON. FastStream's own generator reads the types of
handlers; ours take messages as they came, so that one bad message refuses no batch, and there it has nothing to read.
"""

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from libs.contracts.events import EVENTS, Event
from libs.contracts.pipeline import LANES, STAGES, StageSpec, StreamSpec

VERSION = "1"  # of the contracts, as in each event's field `version`
JSON = "application/json"
TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"  # W3C Trace Context

_ABOUT = (
    "Events of Newsfold over NATS JetStream. The lane is the last token of a subject: live news, first loads, and what is "
    "done again. Beside the stages named in the operations, the reconciler and the command line send an event again with "
    "a raised `attempt`, and the monitor sends `page.fetched` of its canary."
)


def text() -> str:
    """The document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """The document as JSON values."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Newsfold",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {kind.stream.event: _channel(kind) for kind in EVENTS},
        "operations": {name: operation for stage in STAGES for name, operation in _operations(stage).items()},
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in EVENTS},
            "schemas": _schemas(),
        },
    }


def _channel(kind: type[Event]) -> dict[str, Any]:
    stream = kind.stream
    return {
        "address": f"{stream.event}.{{lane}}",
        "description": kind.__doc__,
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"}},
        "parameters": {"lane": {"enum": list(LANES), "description": "Bulk lanes never delay `live`."}},
        "x-jetstream": {
            "stream": stream.name,
            "max_age_seconds": stream.max_age_seconds,
            "max_bytes": stream.max_bytes,
            "max_message_bytes": stream.max_message_bytes,
            "duplicate_window_seconds": stream.duplicate_window_seconds,
        },
    }


def _operations(stage: StageSpec) -> dict[str, Any]:
    """What a stage receives and sends, by `<stage>.<action>.<event>`."""
    received = {
        f"{stage.name}.receive.{stream.event}": {
            **_operation("receive", stream),
            "x-jetstream": {
                "consumers": [stage.durable(stream, lane) for lane in LANES],
                "ack_wait_seconds": stage.ack_wait_seconds,
            },
        }
        for stream in stage.consumes
    }
    sent = {f"{stage.name}.send.{stream.event}": _operation("send", stream) for stream in stage.produces}
    return received | sent


def _operation(action: str, stream: StreamSpec) -> dict[str, Any]:
    channel = f"#/channels/{stream.event}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{_kind(stream)}"}],
    }


def _kind(stream: StreamSpec) -> str:
    return next(kind.__name__ for kind in EVENTS if kind.stream is stream)


def _message(kind: type[Event]) -> dict[str, Any]:
    return {
        "name": kind.__name__,
        "summary": kind.__doc__,
        "contentType": JSON,
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "correlationId": {"location": "$message.payload#/trace_id", "description": "The same in all stages."},
    }


def _schemas() -> dict[str, Any]:
    """The models' JSON Schema, each definition once, and that of the headers."""
    _, found = models_json_schema(
        [(kind, "validation") for kind in EVENTS], ref_template="#/components/schemas/{model}"
    )
    return {"Headers": _headers(), **found["$defs"]}


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["Nats-Msg-Id", "content-type", "traceparent"],
        "properties": {
            "Nats-Msg-Id": {
                "type": "string",
                "description": "Deterministic: what the event is about, and its attempt. The broker stores an id once.",
            },
            "content-type": {"type": "string", "const": JSON},
            "traceparent": {"type": "string", "pattern": TRACEPARENT, "description": "W3C Trace Context."},
        },
    }
