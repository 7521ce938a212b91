"""The HTTP client against a server that misbehaves: every failure is a reason, nothing hangs, nothing floods."""

import asyncio
import ssl
from collections.abc import Callable

import pytest
from hostile_server import (
    HTML,
    HostileServer,
    Reply,
    answer,
    bomb,
    dripping_body,
    endless_headers,
    endless_interim,
    flooding_body,
    gzipped,
    packed,
    redirect,
    silent,
    versioned,
)

from libs.adapters.http import FetchFailed, HttpClient, Validators
from libs.contracts.reasons import Reason


async def failure(client: HttpClient, url: str) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await client.get(url)
    return caught.value


async def test_gives_the_page_with_what_the_server_said_of_it(server: HostileServer, client: HttpClient) -> None:
    server.paths["/page"] = answer(HTML, content_type="text/html; charset=x", etag='"1"', last_modified="yesterday")
    page = await client.get(server.url("/page#part"))
    assert (page.status, page.body, page.content_type) == (200, HTML, "text/html; charset=x")
    assert page.validators == Validators('"1"', "yesterday")
    assert page.final_url == server.url("/page")


async def test_says_who_asks(server: HostileServer, client: HttpClient) -> None:
    await client.get(server.url("/ok"))
    asked = server.headers[-1]
    assert asked["user-agent"].startswith("Newsfold/")
    assert asked["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (flooding_body, Reason.FETCH_TOO_LARGE),
        (answer(b"x" * 10, length=10**9), Reason.FETCH_TOO_LARGE),
        (answer(b"x" * 10, length=20), Reason.FETCH_PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nrubbish", Reason.FETCH_PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", Reason.FETCH_PROTOCOL),
        (b"\x00\xff garbage\r\n\r\n", Reason.FETCH_PROTOCOL),
        (b"", Reason.FETCH_PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(50_000)) + b"\r\n", Reason.FETCH_PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", Reason.FETCH_PROTOCOL),
        (answer(b"", status="304 Not Modified"), Reason.FETCH_PROTOCOL),
        (answer(b"part", status="206 Partial Content"), Reason.FETCH_PROTOCOL),
        (answer(b"", status="302 Found"), Reason.FETCH_PROTOCOL),
        (packed(b"no gzip at all"), Reason.FETCH_ENCODING),
        (packed(b"x", "gzip, gzip"), Reason.FETCH_ENCODING),
        (packed(b"x", "compress"), Reason.FETCH_ENCODING),
        (answer(b"", status="404 Not Found"), Reason.FETCH_GONE),
        (answer(b"", status="410 Gone"), Reason.FETCH_GONE),
        (answer(b"", status="403 Forbidden"), Reason.FETCH_STATUS_4XX),
        (answer(b"", status="500 Oops"), Reason.FETCH_STATUS_5XX),
    ],
)
async def test_each_misbehaviour_has_its_reason(
    server: HostileServer, client: HttpClient, behaviour: bytes, reason: Reason
) -> None:
    server.paths["/bad"] = behaviour
    assert (await failure(client, server.url("/bad"))).reason == reason
    assert (await client.get(server.url("/ok"))).body == HTML


@pytest.mark.parametrize("behaviour", [endless_headers, endless_interim, silent, dripping_body])
async def test_a_server_that_never_comes_to_an_end_is_left(
    server: HostileServer, client: HttpClient, hasty_client: HttpClient, behaviour: Reply
) -> None:
    server.paths["/bad"] = behaviour
    assert (await failure(hasty_client, server.url("/bad"))).reason == Reason.FETCH_TIMEOUT
    assert (await client.get(server.url("/ok"))).body == HTML


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
async def test_a_bomb_is_named(server: HostileServer, client: HttpClient, coding: str) -> None:
    server.paths["/bomb"] = packed(bomb(coding), coding)
    assert (await failure(client, server.url("/bomb"))).reason == Reason.FETCH_BOMB


async def test_the_body_of_an_error_or_a_redirect_is_never_unpacked(server: HostileServer, client: HttpClient) -> None:
    server.paths["/error"] = packed(bomb("gzip"), status="500 Oops")
    server.paths["/there"] = answer(bomb("gzip"), status="302 Found", content_encoding="gzip", location="/ok")
    assert (await failure(client, server.url("/error"))).reason == Reason.FETCH_STATUS_5XX
    assert (await client.get(server.url("/there"))).body == HTML


async def test_more_than_the_decoded_cap_at_an_honest_ratio_is_too_large(
    server: HostileServer, client_of: Callable[..., HttpClient]
) -> None:
    server.paths["/long"] = gzipped(b"".join(b"%d " % i for i in range(400_000)))
    client = client_of(server, decoded_bytes=1024 * 1024)
    assert (await failure(client, server.url("/long"))).reason == Reason.FETCH_TOO_LARGE


async def test_follows_redirects_and_says_where_the_page_is(server: HostileServer, client: HttpClient) -> None:
    for i in range(5):
        server.paths[f"/{i}"] = redirect(f"/{i + 1}", "301 Moved")
    server.paths["/5"] = answer(HTML)
    page = await client.get(server.url("/0"))
    assert page.final_url == server.url("/5")
    assert page.asked_url == server.url("/0")


async def test_addresses_and_versions_need_not_be_ascii(server: HostileServer, client: HttpClient) -> None:
    server.paths |= {
        "/there": b"HTTP/1.1 302 Found\r\nLocation: /\xd1\x8f\r\nContent-Length: 0\r\n\r\n",
        "/%D1%8F": b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nContent-Length: 1\r\n\r\nx',
    }
    page = await client.get(server.url("/there"))
    assert page.final_url == server.url("/%D1%8F")
    assert (await client.get(page.final_url, validators=page.validators)).body == b"x"


