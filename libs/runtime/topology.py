"""What `libs.contracts.pipeline` means to the broker: stream and consumer settings, and how a live one differs.

Pure values. `libs.adapters.nats.provision` makes the broker look like this; a service refuses to run when its consumers
do not.
"""

from collections.abc import Iterable

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from libs.contracts.pipeline import Lane, StageSpec, StreamSpec

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


def stream_drift(wanted: StreamConfig, found: StreamConfig) -> list[str]:
    """How a live stream differs, a line for each setting."""
    return _differences(f"stream {wanted.name}", wanted, found, STREAM_FIELDS)


def consumer_drift(wanted: ConsumerConfig, found: ConsumerConfig) -> list[str]:
    """How a live consumer differs, a line for each setting."""
    return _differences(f"consumer {wanted.durable_name}", wanted, found, CONSUMER_FIELDS)


def _differences(what: str, wanted: object, found: object, fields: Iterable[str]) -> list[str]:
    pairs = ((name, getattr(wanted, name), getattr(found, name)) for name in fields)
    return [f"nats: {what}: {name} is {b!r}, should be {a!r}" for name, a, b in pairs if a != b]
