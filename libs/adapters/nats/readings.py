"""Reads how streams and durable consumers stand. Raises the client's errors when the broker does not answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from libs.contracts.pipeline import LANES, STAGES, STREAMS, StageSpec, StreamSpec


@dataclass(frozen=True, slots=True)
class StreamReading:
    """A stream that exists. At `limit_bytes` it forgets its oldest messages."""

    name: str
    messages: int
    bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class ConsumerReading:
    """A durable consumer of the topology. `last_ack` is its creation when it never had one, None when it is missing."""

    name: str
    pending: int = 0
    unacked: int = 0
    last_ack: datetime | None = None


@dataclass(frozen=True, slots=True)
class BusReading:
    """Streams that are missing are left out; consumers that are missing stand there without `last_ack`."""

    streams: tuple[StreamReading, ...]
    consumers: tuple[ConsumerReading, ...]


async def read_bus(
    js: JetStreamContext, *, streams: Sequence[StreamSpec] = STREAMS, stages: Sequence[StageSpec] = STAGES
) -> BusReading:
    """All streams and consumers of the topology."""
    return BusReading(
        tuple([found for spec in streams if (found := await _stream(js, spec)) is not None]),
        tuple(
            [
                await _consumer(js, stream.name, stage.durable(stream, lane))
                for stage in stages
                for stream in stage.consumes
                for lane in LANES
            ]
        ),
    )


async def _stream(js: JetStreamContext, spec: StreamSpec) -> StreamReading | None:
    try:
        info = await js.stream_info(spec.name)
    except NotFoundError:
        return None
    return StreamReading(spec.name, info.state.messages, info.state.bytes, info.config.max_bytes or 0)


async def _consumer(js: JetStreamContext, stream: str, durable: str) -> ConsumerReading:
    try:
        info = await js.consumer_info(stream, durable)
    except NotFoundError:
        return ConsumerReading(durable)
    acked = info.ack_floor.last_active if info.ack_floor else None
    return ConsumerReading(durable, info.num_pending or 0, info.num_ack_pending or 0, acked or info.created)
