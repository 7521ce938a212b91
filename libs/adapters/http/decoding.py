"""Undoes one content coding without ever holding more than the cap: a few kilobytes can claim to be gigabytes.

In: the coding and all bytes from the wire (few, they are capped before). Out: the decoded bytes.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping

import brotli
import zstandard

from libs.adapters.http.failures import FetchFailed
from libs.contracts.reasons import Reason

SLICE_BYTES = 4 * 1024  # goes in at once
CHUNK_BYTES = 64 * 1024  # comes out at once
ZSTD_WINDOW_BYTES = 8 * 1024 * 1024  # RFC 9659
ZSTD_SLICE_BYTES = 256
RATIO_FROM_BYTES = 1024 * 1024  # below, a high ratio is an ordinary repetitive page
ACCEPTED = "gzip, br, zstd, deflate"


def decode(coding: str, wire: bytes, *, max_bytes: int, max_ratio: int, whole: bool = True) -> bytes:
    """The content of a response. `coding` is the Content-Encoding header, empty for none.

    Raises FetchFailed: `fetch_encoding` for an unknown coding, several of them or broken data, `fetch_bomb` for a
    ratio above `max_ratio` once `RATIO_FROM_BYTES` are out, `fetch_too_large` above `max_bytes`. With `whole` false
    the wire may be cut short, and what is too much is left out.
    """
    feed = _Feed(wire)
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return _within(iter(feed.take, b""), feed, max_bytes, max_ratio, whole=whole)
    unpack = _CODINGS.get(coding)
    if unpack is None:
        raise FetchFailed(Reason.FETCH_ENCODING, f"content coding {coding[:80]!r} was not asked for")
    try:
        return _within(unpack(feed, whole), feed, max_bytes, max_ratio, whole=whole)
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError) as error:
        raise FetchFailed(Reason.FETCH_ENCODING, f"the {coding} data is broken: {error}") from error


class _Feed:
    """Hands the wire out in slices, so that what came out is weighed against what went in so far."""

    def __init__(self, wire: bytes) -> None:
        self._wire, self.fed = wire, 0

    def take(self, size: int = SLICE_BYTES) -> bytes:
        """The next slice, empty at the end."""
        taken = self._wire[self.fed : self.fed + size]
        self.fed += len(taken)
        return taken

    def give_back(self, unused: bytes) -> None:
        """Put the end of the last slice back."""
        self.fed -= len(unused)

    def starts_with(self, head: bytes) -> bool:
        return self._wire.startswith(head, self.fed)

    @property
    def is_empty(self) -> bool:
        return self.fed >= len(self._wire)


def _within(chunks: Iterator[bytes], feed: _Feed, max_bytes: int, max_ratio: int, *, whole: bool) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > RATIO_FROM_BYTES and len(content) > max_ratio * feed.fed:
            raise FetchFailed(Reason.FETCH_BOMB, f"{feed.fed} bytes unpack to more than {max_ratio} times as many")
        if len(content) > max_bytes:
            if not whole:
                return bytes(content[:max_bytes])
            raise FetchFailed(Reason.FETCH_TOO_LARGE, f"more than {max_bytes} bytes after unpacking")
    return bytes(content)


def _end(whole: bool) -> None:
    """The wire ended inside the data."""
    if whole:
        raise EOFError("it ends too early")


def _gzip(feed: _Feed, whole: bool) -> Iterator[bytes]:
    """All members; padding after the last is ignored as browsers do."""
    yield from _inflate(feed, 31, whole)
    while feed.starts_with(b"\x1f\x8b"):
        yield from _inflate(feed, 31, whole)


def _deflate(feed: _Feed, whole: bool) -> Iterator[bytes]:
    """RFC 9110 says zlib, some servers send it raw."""
    head = feed.take(2)
    feed.give_back(head)
    is_zlib = len(head) == 2 and head[0] & 0x0F == 8 and int.from_bytes(head, "big") % 31 == 0
    yield from _inflate(feed, 15 if is_zlib else -15, whole)


def _inflate(feed: _Feed, wbits: int, whole: bool) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=wbits)
    while not unpacker.eof:
        if feed.is_empty:
            return _end(whole)
        yield unpacker.decompress(feed.take(), CHUNK_BYTES)
        while unpacker.unconsumed_tail:
            yield unpacker.decompress(unpacker.unconsumed_tail, CHUNK_BYTES)
    feed.give_back(unpacker.unused_data)


def _brotli(feed: _Feed, whole: bool) -> Iterator[bytes]:
    unpacker = brotli.Decompressor()
    while not unpacker.is_finished():
        if feed.is_empty:
            return _end(whole)
        yield unpacker.process(feed.take(), output_buffer_limit=CHUNK_BYTES)
        while not unpacker.can_accept_more_data() and not unpacker.is_finished():
            yield unpacker.process(b"", output_buffer_limit=CHUNK_BYTES)


def _zstd(feed: _Feed, whole: bool) -> Iterator[bytes]:
    """All frames. A slice of `ZSTD_SLICE_BYTES` unpacks to 8 MB at most: four bytes can stand for a block of 128 kB."""
    while not feed.is_empty:
        unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES).decompressobj()
        while not unpacker.eof:
            if feed.is_empty:
                return _end(whole)
            yield unpacker.decompress(feed.take(ZSTD_SLICE_BYTES))
        feed.give_back(unpacker.unused_data)


_CODINGS: Mapping[str, Callable[[_Feed, bool], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
