"""The cache of program files, shared by all data folders and checkouts of a user; `/var/cache/newsfold` for root."""

import fcntl
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SHARED_CACHE = Path("/var/cache/newsfold")


def cache_folder() -> Path:
    """A folder of this user's that outlives checkouts; inside the environment for a user without a home."""
    if os.geteuid() == 0:
        wanted = SHARED_CACHE
    else:
        base = os.environ.get("XDG_CACHE_HOME")
        wanted = (Path(base) if base else Path.home() / ".cache") / "newsfold"
    with suppress(OSError):
        wanted.mkdir(parents=True, exist_ok=True)
    if os.access(wanted, os.W_OK | os.X_OK):
        return wanted
    inside = Path(sys.prefix) / "cache" / "newsfold"
    inside.mkdir(parents=True, exist_ok=True)
    return inside


def install(cache: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """The folder `name` in the cache, made by `fill` if it is not there: completely or not at all, by one of many."""
    home = cache / name
    if home.is_dir():
        return home
    with _alone(cache):
        if not home.is_dir():
            with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=cache) as temporary:
                work = Path(temporary) / name
                work.mkdir()
                fill(work)
                _open_to_all(cache, work)
                work.rename(home)
    return home


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One installer at a time; others wait and find its work done."""
    descriptor = os.open(cache / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _open_to_all(cache: Path, folder: Path) -> None:
    """Readable by the engines' account whatever the umask was; writable by the owner only."""
    if os.geteuid() == 0:
        cache.chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