async def test_six_redirects_are_too_many(server: HostileServer, client: HttpClient) -> None:
    for i in range(6):
        server.paths[f"/{i}"] = redirect(f"/{i + 1}")
    assert (await failure(client, server.url("/0"))).reason == Reason.FETCH_TOO_MANY_REDIRECTS
    assert "/6" not in server.asked


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("/loop", Reason.FETCH_REDIRECT_LOOP),
        ("/loop#again", Reason.FETCH_REDIRECT_LOOP),
        ("file:///etc/passwd", Reason.FETCH_SCHEME),
        ("gopher://127.0.0.1/", Reason.FETCH_SCHEME),
        ("http://[half", Reason.FETCH_URL_INVALID),
        ("http://127.0.0.1:5432/", Reason.FETCH_PORT_DENIED),
        ("http://10.0.0.1/", Reason.FETCH_ADDRESS_DENIED),
        ("http://169.254.169.254/latest/meta-data", Reason.FETCH_ADDRESS_DENIED),
        ("http://0xA9FEA9FE/", Reason.FETCH_ADDRESS_DENIED),
        ("http://[::ffff:10.0.0.1]/", Reason.FETCH_ADDRESS_DENIED),
        ("http://user@127.0.0.1/", Reason.FETCH_URL_INVALID),
    ],
)
async def test_each_hop_is_judged(server: HostileServer, client: HttpClient, to: str, reason: Reason) -> None:
    server.paths["/loop"] = redirect(to)
    assert (await failure(client, server.url("/loop"))).reason == reason
    assert server.asked == ["/loop"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f.1", "１２７.0.0.1", "localhost", "localhost."]
)
async def test_loopback_is_denied_in_every_spelling(
    server: HostileServer, client_of: Callable[..., HttpClient], host: str
) -> None:
    client = client_of(server, opened=())
    failed = await failure(client, f"http://{host}:{server.port}/ok")
    assert failed.reason == Reason.FETCH_ADDRESS_DENIED
    assert server.asked == []


async def test_a_name_is_denied_when_one_of_its_addresses_is(
    server: HostileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("127.0.0.1", server.port)), (2, 1, 6, "", ("10.0.0.1", server.port))]

    monkeypatch.setattr("socket.getaddrinfo", answers)
    failed = await failure(client, f"http://two-faced.example:{server.port}/ok")
    assert failed.reason == Reason.FETCH_ADDRESS_DENIED
    assert server.asked == []


async def test_a_rebinding_name_is_resolved_once_and_the_judged_address_dialled(
    server: HostileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[(2, 1, 6, "", ("127.0.0.1", server.port))], [(2, 1, 6, "", ("10.0.0.1", server.port))]])
    asked: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return next(answers)

    monkeypatch.setattr("libs.adapters.http.dialing.socket.getaddrinfo", getaddrinfo)
    page = await client.get(f"http://rebinding.example:{server.port}/ok")
    assert page.body == HTML
    assert asked == ["rebinding.example"]
    assert server.headers[-1]["host"] == f"rebinding.example:{server.port}"


async def test_a_local_name_needs_an_opened_network(
    server: HostileServer, client_of: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("93.184.216.34", 80))])
    failed = await failure(client_of(server), f"http://postgres:{server.port}/")
    assert failed.reason == Reason.FETCH_ADDRESS_DENIED


async def test_https_needs_a_verified_certificate(server: HostileServer, client: HttpClient) -> None:
    assert client.tls.check_hostname
    assert client.tls.verify_mode == ssl.CERT_REQUIRED
    server.plain_greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    failed = await failure(client, f"https://127.0.0.1:{server.port}/ok")
    assert failed.reason == Reason.FETCH_TLS
    assert not failed.transient


async def test_a_closed_port_is_no_connection(server: HostileServer, client: HttpClient) -> None:
    await server.stop()
    failed = await failure(client, f"http://127.0.0.1:{next(iter(client.limits.ports - {80, 443}))}/")
    assert failed.reason == Reason.FETCH_CONNECT
    assert failed.transient


async def test_an_unknown_name_may_be_known_later(
    server: HostileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    failed = await failure(client, "http://nowhere.example/")
    assert (failed.reason, failed.transient) == (Reason.FETCH_DNS, True)


async def test_a_known_version_is_not_sent_again(server: HostileServer, client: HttpClient) -> None:
    server.paths["/v"] = versioned(HTML, '"7"')
    first = await client.get(server.url("/v"))
    second = await client.get(server.url("/v"), validators=first.validators)
    assert (first.status, second.status, second.body) == (200, 304, b"")


@pytest.mark.parametrize(("status", "transient"), [("429 Slow down", True), ("503 Later", True), ("403 No", False)])
async def test_retry_after_is_heard_where_it_makes_sense(
    server: HostileServer, client: HttpClient, status: str, transient: bool
) -> None:
    server.paths["/busy"] = answer(b"", status=status, retry_after="120")
    failed = await failure(client, server.url("/busy"))
    assert failed.transient is transient
    assert failed.retry_after_seconds == (120.0 if transient else None)


async def test_proxies_of_the_environment_are_ignored(
    server: HostileServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await client.get(server.url("/ok"))).body == HTML


async def test_two_hundred_slow_hosts_do_not_hinder_a_good_one(
    server: HostileServer, client: HttpClient, hasty_client: HttpClient
) -> None:
    server.paths["/slow"] = silent
    slow = [asyncio.create_task(failure(hasty_client, server.url("/slow"))) for _ in range(200)]
    await asyncio.sleep(0)
    assert (await client.get(server.url("/ok"))).body == HTML
    assert {f.reason for f in await asyncio.gather(*slow)} == {Reason.FETCH_TIMEOUT}
