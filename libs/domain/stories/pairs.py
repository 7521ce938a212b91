"""Two texts to everything that judging them needs: shared passages, shared fingerprints, how near their subjects are.

A pair is a pure, symmetric function of two texts. What follows later (boilerplate, grade) reads pairs only.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from libs.domain.fingerprints import grams
from libs.domain.stories.passages import Passage, shared_passages
from libs.domain.stories.texts import Flags, Marked, Text, longer_first

# With fewer long words of their own, two texts cannot show that they are about different things and count as kin.
TELLING_WORDS = 15


class SharedPrint(NamedTuple):
    """A fingerprint of both texts inside a shared run; `at` is the word of the first text where it starts."""

    hash: int
    at: int
    told: bool  # in both texts outside answers and quotations


@dataclass(frozen=True, slots=True)
class Pair:
    """`a` is the longer text (ties: the smaller id). Word ranges are of the first text unless said otherwise."""

    a: str
    b: str
    words_a: int
    words_b: int
    passages: tuple[Passage, ...]
    prints: tuple[SharedPrint, ...]
    spoken: tuple[tuple[int, int], ...]  # inside runs, where either text has an answer or a quotation
    kinship: int  # shared long words outside the passages, per mille of the smaller set

    @property
    def shorter_words(self) -> int:
        return self.words_b

    @property
    def exact_words(self) -> int:
        return sum(passage.exact_words for passage in self.passages)


def compare(one: Text, other: Text, marks: dict[str, Marked]) -> Pair:
    """All that two texts share. `marks` has the fingerprints of both, by text id."""
    a, b = longer_first(one, other)
    passages = shared_passages(a.codes, b.codes)
    return Pair(
        a.text_id,
        b.text_id,
        len(a),
        len(b),
        passages,
        _shared_prints(a, marks[a.text_id], marks[b.text_id], passages),
        _spoken(a, b, passages),
        kinship(a, b, passages),
    )


def _shared_prints(a: Text, of_a: Marked, of_b: Marked, passages: tuple[Passage, ...]) -> tuple[SharedPrint, ...]:
    in_both = grams.contains(of_b.hashes, of_a.hashes)
    shared = of_a.hashes[in_both]
    starts = [np.arange(run.a, run.a + run.words - grams.GRAM_WORDS + 1) for p in passages for run in p.runs]
    if not len(shared) or not starts:
        return ()
    told = of_a.told[in_both] & of_b.told[np.searchsorted(of_b.hashes, shared)]
    places = np.concatenate(starts)
    hashes = grams.grams(a.codes)[places]
    found = grams.contains(shared, hashes)
    places, hashes = places[found], hashes[found]
    both_told = told[np.searchsorted(shared, hashes)]
    return tuple(map(SharedPrint, hashes.tolist(), places.tolist(), both_told.tolist()))


def _spoken(a: Text, b: Text, passages: tuple[Passage, ...]) -> tuple[tuple[int, int], ...]:
    runs = [run for passage in passages for run in passage.runs]
    if not runs or not (a.spoken.any() or b.spoken.any()):
        return ()
    lengths = np.array([run.words for run in runs])
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    places = within + np.repeat([run.a for run in runs], lengths)
    flags = a.spoken[places] | b.spoken[within + np.repeat([run.b for run in runs], lengths)]
    first = flags.copy()  # where it was not spoken before, or where a run begins
    first[1:] &= ~flags[:-1] | (within[1:] == 0)
    last = flags.copy()
    last[:-1] &= ~flags[1:] | (within[1:] == 0)
    return tuple(zip(places[first].tolist(), (places[last] + 1).tolist(), strict=True))


def kinship(a: Text, b: Text, passages: tuple[Passage, ...] = ()) -> int:
    """Distinct long words of both texts outside `passages`, per mille of the smaller set: are they about one thing?"""
    own_a = grams.long_words(a.codes[_outside(len(a), [p.a for p in passages])])
    own_b = grams.long_words(b.codes[_outside(len(b), [p.b for p in passages])])
    smaller = min(len(own_a), len(own_b))
    if smaller < TELLING_WORDS:
        return 1000
    return 1000 * len(np.intersect1d(own_a, own_b, assume_unique=True)) // smaller


def _outside(words: int, ranges: list[tuple[int, int]]) -> Flags:
    flags = np.ones(words, dtype=bool)
    for start, end in ranges:
        flags[start:end] = False
    return flags
