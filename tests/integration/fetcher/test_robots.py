"""robots.txt against a server: RFC 9309's cases."""

from collections.abc import Callable

import pytest
from hostile_server import HTML, HostileServer, answer, redirect, silent

from libs.adapters.http import FetchFailed, HttpClient, PoliteHttp

FORBIDS_ALL = b"User-agent: *\nDisallow: /\n"


async def outcome(polite: PoliteHttp, url: str) -> str:
    try:
        return f"{(await polite.fetch(url, kind='page')).status}"
    except FetchFailed as failed:
        return f"{failed.reason}{' for now' if failed.transient else ''}"


@pytest.mark.parametrize(
    ("robots", "expected"),
    [
        (answer(FORBIDS_ALL), "fetch_robots"),
        (answer(b"\xef\xbb\xbf" + FORBIDS_ALL), "fetch_robots"),
        (answer(b"User-agent: *\r\nDisallow: /private\r\n"), "200"),
        (answer(b"User-agent: *\nDisallow: /\n\nUser-agent: Newsfold\nAllow: /\n"), "200"),
        (answer(b"User-agent: Newsfold\nDisallow: /ok\n\nUser-agent: *\nAllow: /\n"), "fetch_robots"),
        (answer(b"User-agent: *\nDisallow: /*k$\n"), "fetch_robots"),
        (answer(b"User-agent: *\nDisallow: /\nAllow: /ok\n"), "200"),
        (answer(b"", status="404 Not Found"), "200"),
        (answer(b"", status="403 Forbidden"), "200"),
        (answer(b"", status="401 Unauthorized"), "200"),
        (answer(b"", status="500 Oops"), "fetch_robots for now"),
        (answer(b"", status="503 Later"), "fetch_robots for now"),
        (redirect("/elsewhere"), "fetch_robots"),
        (redirect("/robots.txt"), "200"),
        (redirect("http://10.0.0.1/robots.txt"), "fetch_robots for now"),
        (answer(FORBIDS_ALL + b"#" * 2_000_000), "fetch_robots"),
        (answer(b"<html>not found</html>"), "200"),
        (answer(b"\x00\xff" * 1000), "200"),
    ],
)
async def test_the_rules_are_heard(server: HostileServer, client: HttpClient, robots: bytes, expected: str) -> None:
    server.paths |= {"/robots.txt": robots, "/elsewhere": answer(FORBIDS_ALL)}
    assert await outcome(PoliteHttp(client), server.url("/ok")) == expected


async def test_silence_forbids_for_now(server: HostileServer, hasty_client: HttpClient) -> None:
    server.paths["/robots.txt"] = silent
    assert await outcome(PoliteHttp(hasty_client), server.url("/ok")) == "fetch_robots for now"
    assert "/ok" not in server.asked


async def test_the_rules_are_asked_for_once(server: HostileServer, client: HttpClient) -> None:
    polite = PoliteHttp(client)
    assert [await outcome(polite, server.url("/ok")) for _ in range(3)] == ["200"] * 3
    assert server.asked.count("/robots.txt") == 1


async def test_a_redirect_into_a_forbidden_place_is_refused(server: HostileServer, client: HttpClient) -> None:
    server.paths |= {
        "/robots.txt": answer(b"User-agent: *\nDisallow: /closed\n"),
        "/open": redirect("/closed"),
        "/closed": answer(HTML),
    }
    assert await outcome(PoliteHttp(client), server.url("/open")) == "fetch_robots"
    assert "/closed" not in server.asked


async def test_a_crawl_delay_lengthens_the_pause(server: HostileServer, client: HttpClient) -> None:
    server.paths["/robots.txt"] = answer(b"User-agent: *\nCrawl-delay: 7\n")
    polite = PoliteHttp(client)
    assert polite.pause_seconds(server.url("/ok"), 0.0) < 7
    await outcome(polite, server.url("/ok"))
    assert polite.pause_seconds(server.url("/ok"), 0.0) == 7


async def test_a_denied_address_is_not_even_asked_for_its_rules(
    server: HostileServer, client_of: Callable[..., HttpClient]
) -> None:
    polite = PoliteHttp(client_of(server, opened=()))
    assert await outcome(polite, server.url("/ok")) == "fetch_address_denied"
    assert server.asked == []
