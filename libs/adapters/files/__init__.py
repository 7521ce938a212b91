"""Local files as a source: what lies there and since when."""

import asyncio
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime

from libs.contracts.fetching import Answer, NothingReceived
from libs.contracts.reasons import Reason
from libs.domain.sources import content_type_of, text_to_path


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
            while True:
                state = os.fstat(descriptor)
                if not stat.S_ISREG(state.st_mode):
                    raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path} is no regular file")
                data = os.pread(descriptor, self.max_bytes + 1, 0)
                if len(data) > self.max_bytes:
                    raise NothingReceived(Reason.FETCH_TOO_LARGE, f"{path} holds more than {self.max_bytes} bytes")
                if os.fstat(descriptor).st_mtime_ns == state.st_mtime_ns and len(data) == state.st_size:
                    break
        except OSError as error:
            raise NothingReceived(Reason.FETCH_FILE_UNREADABLE, f"{path}: {error}") from error
        seconds, nanoseconds = divmod(state.st_mtime_ns, 1_000_000_000)
        return data, datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanoseconds // 1000)
