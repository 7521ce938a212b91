"""Which account runs the engines, and what that account can reach.

PostgreSQL and OpenSearch refuse root. Under root all engines run as the account `newsfold` where an operator has made
one, else as `nobody`, which every Linux has; no account is created. Otherwise they run as whoever started them.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from libs.adapters.engines.errors import EngineError

CANDIDATES = ("newsfold", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user id to step down to."""

    name: str
    uid: int
    gid: int


def engine_account() -> Account | None:
    """Who runs the engines under root; None for an ordinary user, who runs them as they are.

    Raises EngineError under root when no candidate account exists.
    """
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL and OpenSearch refuse to run as root, and there is no account to step down to: "
        "create one (`useradd --system newsfold`) or start Newsfold as an ordinary user"
    )


def reachable(path: Path, account: Account | None) -> bool:
    """Whether `account` can enter the folder, asked of the kernel: mode bits alone miss ACLs and mounts."""
    if account is None:
        return True
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1" && test -r .', "sh", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
        capture_output=True,
    )
    return asked.returncode == 0


def own(path: Path, account: Account | None) -> Path:
    """Make a folder that only `account` (or this user) may enter."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path
