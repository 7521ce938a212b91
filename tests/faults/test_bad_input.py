"""Bad input of every kind at once, and one good page: each ends with its reason, the services live, the good one is done."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from integration.fetcher.hostile_server import HTML, HostileServer, answer, bomb, endless_headers, packed, redirect
from support import broker
from support.fixtures import Stacks
from support.loops import LoopThread
from support.pages import article
from support.stack import Stack

from libs.contracts.pipeline import LANES

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("b"), ord("l")))
    + b"]><rss><channel><title>&k;</title></channel></rss>"
)
MIB = 1024 * 1024
# What is served, and how asking for it must end. The last never ends, so it is put off and tried again later.
SERVED = {
    "/bomb": (packed(bomb("gzip")), {"fetch_bomb", "fetch_too_large"}),
    "/private": (redirect("http://10.0.0.1/"), {"fetch_address_denied"}),
    "/metadata": (redirect("http://169.254.169.254/latest/meta-data/"), {"fetch_address_denied"}),
    "/loop": (redirect("/loop"), {"fetch_redirect_loop", "fetch_too_many_redirects"}),
    "/gone": (answer(b"", status="410 Gone"), {"fetch_gone"}),
    "/nothing": (answer(b"", content_type="text/html"), {"empty"}),
    "/picture": (
        answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, content_type="image/png"),
        {"binary", "not_html"},
    ),
}
ENDLESS = "/headers"
FEED = "/feed"
GOOD = "/good"
# What lies in the folder: its end, and the reason of a rejection.
FILES = {
    "empty.html": ("rejected", {"empty"}),
    "binary.html": ("rejected", {"binary"}),
    "blank.txt": ("rejected", {"empty"}),
    "broken.html": ("extracted", {None}),
    "charset.html": ("extracted", {None}),
    "big.html": (None, None),  # any end; within limits, and told
    "good.html": ("extracted", {None}),
}
UNREADABLE = b"\x00\xffnot json"


def write_files(folder: Path) -> None:
    chance = random.Random(1)
    page = article(1)
    contents = {
        "empty.html": b"",
        "binary.html": b"\x00\x01\x02\xff" + chance.randbytes(50_000),
        "blank.txt": b" \n\t\n",
        "broken.html": article(2).replace("</p>", "").replace("</article>", "<table><tr><div></b></i>").encode()[:-20],
        "charset.html": article(3).replace("The council", "Das Büro für Straßen").encode("latin-1"),
        "big.html": article(4).replace("</article>", "<p>" + "word " * (10 * MIB // 5) + "</p></article>").encode(),
        "good.html": page.encode(),
    }
    assert contents.keys() == FILES.keys()
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def bad_messages() -> list[tuple[str, bytes]]:
    """Two for every subject that a stage reads: bytes that are no event, and an event of a version to come."""
    return [
        (f"{stream.event}.{lane}", data)
        for stream in broker.CONSUMED
        for lane in LANES
        for data in (UNREADABLE + stream.name.encode(), json.dumps({"version": 99, "lane": lane}).encode())
    ]


class Scene:
    """The stack after all of it was thrown at it."""

    def __init__(self, stack: Stack, server: HostileServer, folder: Path) -> None:
        self.stack, self.server, self.folder = stack, server, folder
        self.sent = bad_messages()

    def url(self, path: str) -> str:
        return self.server.url(path)

    def trace(self, url: str) -> Any:
        return self.stack.ask("trace", url)


@pytest.fixture(scope="module")
def scene(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("bad") / "files"
    write_files(folder)
    server = HostileServer()
    server.paths.update({path: reply for path, (reply, _) in SERVED.items()})
    server.paths[ENDLESS] = endless_headers
    server.paths[FEED] = answer(LAUGHS, content_type="application/rss+xml")
    server.paths[GOOD] = answer(article(7).encode(), content_type="text/html; charset=utf-8")
    assert HTML  # the server's own good page is too short to be an article
    with LoopThread() as loop:
        loop.run(server.start())
        stack = stacks.fresh(
            {
                "NEWSFOLD_FETCHER_ALLOW_NETWORKS": "127.0.0.0/8",
                "NEWSFOLD_FETCHER_ALLOW_PORTS": str(server.port),
                "NEWSFOLD_FETCHER_HOST_PAUSE_SECONDS": "0",
                "NEWSFOLD_FETCHER_FIRST_BYTE_SECONDS": "8",
            }
        )
        stack.up()
        found = Scene(stack, server, folder)
        broker.publish(stack, found.sent)
        stack.command("ingest", "url", found.url(ENDLESS), *(found.url(path) for path in SERVED), found.url(GOOD))
        stack.command("ingest", "feed", found.url(FEED))
        stack.command("ingest", "folder", str(folder), "--base-url", "https://folder.example/")
        stack.until_progress("normalizer", len(SERVED) + len([GOOD, FEED]) + len(FILES))
        stack.until(lambda: broker.is_idle(stack), "the messages to be settled")
        yield found
        stacks.close()
        loop.run(server.stop())


@pytest.mark.parametrize("path", SERVED)
def test_a_bad_page_ends_rejected_with_its_reason(scene: Scene, path: str) -> None:
    captures = scene.trace(scene.url(path))["captures"]
    assert [capture["end"] for capture in captures] == ["rejected"]
    assert captures[0]["reason"] in SERVED[path][1]


def test_a_feed_of_billion_laughs_is_rejected(scene: Scene) -> None:
    captures = scene.trace(scene.url(FEED))["captures"]
    assert [(capture["end"], capture["reason"]) for capture in captures] == [("rejected", "feed_invalid")]


def test_a_server_that_never_ends_its_headers_is_given_up(scene: Scene) -> None:
    def put_off() -> Any:
        fetch = scene.trace(scene.url(ENDLESS))["fetches"][0]
        return fetch if fetch["last_reason"] else None

    fetch = scene.stack.until(put_off, "the deadline to pass")
    assert fetch["last_reason"] in ("fetch_timeout", "fetch_protocol")


@pytest.mark.slow
def test_a_server_that_never_ends_its_headers_ends_rejected(scene: Scene) -> None:
    captures = scene.stack.until(lambda: scene.trace(scene.url(ENDLESS))["captures"], "the last try")
    assert [(c["end"], c["reason"] in ("fetch_timeout", "fetch_protocol")) for c in captures] == [("rejected", True)]


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_ends_in_the_ledger(scene: Scene, name: str) -> None:
    end, reasons = FILES[name]
    captures = scene.trace(f"https://folder.example/{name}")["captures"]
    assert len(captures) == 1
    if end is None:
        assert captures[0]["end"] == "extracted" or captures[0]["reason"]
    else:
        assert captures[0]["end"] == end
        assert captures[0]["reason"] in (reasons or ())


def test_a_wrong_charset_is_read_as_what_it_is(scene: Scene) -> None:
    body = scene.stack.ask("article", "https://folder.example/charset.html")["body"]
    if "Das B" in body:
        assert "Das Büro für Straßen" in body


def test_every_bad_message_is_set_aside_with_its_bytes(scene: Scene) -> None:
    entries = scene.stack.lines("quarantine", "list")
    reasons = {(entry["subject"], entry["reason"]) for entry in entries}
    for subject, data in scene.sent:
        reason = "message_unknown_version" if data.startswith(b"{") else "message_malformed"
        assert (subject, reason) in reasons
    shown = [scene.stack.ask("quarantine", "show", entry["quarantine_id"]) for entry in entries[:2]]
    for entry in shown:
        assert entry["payload_base64"]
        assert entry["error"]
        assert entry["stage"]
        assert entry["stream_sequence"] > 0


def test_the_services_live_and_the_good_neighbours_are_done(scene: Scene) -> None:
    assert {service.name: service.starts for service in scene.stack.services()} == dict.fromkeys(
        ("fetcher", "normalizer", "deduplicator", "indexer", "reconciler"), 1
    )
    assert {service["state"] for service in scene.stack.ask("status")["services"]} == {"ready"}
    keys = {article["key"] for article in scene.stack.lines("articles")}
    assert {scene.url(GOOD), "https://folder.example/good.html"} <= keys
    for url in (scene.url(GOOD), "https://folder.example/good.html"):
        assert [capture["end"] for capture in scene.trace(url)["captures"]] == ["extracted"]
