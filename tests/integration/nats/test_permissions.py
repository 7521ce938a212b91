"""Each user of the broker can do its work and nothing else; what is refused is said in the server's own words."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nats
import nats.errors
import pytest
from support.secured_broker import SecuredBroker, settled

from libs.adapters.nats.connection import open_nats
from libs.adapters.nats.permissions import permissions
from libs.adapters.nats.provision import provision_nats
from libs.contracts.pipeline import LANES, STAGES, STREAMS, StageSpec
from libs.runtime.bus import EXIT_REFUSED, open_broker
from libs.runtime.failures import DependencyDown
from services.__main__ import SERVICES

USERS = tuple(permissions())


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    broker = SecuredBroker(tmp_path_factory.mktemp("secured"))
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
async def provisioned(broker: SecuredBroker) -> SecuredBroker:
    await provision_nats(broker.url("provision"))
    return broker


def test_no_service_was_forgotten() -> None:
    assert set(SERVICES) <= set(USERS), "a service without a user: see libs/adapters/nats/permissions.py"


@pytest.mark.parametrize("user", ["provision", "reconciler", "cli"])
async def test_those_who_may_provision_make_all_and_find_nothing_left(broker: SecuredBroker, user: str) -> None:
    await provision_nats(broker.url(user))
    assert await provision_nats(broker.url(user), check=True) == []


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
async def test_a_stage_publishes_pulls_and_acknowledges(provisioned: SecuredBroker, stage: StageSpec) -> None:
    async with provisioned.client("cli") as (operator, _):
        for stream in stage.consumes:
            for lane in LANES:
                await operator.jetstream().publish(f"{stream.event}.{lane}", b"work")
    async with provisioned.client(stage.name) as (client, refusals):
        js = client.jetstream(timeout=5)
        for stream in stage.produces:
            for lane in LANES:
                await js.publish(f"{stream.event}.{lane}", b"result")
        for stream in stage.consumes:
            for lane in LANES:
                durable = stage.durable(stream, lane)
                subscription = await js.pull_subscribe(f"{stream.event}.{lane}", durable, stream.name)
                [message] = await subscription.fetch(1, timeout=5)
                await message.in_progress()
                await message.ack_sync(timeout=5)
                assert (await js.consumer_info(stream.name, durable)).num_ack_pending == 0
    assert refusals == []


def _concrete(pattern: str) -> str:
    """A subject of the pattern, as the server would make it."""
    return pattern.replace("*", "_").replace(">", "1.1.1.1700000000000000000.0")


@pytest.mark.parametrize("user", USERS)
async def test_what_is_anothers_right_is_refused_and_ones_own_is_not(provisioned: SecuredBroker, user: str) -> None:
    own = {_concrete(pattern) for pattern in permissions()[user].publish}
    of_all = {_concrete(pattern) for allowed in permissions().values() for pattern in allowed.publish}
    assert await provisioned.refused(user, of_all) == of_all - own


# What nobody may do but the server's own administrator, whatever it is for.
NOBODY = [
    *(f"$JS.API.STREAM.{verb}.{stream.name}" for stream in STREAMS for verb in ("DELETE", "PURGE", "MSG.DELETE")),
    *(f"$JS.API.STREAM.MSG.GET.{stream.name}" for stream in STREAMS),  # reading past the consumers
    *(f"$JS.API.DIRECT.GET.{stream.name}" for stream in STREAMS),
    *(f"$JS.API.STREAM.{verb}.{stream.name}" for stream in STREAMS for verb in ("SNAPSHOT", "RESTORE", "LEADER.STEPDOWN")),
    *(f"$JS.API.CONSUMER.CREATE.{stream.name}" for stream in STREAMS),  # an ephemeral one would read everything
    *(f"$JS.API.CONSUMER.CREATE.{stream.name}.spy.{stream.event}.live" for stream in STREAMS),
    *(
        f"$JS.API.CONSUMER.DELETE.{stream.name}.{stage.durable(stream, lane)}"
        for stage in STAGES
        for stream in stage.consumes
        for lane in LANES
    ),
    "$JS.API.STREAM.CREATE.OTHER",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.CONSUMER.LIST.PAGES_FETCHED",
    "$JS.API.ACCOUNT.PURGE.$G",
    "$JS.API.SERVER.REMOVE",
    "$SYS.REQ.SERVER.PING",
    "page.fetched",
    "page.fetched.other",
    "anything.else",
]  # fmt: skip


@pytest.mark.parametrize("user", USERS)
async def test_what_is_nobodys_right_is_refused(provisioned: SecuredBroker, user: str) -> None:
    assert await provisioned.refused(user, NOBODY) == set(NOBODY)


@pytest.mark.parametrize("user", USERS)
async def test_no_user_listens_to_anything_but_its_own_inbox(provisioned: SecuredBroker, user: str) -> None:
    others = [f"{provisioned.inbox(other)}.>" for other in USERS if other != user]
    async with provisioned.client(user) as (client, refusals):
        for subject in (">", "_INBOX.>", "$JS.>", "$SYS.>", *(f"{s.event}.live" for s in STREAMS), *others):
            before = len(refusals)
            await client.subscribe(subject)
            await settled(client)
            assert len(refusals) == before + 1, f"{user} may listen to {subject}"


@pytest.mark.parametrize("credentials", ["", "newsfold:newsfold@", "token@"])
async def test_nobody_enters_without_a_key(broker: SecuredBroker, credentials: str) -> None:
    url = broker.bare_url.replace("//", f"//{credentials}")
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
        await nats.connect(url, allow_reconnect=False, error_cb=_silent)


async def test_an_unknown_key_is_refused(broker: SecuredBroker, tmp_path: Path) -> None:
    elsewhere = SecuredBroker(tmp_path)
    elsewhere.stop()
    seed = elsewhere.url("cli").split("//")[1].split("@")[0]
    with pytest.raises(DependencyDown, match=r"(?i)authorization violation"):
        async with open_nats(broker.bare_url.replace("//", f"//{seed}@")):
            pass


async def test_a_refused_command_says_which_subject_and_where_the_rights_stand(provisioned: SecuredBroker) -> None:
    with pytest.raises(DependencyDown, match=r"publish to .*stream\.info\.pages_fetched.*docs/security\.md"):
        await provision_nats(provisioned.url("fetcher"))


async def _silent(_: Exception) -> None:
    """The exception is what the test looks at."""


async def test_a_service_that_may_not_listen_ends_and_says_why(
    provisioned: SecuredBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes: list[int] = []
    said: list[dict[str, str]] = []
    monkeypatch.setattr("libs.runtime.bus.os._exit", codes.append)
    monkeypatch.setattr("libs.runtime.bus.log.error", lambda event, **words: said.append({"event": event, **words}))
    stopping = asyncio.Event()
    broker = open_broker(provisioned.url("indexer"), service="indexer", stopping=stopping)
    client = await broker.connect()
    await client.publish("page.fetched.live", b"")
    await settled(client)
    assert codes == []  # what it may not say is told, and tried again
    await client.subscribe("page.fetched.live")
    await settled(client)
    stopping.set()
    await broker.stop()
    assert codes == [EXIT_REFUSED]
    assert [line["event"] for line in said] == ["nats_refused", "nats_refused"]
    assert all('"page.fetched.live"' in line["error"] for line in said)
