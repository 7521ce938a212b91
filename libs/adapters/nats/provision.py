"""Makes the broker look like `libs.contracts.pipeline`: streams and durable pull consumers. Idempotent; reports drift."""

from collections.abc import Sequence

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from libs.adapters.nats.connection import open_nats
from libs.contracts.pipeline import LANES, STAGES, STREAMS, Lane, StageSpec, StreamSpec
from libs.runtime.topology import consumer_config, consumer_drift, stream_config, stream_drift


async def _stream(js: JetStreamContext, spec: StreamSpec, *, check: bool, replicas: int) -> list[str]:
    wanted = stream_config(spec, replicas=replicas)
    try:
        info = await js.stream_info(spec.name)
    except NotFoundError:
        if not check:
            await js.add_stream(wanted)
        return [f"nats: stream {spec.name} is missing"]
    found = stream_drift(wanted, info.config)
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
        found = consumer_drift(wanted, info.config)
    except NotFoundError:
        found = [f"nats: consumer {name} is missing"]
    if found and not check:
        await js.add_consumer(stream.name, wanted)
    return found


async def provision_streams(
    js: JetStreamContext,
    *,
    check: bool = False,
    replicas: int = 1,
    streams: Sequence[StreamSpec] = STREAMS,
    stages: Sequence[StageSpec] = STAGES,
) -> list[str]:
    """Create or update streams and consumers; answer what was missing or different, a line each.

    With `check` nothing is changed. Running it again answers an empty list.
    """
    lines = [line for spec in streams for line in await _stream(js, spec, check=check, replicas=replicas)]
    for stage in stages:
        for stream in stage.consumes:
            for lane in LANES:
                lines += await _consumer(js, stage, stream, lane, check=check)
    return lines


async def provision_nats(url: str, *, check: bool = False) -> list[str]:
    """The same on a connection of its own."""
    async with open_nats(url) as client:
        return await provision_streams(client.jetstream(timeout=10), check=check)
