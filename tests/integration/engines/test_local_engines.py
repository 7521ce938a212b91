"""The local engines of a data folder: used for real, side by side, under another account, after every kind of end."""

import asyncio
import os
import shutil
import socket
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import nats
import psutil
import psycopg
import pytest

from libs.adapters.engines import EngineError, LocalEngines, find_running, forget
from libs.adapters.engines.folder import SHARED_STATE

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root's engines run as")
QUICK = ("nats", "postgres")
MakeEngines = Callable[..., LocalEngines]


def ended(pids: list[int], within_seconds: float = 30) -> bool:
    """Whether all these processes end in time."""
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return True
        time.sleep(0.05)
    return False


async def stored(url: str, write: str | None = None) -> list[str]:
    """Names of the broker's streams, after one was added."""
    client = await nats.connect(url)
    jetstream = client.jetstream()
    if write:
        await jetstream.add_stream(name=write, subjects=[write])
    names = [stream.config.name or "" for stream in await jetstream.streams_info()]
    await client.close()
    return names


def test_all_three_start_from_nothing_and_keep_what_they_stored(make_engines: MakeEngines) -> None:
    engines = make_engines("nats", "postgres", "opensearch")
    urls = engines.start()
    assert asyncio.run(stored(urls.nats, "kept")) == ["kept"]
    with psycopg.connect(urls.postgres) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    index = urllib.request.Request(f"{urls.opensearch}/kept", method="PUT")
    assert urllib.request.urlopen(index).status == 200
    engines.stop()

    again = engines.start()
    assert again == urls, "the same ports and the same password"
    assert asyncio.run(stored(again.nats)) == ["kept"]
    with psycopg.connect(again.postgres) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert urllib.request.urlopen(f"{again.opensearch}/_cat/indices/kept").status == 200
    assert engines.nats_monitor_url is not None
    assert urllib.request.urlopen(f"{engines.nats_monitor_url}/healthz").status == 200


def test_opensearch_creates_no_index_unasked(opensearch_url: str) -> None:
    write = urllib.request.Request(
        f"{opensearch_url}/unasked/_doc/1", b"{}", {"Content-Type": "application/json"}, method="PUT"
    )
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(write)


def test_postgres_has_utf8_checksums_and_refuses_a_wrong_password(make_engines: MakeEngines) -> None:
    url = make_engines("postgres").start().postgres
    with psycopg.connect(url) as connection:
        for setting, expected in (("server_encoding", "UTF8"), ("data_checksums", "on"), ("max_connections", "200")):
            assert connection.execute(f"SHOW {setting}").fetchone() == (expected,)
        words = connection.execute("SELECT string_agg(w, ' ' ORDER BY w) FROM unnest(ARRAY['é','z','Z','e']) w")
        assert words.fetchone() == ("Z e z é",)
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "newsfold"))


def test_only_the_owner_may_read_password_and_urls(make_engines: MakeEngines) -> None:
    engines = make_engines("postgres")
    engines.start()
    for file in ("secrets/postgres-password", "engines.json"):
        assert (engines.data.path / file).stat().st_mode & 0o077 == 0


def test_an_engine_that_is_killed_is_named_and_comes_back_with_its_data_on_its_port(make_engines: MakeEngines) -> None:
    engines = make_engines(*QUICK)
    urls = engines.start()
    with psycopg.connect(urls.postgres) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    assert engines.poll() == []
    for name in QUICK:
        engines.kill(name)
        assert engines.poll() == [name]
        engines.restart(name)
        assert engines.poll() == []
    assert engines.urls == urls
    with psycopg.connect(urls.postgres) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_wiped_broker_is_empty_and_answers_on_its_port(make_engines: MakeEngines) -> None:
    engines = make_engines("nats")
    url = engines.start().nats
    assert asyncio.run(stored(url, "lost")) == ["lost"]
    engines.wipe_nats_store()
    assert asyncio.run(stored(url)) == []


def test_an_owner_that_is_killed_leaves_no_process_and_its_folder_opens_again(
    open_folder: Path, owner_of: Callable[..., object], make_engines: MakeEngines
) -> None:
    owner = owner_of(open_folder / "data", *QUICK)
    pids = [*owner.said["pids"].values()]
    pids += [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]
    assert len(pids) > len(QUICK), "PostgreSQL has processes of its own"
    owner.process.kill()
    engines = make_engines(*QUICK)
    engines.start()  # at once: it waits for the guards of the dead owner
    assert ended(pids)


def test_a_guard_that_is_killed_takes_its_engine_with_it(open_folder: Path, owner_of: Callable[..., object]) -> None:
    owner = owner_of(open_folder / "data", *QUICK)
    for pid in owner.said["pids"].values():
        engine = psutil.Process(pid)
        family = [pid, *(child.pid for child in engine.children())]
        engine.parent().kill()
        assert ended(family)


def test_a_guard_that_was_stopped_and_goes_on_keeps_its_engine(make_engines: MakeEngines) -> None:
    engines = make_engines("nats")
    engines.start()
    guard = psutil.Process(engines.pid("nats")).parent()
    assert guard is not None
    for _ in range(5):
        guard.suspend()
        time.sleep(0.7)  # longer than it waits for a signal
        guard.resume()
        time.sleep(0.1)
    assert engines.poll() == []


