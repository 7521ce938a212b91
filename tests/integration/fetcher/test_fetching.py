"""The fetcher's stage and loop on real PostgreSQL, a real folder and a real (misbehaving) web server."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fetch_rig import Rig, file, page, write
from hostile_server import HTML, HostileServer, answer, bomb, endless_headers, packed, redirect, versioned
from sqlalchemy import select, text

from libs.adapters.files import LocalFiles
from libs.adapters.postgres.tables import captures, ledger
from libs.contracts.fetching import FetchKind, NewFetch
from libs.contracts.pipeline import Lane
from libs.runtime import failpoints

pytestmark = pytest.mark.engines

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>One</title><link>/one</link></item><item><title>Two</title><link>/two</link></item></channel></rss>"""
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
<rss version="2.0"><channel><title>&b;</title></channel></rss>"""


async def test_a_page_is_archived_recorded_and_published(rig: Rig, server: HostileServer) -> None:
    await rig.jobs.enqueue([page(server.url("/ok"))])
    await rig.run()
    async with rig.engine.connect() as connection:
        row = (await connection.execute(select(captures))).one()
    assert await rig.blobs.get(row.sha256) == HTML
    assert (row.status, row.content_type, row.bytes) == (200, "text/html; charset=utf-8", len(HTML))
    [event] = rig.published.events
    assert (event.capture_id, event.lane, event.trace_id) == (row.capture_id, Lane.LIVE, row.trace_id)


async def test_a_file_is_a_capture_of_its_page_at_the_time_it_was_written(rig: Rig, tmp_path: Path) -> None:
    await rig.jobs.enqueue([file(write(tmp_path, "x.html", HTML))])
    await rig.run()
    async with rig.engine.connect() as connection:
        row = (await connection.execute(select(captures))).one()
    assert row.captured_at.timestamp() == 1_700_000_000.25
    assert (row.asked_url, row.content_type, row.status) == ("https://a.example/x.html", "text/html", None)


async def test_the_same_file_again_is_nothing_new(rig: Rig, tmp_path: Path) -> None:
    path = write(tmp_path, "x.html", HTML)
    for _ in range(2):
        await rig.jobs.enqueue([file(path)])
        await rig.run()
    assert await rig.count() == len(rig.published.events) == 1


async def test_a_file_written_anew_is_another_capture_even_with_the_same_bytes(rig: Rig, tmp_path: Path) -> None:
    for at in (1_700_000_000, 1_700_000_100):
        await rig.jobs.enqueue([file(write(tmp_path, "x.html", HTML, at))])
        await rig.run()
    assert await rig.count() == len(rig.published.events) == 2


async def test_bad_files_end_with_a_reason_and_leave_their_neighbours_alone(rig: Rig, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    good = [write(tmp_path, f"{n}.html", HTML + b"%d" % n) for n in range(5)]
    bad = [tmp_path / "gone", tmp_path / "pipe", tmp_path / "folder", write(tmp_path, "big", bytes(1024 * 1024 + 1))]
    await rig.jobs.enqueue([file(path) for path in [*good, *bad, write(tmp_path, "empty", b"")]])
    await rig.run()
    ends = await rig.ends()
    assert ends["https://a.example/gone"] == "rejected(fetch_file_missing)"
    assert ends["https://a.example/pipe"] == "rejected(fetch_file_unreadable)"
    assert ends["https://a.example/folder"] == "rejected(fetch_file_unreadable)"
    assert ends["https://a.example/big"] == "rejected(fetch_too_large)"
    assert [end for end in ends.values() if end is None] == [None] * 6  # five pages and the empty file go on
    assert len(rig.published.events) == 6


async def test_a_hostile_web_ends_in_the_ledger(rig: Rig, server: HostileServer) -> None:
    server.paths |= {
        "/endless": endless_headers,
        "/bomb": packed(bomb("gzip")),
        "/loop": redirect("/loop"),
        "/private": redirect("http://10.0.0.1/"),
        "/oops": answer(b"", status="500 Oops"),
    }
    paths = ["/endless", "/bomb", "/loop", "/private", "/oops", "/missing", "/ok"]
    await rig.jobs.enqueue([page(server.url(path)) for path in paths])
    await rig.jobs.enqueue([page("http://[half"), page("ftp://a.example/"), page("http://127.0.0.1:5432/")])
    await rig.run()
    ends = {url.removeprefix(server.url("")): end for url, end in (await rig.ends()).items()}
    assert ends == {
        "/endless": "rejected(fetch_timeout)",
        "/bomb": "rejected(fetch_bomb)",
        "/loop": "rejected(fetch_redirect_loop)",
        "/private": "rejected(fetch_address_denied)",
        "/oops": "rejected(fetch_status_5xx)",
        "/missing": "rejected(fetch_gone)",
        "/ok": None,
        "http://[half": "rejected(fetch_url_invalid)",
        "ftp://a.example/": "rejected(fetch_scheme)",
        "http://127.0.0.1:5432/": "rejected(fetch_port_denied)",
    }
    assert server.asked.count("/oops") == 3  # the first try and two more
    assert server.asked.count("/bomb") == 1


async def test_a_page_known_before_is_asked_conditionally_and_ends_unchanged(rig: Rig, server: HostileServer) -> None:
    server.paths["/v"] = versioned(HTML, '"7"')
    for _ in range(2):
        await rig.jobs.enqueue([page(server.url("/v"))])
        await rig.run()
    assert await rig.ends() == {server.url("/v"): "unchanged(None)"}
    assert await rig.count() == 2
    assert len(rig.published.events) == 1


async def test_no_condition_is_made_when_the_bytes_are_gone(rig: Rig, server: HostileServer) -> None:
    server.paths["/v"] = versioned(HTML, '"7"')
    await rig.jobs.enqueue([page(server.url("/v"))])
    await rig.run()
    for blob in rig.blobs.root.rglob("*.zst"):
        blob.unlink()
    await rig.jobs.enqueue([page(server.url("/v"))])
    await rig.run()
    assert len(rig.published.events) == 2


async def test_a_page_that_is_held_and_gone_is_told_once_and_received_whole_when_it_comes_back(
    rig: Rig, server: HostileServer
) -> None:
    answers = [versioned(HTML, '"7"'), answer(b"", status="410 Gone"), answer(b"", status="410 Gone")]
    for told, served in zip((1, 2, 2, 3), (*answers, answers[0]), strict=True):
        server.paths["/v"] = served
        await rig.jobs.enqueue([page(server.url("/v"))])
        await rig.run()
        assert len(rig.published.events) == told
    async with rig.engine.connect() as connection:
        query = text('SELECT status, "end", reason FROM captures ORDER BY captured_at')
        rows = [tuple(row) for row in await connection.execute(query)]
    assert rows == [(200, None, None), (410, None, None), (410, "rejected", "fetch_gone"), (200, None, None)]


async def test_a_feed_becomes_its_pages_in_its_own_lane(rig: Rig, server: HostileServer) -> None:
    server.paths |= {"/feed": answer(RSS), "/one": answer(HTML + b"1"), "/two": answer(HTML + b"2")}
    await rig.jobs.enqueue([NewFetch(FetchKind.FEED, server.url("/feed"), Lane.LIVE)])
    await rig.run()
    assert set(await rig.ends()) == {server.url("/one"), server.url("/two")}
    assert {event.lane for event in rig.published.events} == {Lane.LIVE}


async def test_a_standing_feed_is_polled_and_a_known_page_is_not_fetched_twice(rig: Rig, server: HostileServer) -> None:
    server.paths |= {"/feed": versioned(RSS, '"f"'), "/one": answer(HTML + b"1"), "/two": answer(HTML + b"2")}
    key = await rig.sources.add(FetchKind.FEED, server.url("/feed"))
    await rig.run()
    async with rig.engine.begin() as connection:
        await connection.execute(text("UPDATE sources SET next_poll_at = now()"))
    await rig.run()
    assert server.asked.count("/feed") == 2
    assert server.asked.count("/one") == 1
    assert (server.url("/feed"), "not_modified") in rig.observed
    source = await rig.sources.find(key)
    assert source is not None
    assert (source.last_items, source.last_new_items, source.failures) == (2, 2, 0)


@pytest.mark.parametrize("body", [LAUGHS, b"<html>no feed</html>", b"", b"\x00\xff" * 100])
async def test_what_is_no_feed_ends_rejected_with_its_bytes_kept(rig: Rig, server: HostileServer, body: bytes) -> None:
    server.paths["/feed"] = answer(body)
    await rig.jobs.enqueue([NewFetch(FetchKind.FEED, server.url("/feed"), Lane.LIVE)])
    await rig.run()
    assert await rig.ends() == {server.url("/feed"): "rejected(feed_invalid)"}
    async with rig.engine.connect() as connection:
        sha256 = await connection.scalar(select(captures.c.sha256))
        detail = await connection.scalar(select(ledger.c.detail))
    assert await rig.blobs.get(sha256 or "") == body
    assert detail


async def test_a_standing_feed_that_stays_broken_is_recorded_once(rig: Rig, server: HostileServer) -> None:
    server.paths["/feed"] = answer(LAUGHS)
    await rig.sources.add(FetchKind.FEED, server.url("/feed"))
    for _ in range(3):
        await rig.run()
        async with rig.engine.begin() as connection:
            await connection.execute(text("UPDATE sources SET next_poll_at = now()"))
    await rig.run()
    assert server.asked.count("/feed") == 4
    assert await rig.count() == 1


async def test_several_fetchers_share_the_work_without_repeating_it(
    rig: Rig, server: HostileServer, tmp_path: Path
) -> None:
    files = [write(tmp_path, f"{n}.html", HTML + b"%d" % n) for n in range(150)]
    await rig.jobs.enqueue([file(path) for path in files])
    await rig.jobs.enqueue([page(server.url("/ok"))])
    await rig.run(workers=3)
    assert await rig.count() == len(rig.published.events) == 151


async def test_while_the_bus_is_down_nothing_is_lost_or_fetched_twice(
    rig: Rig, server: HostileServer, tmp_path: Path
) -> None:
    await rig.jobs.enqueue([page(server.url("/ok")), file(write(tmp_path, "x.html", HTML + b"x"))])
    rig.published.down = True
    worker = rig.worker()
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while await rig.count() < 2 or "nats" not in worker.waiting_for:
            await asyncio.sleep(0.05)
    rig.published.down = False
    async with asyncio.timeout(60):
        while (await rig.jobs.unfinished())[0]:
            await asyncio.sleep(0.05)
        while worker.waiting_for:
            await asyncio.sleep(0.05)
    worker.stopping.set()
    await task
    assert server.asked.count("/ok") == 1
    assert len(rig.published.ids) == 2


async def test_without_room_nothing_is_claimed_and_afterwards_all_of_it(rig: Rig, server: HostileServer) -> None:
    await rig.jobs.enqueue([page(server.url("/ok"))])
    asked: list[bool] = []

    async def has_room() -> bool:
        asked.append(len(asked) >= 3)
        if len(asked) == 3:
            assert await rig.count() == 0
        return asked[-1]

    worker = rig.worker(has_room=has_room)
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while (await rig.jobs.unfinished())[0]:
            await asyncio.sleep(0.05)
    worker.stopping.set()
    await task
    assert asked[:4] == [False, False, False, True]
    assert await rig.count() == 1


class _Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("point", failpoints.POINTS)
async def test_a_crash_at_any_point_repeats_and_loses_nothing(
    rig: Rig, server: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    server.paths["/v"] = versioned(HTML, '"7"')
    await rig.jobs.enqueue([page(server.url("/v")), file(write(tmp_path, "x.html", HTML + b"x"))])

    def die(_: str, here: str) -> None:
        if here == point:
            raise _Killed

    monkeypatch.setattr(failpoints, "hit", die)
    lease = {"lease_seconds": 0.0, "me": "dying"}
    [web] = await rig.jobs.claim_hosts(list(Lane), 9, **lease)  # type: ignore[arg-type]
    [local] = await rig.jobs.claim_files(list(Lane), 9, **lease)  # type: ignore[arg-type]
    with pytest.raises(_Killed):
        await rig.fetch(web)
    with pytest.raises(_Killed):
        await rig.fetch.batch([local])
    monkeypatch.undo()
    await rig.run()
    assert await rig.count() == 2
    assert rig.published.ids == {event.capture_id for event in rig.published.events}
    assert len(rig.published.ids) == 2
    fetched = 1 if point in ("committed", "published", "before_ack") else 2
    assert server.asked.count("/v") == (1 if point == "received" else fetched)


async def test_an_error_of_ours_stays_with_the_work_that_caused_it(
    rig: Rig, server: HostileServer, tmp_path: Path
) -> None:
    class Faulty:
        """Reads files, but stumbles over one."""

        async def read(self, path: str, *, url: str) -> Any:
            if path.endswith("poison.html"):
                raise ZeroDivisionError
            return await LocalFiles().read(path, url=url)

    paths = [write(tmp_path, f"{name}.html", HTML + name.encode()) for name in ("a", "poison", "b")]
    await rig.jobs.enqueue([file(path) for path in paths])
    rig.fetch = replace(rig.fetch, files=Faulty())
    await rig.run()
    ends = await rig.ends()
    assert ends["https://a.example/poison.html"] == "rejected(unexpected_error)"
    assert ends["https://a.example/a.html"] is None
    assert ends["https://a.example/b.html"] is None


async def test_live_work_is_taken_while_bulk_fills_its_share(rig: Rig, server: HostileServer) -> None:
    """Bulk that never ends holds three quarters of the slots, and no more."""
    hosts = [f"http://127.0.0.{n}:{server.port}/bulk" for n in range(2, 40)]
    await rig.jobs.enqueue([page(url, Lane.BACKFILL) for url in hosts])
    begun: list[str] = []
    hold = asyncio.Event()

    class Stage:
        async def __call__(self, job: Any) -> None:
            begun.append(job.url)
            if job.lane is Lane.BACKFILL:
                await hold.wait()

        async def batch(self, jobs: Any) -> None: ...

        async def failed(self, job: Any, failed: Any) -> None: ...

    worker = rig.worker(Stage(), slots=8)
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while len(begun) < 6:
            await asyncio.sleep(0.02)
        await rig.jobs.enqueue([page(server.url("/news"))])
        while server.url("/news") not in begun:
            await asyncio.sleep(0.02)
    assert sum(url.endswith("/bulk") for url in begun) == 6
    hold.set()
    worker.stopping.set()
    await task
