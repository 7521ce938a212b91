"""The broker is made to look like the topology, and says where it does not."""

from collections.abc import AsyncIterator
from dataclasses import replace

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, RetentionPolicy

from libs.adapters.nats.provision import provision_nats, provision_streams
from libs.contracts.pipeline import LANES, PAGES_FETCHED, STAGES, STREAMS, Lane, StageSpec, StreamSpec

# names of their own: the broker is shared by the whole session
STREAM = StreamSpec("PROVISION_TEST", "provision.test", max_age_seconds=600, duplicate_window_seconds=60)
STAGE = StageSpec("provision-test", consumes=(STREAM,), produces=(), batch=4)


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(nats_url)
    js = client.jetstream()
    yield js
    try:
        await js.delete_stream(STREAM.name)
    finally:
        await client.close()


async def _provision(
    js: JetStreamContext, stream: StreamSpec = STREAM, stage: StageSpec = STAGE, *, check: bool = False
) -> list[str]:
    return await provision_streams(js, streams=(stream,), stages=(stage,), check=check)


async def test_the_first_run_makes_all_and_the_second_finds_nothing_to_do(js: JetStreamContext) -> None:
    made = await _provision(js)
    assert made == [
        "nats: stream PROVISION_TEST is missing",
        *(f"nats: consumer provision-test-{lane} is missing" for lane in LANES),
    ]
    assert await _provision(js) == []


async def test_a_check_changes_nothing(js: JetStreamContext) -> None:
    await _provision(js)
    await js.delete_consumer(STREAM.name, STAGE.durable(STREAM, Lane.LIVE))
    for _ in range(2):
        assert await _provision(js, check=True) == ["nats: consumer provision-test-live is missing"]


async def test_a_drifted_stream_is_told_and_repaired_without_losing_messages(js: JetStreamContext) -> None:
    await _provision(js, replace(STREAM, max_age_seconds=900))
    await js.publish("provision.test.live", b"kept")
    told = await _provision(js, check=True)
    assert told == ["nats: stream PROVISION_TEST: max_age is 900.0, should be 600"]
    assert await _provision(js) == told
    assert await _provision(js, check=True) == []
    assert (await js.stream_info(STREAM.name)).state.messages == 1


async def test_a_drifted_consumer_is_told_and_repaired_where_it_stands(js: JetStreamContext) -> None:
    await _provision(js, stage=replace(STAGE, ack_wait_seconds=7, batch=9))
    await js.publish("provision.test.live", b"taken")
    await js.publish("provision.test.live", b"waiting")
    bound = await js.pull_subscribe_bind(STAGE.durable(STREAM, Lane.LIVE), STREAM.name)
    [taken] = await bound.fetch(1)
    await taken.ack_sync()
    told = await _provision(js)
    assert {line.split(": ")[2].split(" ")[0] for line in told} == {"ack_wait", "max_ack_pending"}
    assert await _provision(js, check=True) == []
    assert [message.data for message in await bound.fetch(1)] == [b"waiting"]


async def test_nothing_is_discarded_by_a_default(nats_url: str) -> None:
    await provision_nats(nats_url)
    assert await provision_nats(nats_url, check=True) == []
    client = await nats.connect(nats_url)
    js = client.jetstream()
    try:
        for spec in STREAMS:
            assert (await js.stream_info(spec.name)).config.retention == RetentionPolicy.LIMITS
        for stage in STAGES:
            for stream in stage.consumes:
                config = (await js.consumer_info(stream.name, stage.durable(stream, Lane.LIVE))).config
                assert config.ack_policy == AckPolicy.EXPLICIT
                assert config.filter_subject == f"{stream.event}.live"
    finally:
        await client.close()


async def test_the_broker_refuses_a_body_in_a_message(nats_url: str) -> None:
    await provision_nats(nats_url)
    client = await nats.connect(nats_url)
    try:
        with pytest.raises(nats.js.errors.APIError, match="exceeds maximum"):
            await client.jetstream().publish("page.fetched.replay", b"x" * (PAGES_FETCHED.max_message_bytes + 1))
    finally:
        await client.close()
