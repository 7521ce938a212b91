"""The secrets of a deployment, each in a file of its own.

In: a folder. Out: every secret that this release needs. A secret is made once and never written over; what follows from
secrets (the broker's list of keys and rights, the roles' passwords for `provision`, URLs for TLS, certificates that near
their end) is written whenever it differs.
Nothing here is printed but names of files.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from services.cli.failures import CommandFailed
from services.cli.owners import NATS_UID, POSTGRES_UID, SERVICES_UID
from services.cli.tls_files import FOLDER as TLS_FOLDER
from services.cli.tls_files import tls_files

PASSWORD_BYTES = 30  # 40 characters of URL-safe base64
CLOSED, READABLE = 0o600, 0o444
POSTGRES = "postgres:5432/newsfold"  # as docker-compose.yml names them
NATS = "nats:4222"


@dataclass(frozen=True, slots=True)
class Written:
    """Names of files, relative to the folder. `unused`: in the folder, but nothing of this release reads them."""

    made: tuple[str, ...]
    renewed: tuple[str, ...]
    kept: tuple[str, ...]
    unused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """A file that must not change once it is there, and who must be able to read it."""

    name: str
    uid: int
    make: Callable[[], str]


def all_secrets() -> tuple[Secret, ...]:
    """Those that are made at random: passwords and keys, each within the URL that its service uses."""
    from libs.adapters.nats.permissions import permissions
    from libs.adapters.postgres.grants import roles

    return (
        Secret("postgres_password", POSTGRES_UID, _password),
        *(Secret(f"postgres_url_{role}", SERVICES_UID, partial(_postgres_url, role)) for role in roles()),
        *(Secret(f"nats_url_{user}", SERVICES_UID, _nats_url) for user in permissions()),
    )


def write_credentials(folder: Path, *, tls: bool = False) -> Written:
    """Make what is missing, with `tls` certificates as well, and always where they are. Raises CommandFailed when a file is
    there but empty, and OSError."""
    tls = tls or (folder / TLS_FOLDER).exists()
    folder.mkdir(parents=True, exist_ok=True)
    made: list[str] = []
    renewed: list[str] = []
    kept: list[str] = []
    texts: dict[str, str] = {}
    for secret in all_secrets():
        path = folder / secret.name
        if path.exists():
            kept.append(secret.name)
        else:
            _write(path, secret.make())
            made.append(secret.name)
        _belongs_to(path, secret.uid)
        texts[secret.name] = _read(path)
    derived = _derived(texts)
    if tls:
        derived += tls_files(partial(_read_if_there, folder), texts | {name: text for name, _, text in derived})
    for name, uid, text in derived:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            (renewed if path.exists() else made).append(name)
            _write(path, text)
        _belongs_to(path, uid)
    _close(folder)
    known = {*texts, *(name for name, _, _ in derived)}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return Written(tuple(made), tuple(renewed), tuple(kept), tuple(sorted(there - known)))


def _derived(texts: dict[str, str]) -> list[tuple[str, int, str]]:
    """Name, owner and content of what follows from the secrets."""
    from libs.adapters.nats.permissions import configuration, permissions
    from libs.adapters.postgres.grants import roles

    passwords = {role: urlsplit(texts[f"postgres_url_{role}"]).password or "" for role in roles()}
    keys = {user: _public_key(f"nats_url_{user}", texts) for user in permissions()}
    return [
        ("postgres_url", SERVICES_UID, f"postgresql://newsfold:{texts['postgres_password']}@{POSTGRES}"),
        ("postgres_roles", SERVICES_UID, "".join(f"{role}={passwords[role]}\n" for role in passwords)),
        ("nats/nats_auth.conf", NATS_UID, configuration(keys)),
    ]


def _public_key(name: str, texts: dict[str, str]) -> str:
    from nkeys import NkeysError

    from libs.runtime.login import public_key

    try:
        return public_key(urlsplit(texts[name]).username or "")
    except NkeysError as error:
        raise CommandFailed(f"{name} holds no key: remove it, and `newsfold init` makes it anew") from error


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _postgres_url(role: str) -> str:
    from libs.adapters.postgres.grants import PREFIX

    return f"postgresql://{PREFIX}{role}:{_password()}@{POSTGRES}"


def _nats_url() -> str:
    from libs.runtime.login import new_seed

    return f"nats://{new_seed(secrets.token_bytes(32))}@{NATS}"


def _read(path: Path) -> str:
    text = path.read_text(encoding="utf-8").strip()
    if not text:
        raise CommandFailed(f"{path} is empty: remove it, and `newsfold init` makes it anew")
    return text


def _read_if_there(folder: Path, name: str) -> str | None:
    path = folder / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, text: str) -> None:
    """All of it or nothing, and never readable for others on the way."""
    begun = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, CLOSED), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    begun.rename(path)


def _belongs_to(path: Path, uid: int) -> None:
    """File secrets are bind mounts: the user inside the container must be able to read the very file.

    Root gives it to that user alone. Anybody else cannot give files away; there the closed folder keeps others out.
    """
    if os.geteuid() == 0:
        os.chown(path, uid, uid)
        path.chmod(CLOSED)
    else:
        path.chmod(READABLE)


def _close(folder: Path) -> None:
    """Root's files are closed one by one, and `docker compose` of an ordinary user must still see that they are there."""
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    for below in (path for path in folder.rglob("*") if path.is_dir()):
        below.chmod(0o711 if os.geteuid() == 0 else 0o755)