def test_a_lock_file_of_an_owner_that_has_gone_is_no_hindrance(open_folder: Path, make_engines: MakeEngines) -> None:
    data = open_folder / "data"
    engines = make_engines("postgres")
    engines.start()
    engines.kill("postgres")
    stale = data / "engines" / "postgres" / "data" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    lines[0] = str(os.getpid())  # the process id has come to belong to another program
    stale.write_text("\n".join(lines) + "\n")
    engines.stop()
    (data / "engines.lock").write_text("4194305\n")  # above the greatest process id
    engines.start()


def test_a_folder_in_use_is_refused_naming_the_process(
    open_folder: Path, owner_of: Callable[..., object], make_engines: MakeEngines
) -> None:
    owner = owner_of(open_folder / "data", "nats")
    second = make_engines("nats")
    with pytest.raises(EngineError, match=f"in use by process {owner.process.pid}"):
        second.start()
    with pytest.raises(EngineError, match="in use"):
        forget(open_folder / "data")
    running = find_running(open_folder / "data")
    assert running is not None
    assert running.nats == owner.said["urls"]["nats"]
    owner.end()
    assert find_running(open_folder / "data") is None


@pytest.mark.parametrize("name", QUICK)
def test_a_taken_port_is_refused_naming_port_and_setting(make_engines: MakeEngines, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        engines = make_engines(name, **{f"{name}_port": port})
        with pytest.raises(EngineError, match=rf"port {port} .* NEWSFOLD_{name.upper()}_PORT"):
            engines.start()


@pytest.mark.parametrize("name", QUICK)
def test_a_port_lost_between_look_and_start_is_replaced(
    make_engines: MakeEngines, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        offered = iter([taken])
        from libs.adapters.engines import local

        found = local.free_port
        monkeypatch.setattr(local, "free_port", lambda: next(offered, None) or found())
        url = getattr(make_engines(name).start(), name)
        assert f":{taken}" not in url


def test_two_data_folders_run_side_by_side(open_folder: Path, make_engines: MakeEngines) -> None:
    first = make_engines(*QUICK, folder=open_folder / "one").start()
    second = make_engines(*QUICK, folder=open_folder / "two").start()
    assert len({first.nats, second.nats, first.postgres, second.postgres}) == 4
    assert asyncio.run(stored(first.nats, "mine")) == ["mine"]
    assert asyncio.run(stored(second.nats)) == []


def test_an_engine_that_cannot_start_says_where_its_log_is_and_leaves_none_running(make_engines: MakeEngines) -> None:
    engines = make_engines(*QUICK)
    engines.start()
    engines.stop()
    (engines.data.state("postgres", None if os.geteuid() else _account()) / "data" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EngineError, match=r"PostgreSQL ended .* log is .*postgres\.log(.|\n)*version 12"):
        engines.start()
    assert engines.data.owner() is None


def test_a_lost_password_is_told(make_engines: MakeEngines) -> None:
    engines = make_engines("postgres")
    engines.start()
    engines.stop()
    (engines.data.path / "secrets" / "postgres-password").unlink()
    with pytest.raises(EngineError, match=r"password file .* is missing"):
        engines.start()


def test_starts_and_stops_inside_a_running_event_loop(make_engines: MakeEngines) -> None:
    engines = make_engines("nats")

    async def inside() -> None:
        engines.start()
        await asyncio.to_thread(engines.restart, "nats")

    asyncio.run(inside())
    assert engines.poll() == [], "the thread that restarted it has ended, the engine has not"


@as_root
def test_under_root_the_engines_run_as_another_account(make_engines: MakeEngines) -> None:
    engines = make_engines(*QUICK)
    engines.start()
    for name in QUICK:
        process = psutil.Process(engines.pid(name))
        assert 0 not in (*process.uids(), *process.gids())
        assert (engines.data.path / "engines" / name).stat().st_uid == process.uids().real


@as_root
def test_a_folder_closed_to_that_account_is_served_and_its_state_never_haunts_a_new_one(
    make_engines: MakeEngines,
) -> None:
    closed = Path(tempfile.mkdtemp(prefix="newsfold closed "))
    assert closed.stat().st_mode & 0o077 == 0
    engines = make_engines("nats", "postgres", folder=closed / "data")
    assert asyncio.run(stored(engines.start().nats, "kept")) == ["kept"]
    engines.stop()
    assert asyncio.run(stored(engines.start().nats)) == ["kept"]
    engines.stop()

    moved = closed / "moved"
    shutil.move(closed / "data", moved)
    assert asyncio.run(stored(engines.start().nats)) == [], "a new folder of the old name starts anew"
    engines.forget()

    elsewhere = make_engines("nats", folder=moved)
    assert asyncio.run(stored(elsewhere.start().nats)) == ["kept"], "the moved folder keeps what it had"
    state = SHARED_STATE / (moved / "engines.id").read_text().strip()
    assert state.is_dir()
    elsewhere.forget()
    assert not state.exists()
    closed.rmdir()


@as_root
def test_a_folder_that_has_been_closed_since_is_told(open_folder: Path, make_engines: MakeEngines) -> None:
    engines = make_engines("nats")
    engines.start()
    engines.stop()
    open_folder.chmod(0o700)
    with pytest.raises(EngineError, match="cannot enter"):
        engines.start()
    open_folder.chmod(0o755)


def _account() -> object:
    from libs.adapters.engines.accounts import engine_account

    return engine_account()
