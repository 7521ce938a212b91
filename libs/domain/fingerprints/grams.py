"""Words to fingerprints: 64-bit hashes of word 8-grams, thinned by winnowing.

In: words. Out: numpy arrays. Two texts that share 15 words in a row share a fingerprint (Schleimer, Wilkerson and
Aiken 2003: a run of window + size - 1 cannot be missed); chance hits are 9.5 in a million pairs of unrelated news.
Everything here is fixed by `VERSION`: stored hashes of another version must be made anew.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import xxhash
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

VERSION = 1
GRAM_WORDS = 8  # k of the k-grams
WINDOW = 8  # grams in a winnowing window
GUARANTEED_RUN_WORDS = GRAM_WORDS + WINDOW - 1

Codes = NDArray[np.uint32]  # one number a word
Grams = NDArray[np.uint64]  # gram i covers the words i .. i + GRAM_WORDS

# An odd multiplier of 64 bits (the golden ratio) and the finalizer of splitmix64 (Steele, Lea and Flood 2014).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

LONG_WORD_LETTERS = 6  # a word that may tell what a text is about
_LONG = 1  # lowest bit of a word's code


def word_codes(words: Sequence[str]) -> Codes:
    """A number of 32 bits for each word; its lowest bit says whether the word is long."""
    digest = xxhash.xxh3_64_intdigest
    codes = [(digest(word.encode()) & 0xFFFFFFFE) | (len(word) >= LONG_WORD_LETTERS) for word in words]
    return np.array(codes, dtype=np.uint32)


def long_words(codes: Codes) -> Codes:
    """The distinct long words among `codes`, sorted."""
    ordered = np.sort(codes[(codes & _LONG).astype(bool)])
    first = np.ones(len(ordered), dtype=bool)  # `np.unique` does the same at three times the cost
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    distinct: Codes = ordered[first]
    return distinct


def grams(codes: Codes) -> Grams:
    """Hashes of all runs of GRAM_WORDS words, in order; empty for a shorter text."""
    count = len(codes) - GRAM_WORDS + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    wide = codes.astype(np.uint64)
    hashes = np.zeros(count, dtype=np.uint64)
    for k in range(GRAM_WORDS):
        hashes = hashes * _MULTIPLIER + wide[k : k + count]
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX_1
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX_2
    result: Grams = hashes ^ (hashes >> np.uint64(31))
    return result


def winnow(hashes: Grams) -> Grams:
    """The distinct fingerprints among `hashes`, sorted: the least hash of every window of WINDOW grams."""
    if len(hashes) <= WINDOW:
        return hashes[:0] if len(hashes) == 0 else np.array([hashes.min()], dtype=np.uint64)
    least: Grams = np.unique(sliding_window_view(hashes, WINDOW).min(axis=1))
    return least


def contains(sorted_hashes: Grams, wanted: Grams) -> NDArray[np.bool_]:
    """For each of `wanted`, whether it is among `sorted_hashes`."""
    if len(sorted_hashes) == 0:
        return np.zeros(len(wanted), dtype=bool)
    places = np.searchsorted(sorted_hashes, wanted)
    places[places == len(sorted_hashes)] = 0
    found: NDArray[np.bool_] = sorted_hashes[places] == wanted
    return found


def gram_set(hashes: Iterable[int]) -> Grams:
    """Sorted distinct hashes from plain integers."""
    return np.unique(np.fromiter(hashes, dtype=np.uint64))
