"""The search client behind TLS: it trusts the named authority alone and shows its certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opensearchpy.exceptions import ConnectionError as NoConnection

from libs.adapters.opensearch.client import open_client
from services.cli.credentials import write_credentials

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\nconnection: close\r\n\r\n"


@pytest.fixture
def tls(tmp_path: Path) -> Path:
    write_credentials(tmp_path, tls=True)
    return tmp_path / "tls"


@pytest.fixture
async def asked(tls: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that wants certificates of our authority: its port, and the common names that it was shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "opensearch" / "node.pem", tls / "opensearch" / "node-key.pem")
    context.load_verify_locations(tls / "opensearch" / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    shown: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        named = dict(pair for (pair, *_) in writer.get_extra_info("peercert")["subject"])
        shown.append(named["commonName"])
        writer.write(ANSWER + b'{"status":"green"}')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], shown


def _query(tls: Path, certificate: Path | None) -> str:
    return f"ca={tls / 'authority.pem'}" + (f"&certificate={certificate}" if certificate else "")


async def test_it_shows_the_certificate_of_its_service(tls: Path, asked: tuple[int, list[str]]) -> None:
    port, shown = asked
    for service in ("indexer", "cli"):
        client = open_client(f"https://127.0.0.1:{port}?{_query(tls, tls / f'opensearch_{service}')}")
        await client.cluster.health()
        await client.close()
    assert shown == ["newsfold-indexer", "newsfold-cli"]


@pytest.mark.parametrize("with_own", [False, True], ids=["without a certificate", "of another authority"])
async def test_nobody_else_is_answered(tls: Path, asked: tuple[int, list[str]], tmp_path: Path, with_own: bool) -> None:
    port, shown = asked
    other = tmp_path / "other"
    write_credentials(other, tls=True)
    certificate = other / "tls" / "opensearch_indexer" if with_own else None
    client = open_client(f"https://127.0.0.1:{port}?{_query(tls, certificate)}")
    with pytest.raises(NoConnection):
        await client.cluster.health()
    await client.close()
    assert shown == []
