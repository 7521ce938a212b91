"""Content codings: what is honest comes out whole, what is not is stopped."""

import gzip
import random
import subprocess
import sys
import zlib
from contextlib import suppress
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from libs.adapters.http.decoding import decode
from libs.adapters.http.failures import FetchFailed

MIB = 1024 * 1024
PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": partial(brotli.compress, quality=1),
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def unpack(coding: str, wire: bytes, *, whole: bool = True) -> bytes:
    return decode(coding, wire, max_bytes=4 * MIB, max_ratio=100, whole=whole)


def text_of(size: int) -> bytes:
    chance = random.Random(7)
    return bytes(chance.choices(b"abcdefgh \n", k=size))


@pytest.mark.parametrize("coding", PACK)
@pytest.mark.parametrize("size", [0, 1, 4096, 100_000, 2 * MIB])
def test_what_was_packed_comes_out(coding: str, size: int) -> None:
    data = text_of(size)
    assert unpack(coding, PACK[coding](data)) == data


def test_the_spellings_of_servers_are_understood() -> None:
    data = text_of(5000)
    assert unpack("deflate", raw_deflate(data)) == data
    assert unpack(" GZIP ", gzip.compress(data)) == data
    assert unpack("x-gzip", gzip.compress(data) + gzip.compress(data)) == data * 2
    assert unpack("gzip", gzip.compress(data) + b"\0\0\0") == data
    assert unpack("zstd", zstandard.compress(data) + zstandard.compress(data)) == data * 2


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_ends_early_is_an_error_unless_the_head_is_enough(coding: str) -> None:
    data = text_of(300_000)
    cut = PACK[coding](data)[:-2000]
    with pytest.raises(FetchFailed) as caught:
        unpack(coding, cut)
    assert caught.value.reason == "fetch_encoding"
    assert data.startswith(unpack(coding, cut, whole=False))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_named(coding: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        unpack(coding, PACK[coding](bytes(64 * MIB)))
    assert caught.value.reason == "fetch_bomb"


MEASURE = """
import resource, sys
from libs.adapters.http.decoding import decode
from libs.adapters.http.failures import FetchFailed
wire, before = sys.stdin.buffer.read(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(sys.argv[1], wire, max_bytes=20 << 20, max_ratio=100)
except FetchFailed as failed:
    print(failed.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_costs_little_memory(coding: str) -> None:
    wire = PACK[coding](bytes(128 * MIB))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, coding], input=wire, capture_output=True, check=True, timeout=120
    )
    reason, grown_mib = measured.stdout.decode().split()
    assert reason == "fetch_bomb"
    assert int(grown_mib) < 64


def test_a_repetitive_page_below_a_mebibyte_is_no_bomb() -> None:
    page = b"<td>&nbsp;</td>\n" * 60_000
    assert unpack("gzip", gzip.compress(page)) == page


def test_the_cap_holds_and_a_head_is_cut_at_it() -> None:
    data = text_of(5 * MIB)
    with pytest.raises(FetchFailed) as caught:
        unpack("identity", data)
    assert caught.value.reason == "fetch_too_large"
    assert unpack("identity", data, whole=False) == data[: 4 * MIB]


@pytest.mark.parametrize("coding", ["gzip, gzip", "br,gzip", "compress", "nonsense", "gzip;q=1"])
def test_unknown_or_several_codings_are_refused(coding: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        unpack(coding, b"x")
    assert caught.value.reason == "fetch_encoding"


@given(st.sampled_from(sorted(PACK)), st.binary(max_size=300))
def test_rubbish_ends_in_bytes_or_a_reason(coding: str, rubbish: bytes) -> None:
    with suppress(FetchFailed):
        assert isinstance(unpack(coding, rubbish), bytes)
