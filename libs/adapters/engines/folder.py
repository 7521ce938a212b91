"""The data folder as the engines use it: lock, logs, secrets, remembered ports, and where the engines' own state lies.

    DATA/engines/<engine>/   state of an engine, owned by the account it runs as
    DATA/engines.id          instead of that, where the account cannot enter DATA: names /var/lib/newsfold/<id>
    DATA/engines.lock        held (flock) by the process that runs the engines, and by their guards; holds its process id
    DATA/engines.json        the URLs while they run (readable by the owner only), and the ports for the next start
    DATA/logs/<engine>.log   DATA/secrets/...

A folder that is deleted takes its state with it: the pointer is a random id, so a new folder of the same name never
meets the old state. What such a folder leaves under /var/lib/newsfold is never deleted unasked, for it may just have
been moved; `forget` removes both.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from libs.adapters.engines.accounts import Account, own, reachable
from libs.adapters.engines.errors import EngineError

SHARED_STATE = Path("/var/lib/newsfold")
PREDECESSOR_SECONDS = 60  # guards of a killed owner stop their engines within this time
OWNER_SECONDS = 1  # an owner that was just killed may still be there for a moment


class DataFolder:
    """One data folder. `lock` before anything else; `unlock` gives it free."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._pointer = self.path / "engines.id"
        self._inside = self.path / "engines"
        self._running = self.path / "engines.json"
        self._lock: int | None = None

    # -- who owns it -----------------------------------------------------------------------------------------------

    def lock(self) -> int:
        """Become the owner; the descriptor is to be handed to the guards.

        Waits for the guards of an owner that was killed. Raises EngineError while another owner lives.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "engines.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        began = time.monotonic()
        while not _locked(descriptor):
            owner = _owner(descriptor)
            if time.monotonic() - began > (PREDECESSOR_SECONDS if owner is None else OWNER_SECONDS):
                os.close(descriptor)
                who = f"by process {owner}" if owner else "by engines of a process that has ended"
                raise EngineError(
                    f"the data folder {self.path} is in use {who}: "
                    "stop it (`newsfold down`), or give another folder with --data"
                )
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor
        return descriptor

    def unlock(self) -> None:
        """Give it free. The file stays: removing it would let two owners lock two files of one name."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None

    def owner(self) -> int | None:
        """The living process that holds the lock."""
        try:
            descriptor = os.open(self.path / "engines.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return None if _locked(descriptor) else _owner(descriptor)
        finally:
            os.close(descriptor)

    # -- where the state lies --------------------------------------------------------------------------------------

    def state(self, engine: str, account: Account | None) -> Path:
        """The folder of an engine's state, made on first use. Raises EngineError if it is lost or closed."""
        return own(self._home(account) / engine, account)

    def _home(self, account: Account | None) -> Path:
        if self._pointer.exists():
            home = self._outside()
            if home is None or not home.is_dir():
                raise EngineError(
                    f"the engines' state of {self.path} has gone (it was {home}): "
                    "restore it, or delete the data folder to start anew"
                )
            return home
        fresh = not self._inside.exists()
        self._inside.mkdir(exist_ok=True)
        self._inside.chmod(0o755)
        if reachable(self._inside, account):
            return self._inside
        if account is None or not fresh:
            raise EngineError(
                f"account {account.name if account else os.geteuid()} cannot enter {self._inside}: open the folders "
                "above it to that account (chmod o+x), or move the data folder"
            )
        self._inside.rmdir()
        return self._move_outside(account)

    def _move_outside(self, account: Account) -> Path:
        identity = secrets.token_hex(16)
        home = SHARED_STATE / identity
        home.mkdir(parents=True)
        for folder in (SHARED_STATE, home):
            folder.chmod(0o755)
        if not reachable(home, account):
            home.rmdir()
            raise EngineError(
                f"account {account.name} can enter neither {self.path} nor {SHARED_STATE}: "
                "open one of them to that account (chmod o+x on the folders above), or use another data folder"
            )
        (home / "data-folder").write_text(f"{self.path}\n", encoding="utf-8")
        self._pointer.write_text(f"{identity}\n", encoding="ascii")
        return home

    def _outside(self) -> Path | None:
        try:
            identity = self._pointer.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        valid = len(identity) == 32 and set(identity) <= set("0123456789abcdef")
        return SHARED_STATE / identity if valid else None

    def forget(self) -> None:
        """Remove the folder and what it points to. Raises EngineError while it is in use."""
        if not self.path.is_dir():
            return
        self.lock()
        try:
            outside = self._outside()
            if outside is not None:
                shutil.rmtree(outside, ignore_errors=True)
            shutil.rmtree(self.path)
        finally:
            self.unlock()

    # -- secrets, ports, what runs ---------------------------------------------------------------------------------

    def secret(self, name: str, *, fresh: bool) -> str:
        """A generated password. `fresh` makes it; else a missing one raises EngineError."""
        folder = own(self.path / "secrets", None)
        file = folder / name
        if fresh:
            file.unlink(missing_ok=True)
            file.touch(0o600)
            file.write_text(secrets.token_urlsafe(24), encoding="ascii")
        try:
            return file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise EngineError(
                f"the password file {file} is missing, so nobody can log in to the data beside it: "
                "restore it from a backup, or delete the data folder to start anew"
            ) from None

    def remembered(self) -> dict[str, Any]:
        """`{"ports": {engine: port}, "urls": {engine: url}}` as last noted; empty when there is nothing to read."""
        try:
            found = json.loads(self._running.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def remember(self, *, ports: dict[str, int], urls: dict[str, str]) -> None:
        """Note what runs, atomically, readable by the owner only (a URL holds a password)."""
        temporary = self._running.with_suffix(".tmp")
        temporary.unlink(missing_ok=True)
        temporary.touch(0o600)
        temporary.write_text(json.dumps({"ports": ports, "urls": urls}), encoding="utf-8")
        temporary.replace(self._running)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> int | None:
    """The process id in the lock file, if such a process lives."""
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    if not text.isdigit():
        return None
    try:
        state = Path(f"/proc/{text}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return None
    return int(text) if state not in "ZX" else None  # one that has ended and was not collected owns nothing
