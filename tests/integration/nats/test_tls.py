"""The broker behind TLS, with the certificates of `newsfold init --tls` and the block of the overlay for Compose."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from support.secured_broker import SecuredBroker

from libs.adapters.nats.connection import open_nats
from libs.adapters.nats.provision import provision_nats
from libs.contracts.events import PageFetched
from libs.runtime.bus import Publisher, open_broker
from libs.runtime.failures import DependencyDown
from libs.runtime.metrics import Metrics
from services.cli.credentials import write_credentials

OVERLAY = Path(__file__).resolve().parents[3] / "deploy" / "nats" / "nats-server.tls.conf"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    write_credentials(folder, tls=True)
    return folder


@pytest.fixture(scope="module")
def encrypted(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    block = OVERLAY.read_text().partition("\ntls {")
    broker = SecuredBroker(
        tmp_path_factory.mktemp("broker"),
        "".join(block[1:]).replace("/etc/newsfold/tls", str(secrets / "tls" / "nats")),
    )
    yield broker
    broker.stop()


def _url(broker: SecuredBroker, user: str, ca: Path) -> str:
    return f"{broker.url(user).replace('nats://', 'tls://')}?ca={ca}"


async def test_commands_and_services_work_encrypted(encrypted: SecuredBroker, secrets: Path) -> None:
    ca = secrets / "tls" / "authority.pem"
    assert await provision_nats(_url(encrypted, "provision", ca)) != []
    stopping = asyncio.Event()
    broker = open_broker(_url(encrypted, "fetcher", ca), service="fetcher", stopping=stopping)
    await broker.connect()
    event = PageFetched(lane="live", trace_id="1" * 32, capture_id="2" * 32)
    await Publisher(broker, stage="fetcher", metrics=Metrics(CollectorRegistry())).publish([event])
    stopping.set()
    await broker.stop()
    async with open_nats(_url(encrypted, "cli", ca)) as client:
        info = await client.jetstream().stream_info("PAGES_FETCHED")
    assert info.state.messages == 1


async def test_nobody_speaks_to_it_in_plain_or_with_another_authority(encrypted: SecuredBroker, tmp_path: Path) -> None:
    write_credentials(tmp_path, tls=True)
    for url in (encrypted.url("cli"), _url(encrypted, "cli", tmp_path / "tls" / "authority.pem")):
        with pytest.raises(DependencyDown):
            async with open_nats(url):
                pass


async def test_a_client_that_wants_tls_says_nothing_to_a_server_without(tmp_path: Path, secrets: Path) -> None:
    plain = SecuredBroker(tmp_path)
    try:
        with pytest.raises(DependencyDown):
            async with open_nats(_url(plain, "cli", secrets / "tls" / "authority.pem")):
                pass
    finally:
        plain.stop()
