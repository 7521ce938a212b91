"""Everything that somebody who helps from afar asks for, in one archive, and no secret in it.

Passwords and keys are found by what they are (the values of secret settings, the user part of URLs), not by how a line
looks, and replaced in every text. Articles, payloads and bytes are never part of it.
"""

import asyncio
import io
import json
import os
import platform
import re
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from services.cli.state import RunState
from services.cli.target import ENGINE_SETTINGS, Target, from_environment

LOG_TAIL_BYTES = 1024**2
HIDDEN = "***"
SECRET_LETTERS = 4  # a shorter "secret" is a word, and replacing it everywhere would make the rest unreadable
_SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|SEED|CREDENTIAL", re.IGNORECASE)
_USER_PART = re.compile(r"(?<=://)[^/\s@\"']+@")


async def gather(data: Path) -> dict[str, str]:
    """The archive's files by name. What cannot be had is a file that says why."""
    target = Target(data)
    state = target.running()
    secrets = secrets_of(os.environ, state)
    files: dict[str, str] = {}
    async for name, text in _texts(data, target, state):
        files[name] = without_secrets(text, secrets)
    return files


def write(path: Path, files: Mapping[str, str]) -> None:
    """Write the archive, readable by its owner only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in sorted(files.items()):
            packed = text.encode("utf-8", "backslashreplace")
            entry = tarfile.TarInfo(f"newsfold-support/{name}")
            entry.size, entry.mtime, entry.mode = len(packed), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(packed))


def secrets_of(environment: Mapping[str, str], state: RunState | None) -> set[str]:
    """Every value that must not be told: of settings that are secret by name, of files, and in URLs."""
    urls = [value for name, value in environment.items() if name.startswith("NEWSFOLD_") and "://" in value]
    urls += list(state.urls.values()) if state else []
    found = {value for name, value in environment.items() if _SECRET_NAME.search(name)}
    for name, value in environment.items():
        if name.startswith("NEWSFOLD_") and name.endswith("_FILE"):
            found |= _content(Path(value))
    for url in [*urls, *(text for text in found if "://" in text)]:
        parts = urlsplit(url)
        secret = parts.password or (parts.username if parts.scheme == "nats" else None)  # there it is a key or a token
        found |= {secret, unquote(secret)} if secret else set()
    return {text for text in found if len(text) >= SECRET_LETTERS}


def without_secrets(text: str, secrets: set[str]) -> str:
    """The text with every secret and every user part of a URL replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _USER_PART.sub(f"{HIDDEN}@", text)


def _content(path: Path) -> set[str]:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return set()
    return {text, *text.splitlines(), *(line.partition("=")[2] for line in text.splitlines())}


async def _texts(data: Path, target: Target, state: RunState | None) -> Any:
    from services.cli.examination import examine
    from services.cli.reporting import report

    yield "about.json", _json(_about())
    yield "settings.json", _json(_settings())
    yield "doctor.json", await _or_why(lambda: examine(data), lambda found: [asdict(finding) for finding in found])
    yield "status.json", await _or_why(lambda: report(data), lambda found: found)
    yield "quarantine.json", await _or_why(lambda: _quarantine(target), lambda found: found)
    for entry in state.services if state else ():
        name = f"{entry.name}-{entry.number}"
        yield f"metrics/{name}.txt", await asyncio.to_thread(_metrics, entry.port)
    for name, text in _logs(data):
        yield f"logs/{name}", text


async def _or_why(ask: Callable[[], Any], shape: Callable[[Any], Any]) -> str:
    try:
        return _json(shape(await ask()))
    except Exception as error:
        return _json({"not_had": f"{type(error).__name__}: {error}"})


def _about() -> dict[str, Any]:
    from libs.runtime.service import release

    return {
        "release": release(),
        "made_at": datetime.now(UTC).isoformat(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
    }


def _settings() -> dict[str, str]:
    """Settings that are given. Of a secret and of an engine's URL only that it is."""
    urls = {f"NEWSFOLD_{name.upper()}" for name in ENGINE_SETTINGS}
    given = {name: value for name, value in os.environ.items() if name.startswith("NEWSFOLD_")}
    return {name: HIDDEN if name in urls or _SECRET_NAME.search(name) else value for name, value in given.items()} | {
        f"engine {name}": "given" for name in from_environment()
    }


async def _quarantine(target: Target) -> list[dict[str, Any]]:
    from libs.adapters.postgres.quarantine import QuarantineDesk

    async with target.open_postgres() as engine:
        return [dict(entry) for entry in await QuarantineDesk(engine).listed(limit=200)]


def _metrics(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return bytes(answer.read()).decode("utf-8", "replace")
    except OSError as error:
        return f"not had: {error}\n"


def _logs(data: Path) -> Iterator[tuple[str, str]]:
    """The end of each log, from a whole line on."""
    for path in sorted((data / "logs").glob("*.log")):
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_TAIL_BYTES))
            tail = file.read()
        if size > LOG_TAIL_BYTES:
            tail = tail.partition(b"\n")[2]
        yield path.name, tail.decode("utf-8", "replace")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n"
