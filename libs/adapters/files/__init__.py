"""Local files as a source: what lies there and since when."""

import asyncio
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.contracts.fetching import Answer, NothingReceived
from libs.contracts.reasons import Reason
from libs.domain.sources import content_type_of, text_to_path

READS = 3  # of a file that is being written


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """Reads files of at most `max_bytes`."""

    max_bytes: int = 20 * 1024 * 1024

    async def read(self, path: str, *, url: str) -> Answer:
        """The file at `path` (spelt by `path_to_text`), which holds the page at `url`. Raises NothingReceived."""
        data, written_at = await asyncio.to_thread(self._read, path)
        return Answer(url, data, written_at, content_type=content_type_of(path))

    def _read(self, path: str) -> tuple[bytes, datetime]:
        try:
            # a pipe under this name must not block the reader
            descriptor = os.open(text_to_path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NothingReceived(Reason.FETCH_FILE_MISSING, f"{path} is not there") from None
        except (OSError, ValueError) as error:
            raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path}: {error}") from error
        try:
            return self._read_open(path, descriptor)
        finally:
            os.close(descriptor)

    def _read_open(self, path: str, descriptor: int) -> tuple[bytes, datetime]:
        """Read until nobody wrote meanwhile, so that bytes and time belong together."""
        try:
            for _ in range(READS):
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode):
                    raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path} is no regular file")
                if state.st_size > self.max_bytes:
                    raise NothingReceived(Reason.FETCH_TOO_LARGE, f"{path} holds more than {self.max_bytes} bytes")
                data = os.pread(descriptor, state.st_size + 1, 0)
                if len(data) == state.st_size and os.fstat(descriptor).st_mtime_ns == state.st_mtime_ns:
                    return data, _instant(state.st_mtime_ns)
        except OSError as error:
            raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path}: {error}") from error
        raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path} changes while it is read", transient=True)


def _instant(nanoseconds: int) -> datetime:
    """A file's time as PostgreSQL keeps it: in whole microseconds."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
