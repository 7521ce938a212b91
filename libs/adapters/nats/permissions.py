"""What each of our users may say to the broker, made from the topology: a stage added there has its rights at once.

In: `libs.contracts.pipeline`. Out: allowed subjects by user, and the `authorization` block of nats-server's
configuration. Whatever is not listed is refused; nobody may read a stream but through the consumers of its own stage.
Sources: the subjects of JetStream's API and of acknowledgements (`$JS.ACK.<stream>.<consumer>.…`, and with domain and
account hash before the stream since ADR-15 of nats-architecture-and-design).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.contracts.pipeline import LANES, STAGES, STREAMS, StageSpec, StreamSpec
from libs.runtime.login import inbox_prefix

API = "$JS.API"
PROVISION = "provision"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects that a user may publish to; it subscribes to its own inbox alone."""

    publish: tuple[str, ...]


def permissions() -> dict[str, Permissions]:
    """By user: the stages, the reconciler, the command line, and the job that makes streams and consumers.

    The reconciler and the command line also provision: a wiped broker heals by either.
    """
    everything = Permissions((*_provisioning(), *_events(*STREAMS)))
    return {
        **{stage.name: of_stage(stage) for stage in STAGES},
        "reconciler": everything,
        "cli": everything,
        PROVISION: Permissions(tuple(_provisioning())),
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


def _consuming(stage: StageSpec) -> Iterator[str]:
    for stream in stage.consumes:
        for durable in (stage.durable(stream, lane) for lane in LANES):
            yield f"{API}.CONSUMER.INFO.{stream.name}.{durable}"
            yield f"{API}.CONSUMER.MSG.NEXT.{stream.name}.{durable}"
            yield f"$JS.ACK.{stream.name}.{durable}.>"
            yield f"$JS.ACK.*.*.{stream.name}.{durable}.>"


def _provisioning() -> Iterator[str]:
    """Make, change and look at our own streams and consumers; remove none, read none."""
    yield f"{API}.INFO"
    for stream in STREAMS:
        yield from (f"{API}.STREAM.{verb}.{stream.name}" for verb in ("INFO", "CREATE", "UPDATE"))
    for stage in STAGES:
        for stream in stage.consumes:
            for durable in (stage.durable(stream, lane) for lane in LANES):
                yield f"{API}.CONSUMER.INFO.{stream.name}.{durable}"
                yield f"{API}.CONSUMER.DURABLE.CREATE.{stream.name}.{durable}"
