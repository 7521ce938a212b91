"""Makes the broker look like `libs.contracts.pipeline`: streams and durable pull consumers. Idempotent; reports drift."""

import json
from collections.abc import Iterable

import nats
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from libs.contracts.pipeline import LANES, STAGES, STREAMS, Lane, StageSpec, StreamSpec

MAX_DELIVER = 1000  # the failure policy stops long before; a server-side stop would leave a message without an end
STREAM_FIELDS = (
    "subjects",
    "retention",
    "storage",
    "discard",
    "max_age",
    "max_bytes",
    "max_msg_size",
    "duplicate_window",
    "num_replicas",
)
CONSUMER_FIELDS = ("filter_subject", "ack_policy", "ack_wait", "max_deliver", "max_ack_pending", "deliver_policy")


def stream_config(spec: StreamSpec, *, replicas: int = 1) -> StreamConfig:
    """Limits retention by age and size. Nothing is lost when old messages age out: the reconciler sends again."""
    return StreamConfig(
        name=spec.name,
        subjects=spec.subjects,
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=spec.max_age_seconds,
        max_bytes=spec.max_bytes,
        max_msg_size=spec.max_message_bytes,
        duplicate_window=spec.duplicate_window_seconds,
        num_replicas=replicas,
    )


def consumer_config(stage: StageSpec, stream: StreamSpec, lane: Lane) -> ConsumerConfig:
    """One durable per stage, stream and lane."""
    return ConsumerConfig(
        durable_name=stage.durable(stream, lane),
        filter_subject=f"{stream.event}.{lane}",
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=stage.ack_wait_seconds,
        max_deliver=MAX_DELIVER,
        max_ack_pending=stage.max_ack_pending,
    )


def _differences(what: str, wanted: object, found: object, fields: Iterable[str]) -> list[str]:
    pairs = ((name, getattr(wanted, name), getattr(found, name)) for name in fields)
    return [f"nats: {what}: {name} is {b!r}, should be {a!r}" for name, a, b in pairs if a != b]


async def _stream(js: JetStreamContext, spec: StreamSpec, *, check: bool, replicas: int) -> list[str]:
    wanted = stream_config(spec, replicas=replicas)
    try:
        info = await js.stream_info(spec.name)
    except NotFoundError:
        if not check:
            await js.add_stream(wanted)
        return [f"nats: stream {spec.name} is missing"]
    found = _differences(f"stream {spec.name}", wanted, info.config, STREAM_FIELDS)
    if found and not check:
        await js.update_stream(wanted)
    return found


async def _consumer(
    js: JetStreamContext, stage: StageSpec, stream: StreamSpec, lane: Lane, *, check: bool
) -> list[str]:
    wanted = consumer_config(stage, stream, lane)
    name = stage.durable(stream, lane)
    try:
        info = await js.consumer_info(stream.name, name)
        found = _differences(f"consumer {name}", wanted, info.config, CONSUMER_FIELDS)
    except NotFoundError:
        found = [f"nats: consumer {name} is missing"]
    if found and not check:
        await js.add_consumer(stream.name, wanted)
    return found


async def provision_streams(js: JetStreamContext, *, check: bool = False, replicas: int = 1) -> list[str]:
    """Create or update streams and consumers; answer what was missing or different, a line each.

    With `check` nothing is changed. Running it again answers an empty list.
    """
    lines = [line for spec in STREAMS for line in await _stream(js, spec, check=check, replicas=replicas)]
    for stage in STAGES:
        for stream in stage.consumes:
            for lane in LANES:
                lines += await _consumer(js, stage, stream, lane, check=check)
    return lines


async def provision_nats(url: str, *, check: bool = False) -> list[str]:
    """The same on a connection of its own."""
    client = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=5)
    try:
        return await provision_streams(client.jetstream(timeout=10), check=check)
    finally:
        await client.close()


def topology_json() -> str:
    """The topology for people and tools that do not read Python."""
    streams = {s.name: {"subjects": s.subjects, "max_age_seconds": s.max_age_seconds} for s in STREAMS}
    consumers = {
        stage.durable(stream, lane): {"stream": stream.name, "subject": f"{stream.event}.{lane}"}
        for stage in STAGES
        for stream in stage.consumes
        for lane in LANES
    }
    return json.dumps({"streams": streams, "consumers": consumers}, indent=2)
