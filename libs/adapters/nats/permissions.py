"""What each of our users may say to the broker, made from the topology: a stage added there has its rights at once.

In: `libs.contracts.pipeline`. Out: allowed subjects by user, and the `authorization` block of nats-server's
configuration. Whatever is not listed is refused; nobody may read a stream but through the consumers of its own stage.
Sources: the subjects of JetStream's API and of acknowledgements (`$JS.ACK.<stream>.<consumer>.…`, and with domain and
account hash before the stream since ADR-15 of nats-architecture-and-design).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.contracts.pipeline import LANES, PAGES_FETCHED, STAGES, STREAMS, StageSpec, StreamSpec
from libs.runtime.login import inbox_prefix

API = "$JS.API"
PROVISION = "provision"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects that a user may publish to; it subscribes to its own inbox alone."""

    publish: tuple[str, ...]


def permissions() -> dict[str, Permissions]:
    """By user: the stages, the reconciler, the monitor, the command line, and the job that makes streams and consumers.

    The reconciler and the command line also provision: a wiped broker heals by either. The monitor sends a canary.
    """
    everything = Permissions((*_looking(), *_making(), *_events(*STREAMS)))
    return {
        **{stage.name: of_stage(stage) for stage in STAGES},
        "reconciler": everything,
        "cli": everything,
        "monitor": Permissions((*_looking(), *_events(PAGES_FETCHED))),
        PROVISION: Permissions((*_looking(), *_making())),
    }


def of_stage(stage: StageSpec) -> Permissions:
    """Publish what it produces; pull from its own consumers, acknowledge what they gave, and ask how they stand."""
    return Permissions((*_events(*stage.produces), *_consuming(stage)))


def configuration(public_keys: Mapping[str, str]) -> str:
    """The `authorization` block for nats-server; `public_keys` by user, as of `permissions`. JSON within its format."""
    users = [
        {
            "nkey": public_keys[name],
            "permissions": {
                "publish": {"allow": sorted(allowed.publish)},
                "subscribe": {"allow": [f"{inbox_prefix(public_keys[name])}.>"]},
            },
        }
        for name, allowed in permissions().items()
    ]
    names = "".join(f"# {public_keys[name]}: {name}\n" for name in permissions())
    return f"{names}authorization: {json.dumps({'users': users}, indent=2)}\n"


def _events(*streams: StreamSpec) -> Iterator[str]:
    for stream in streams:
        yield from stream.subjects


def _consumers(stage: StageSpec) -> Iterator[tuple[str, str]]:
    """Stream and durable of each."""
    for stream in stage.consumes:
        yield from ((stream.name, stage.durable(stream, lane)) for lane in LANES)


def _consuming(stage: StageSpec) -> Iterator[str]:
    for stream, durable in _consumers(stage):
        yield f"{API}.CONSUMER.INFO.{stream}.{durable}"
        yield f"{API}.CONSUMER.MSG.NEXT.{stream}.{durable}"
        yield f"$JS.ACK.{stream}.{durable}.>"
        yield f"$JS.ACK.*.*.{stream}.{durable}.>"


def _looking() -> Iterator[str]:
    """How our own streams and consumers stand; not what is in them."""
    yield f"{API}.INFO"
    yield from (f"{API}.STREAM.INFO.{stream.name}" for stream in STREAMS)
    yield from (f"{API}.CONSUMER.INFO.{stream}.{durable}" for stage in STAGES for stream, durable in _consumers(stage))


def _making() -> Iterator[str]:
    """Make and change our own streams and consumers; remove none."""
    for verb in ("CREATE", "UPDATE"):
        yield from (f"{API}.STREAM.{verb}.{stream.name}" for stream in STREAMS)
    for stage in STAGES:
        for stream, durable in _consumers(stage):
            yield f"{API}.CONSUMER.DURABLE.CREATE.{stream}.{durable}"
