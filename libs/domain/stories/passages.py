"""Two texts to the passages that they share: exact, symmetric, in any order, healed across small edits.

In: the word codes of two texts, the longer first (`texts.longer_first`). Out: passages, ordered by their place in the
first text. Every word of either text is in at most one passage.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from libs.domain.fingerprints import grams

SEED_WORDS = grams.GRAM_WORDS  # equal words in a row that start a passage
HEALING_SEED_WORDS = 4  # equal words that continue one; 4 to 5 in the measurements of the design
# Words that may differ in between, on each side. An edit seldom touches more than four, but where every twelfth word is
# edited, two edits often stand so near each other that the words between them are no seed.
HEALING_GAP_WORDS = 12
HEALING_SHIFT_WORDS = 4  # by how much the two sides may differ: more words put in, or left out, cut a passage
# Behind a gap of at most NEAR_GAP_WORDS this many equal words will do: over a longer one, three are found by chance.
NEAR_SEED_WORDS = 3
NEAR_GAP_WORDS = 4
# A gram that repeats more often than this within one text starts no passage: a hostile text of one phrase repeated
# would make work in the square of its length. Its words still join a passage that starts beside them.
MAX_REPEATS = 16
_USED_IN_A, _USED_IN_B = -1, -2  # no word's number


class Run(NamedTuple):
    """`words` equal words in a row, at word `a` of the first and word `b` of the second text."""

    a: int
    b: int
    words: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Runs that follow each other closely in both texts."""

    runs: tuple[Run, ...]

    @property
    def a(self) -> tuple[int, int]:
        """Words of the first text, end exclusive."""
        return self.runs[0].a, self.runs[-1].a + self.runs[-1].words

    @property
    def b(self) -> tuple[int, int]:
        """Words of the second text, end exclusive."""
        return self.runs[0].b, self.runs[-1].b + self.runs[-1].words

    @property
    def words(self) -> int:
        """Length with the healed edits: that of the shorter side."""
        return min(self.a[1] - self.a[0], self.b[1] - self.b[0])

    @property
    def exact_words(self) -> int:
        return sum(run.words for run in self.runs)


def shared_passages(a: grams.Codes, b: grams.Codes) -> tuple[Passage, ...]:
    """All passages of at least SEED_WORDS equal words in a row that `a` and `b` share."""
    cover = _Cover(a.tolist(), b.tolist())
    for run in _longest_first(_maximal_runs(a, b), cover):
        cover.take(run)
    if not cover.runs:
        return ()
    for run in sorted(cover.runs, key=lambda r: (-r.words, r.a, r.b)):
        _extend(run, cover)
    return tuple(_healed(sorted(cover.runs)))


class _Cover:
    """The runs taken so far, and which words they use. A used word has another number in each text: it equals none.

    Behind the last word stand numbers that equal none either. Negative places count from the end of a list, so there
    are such numbers before the first word too, and nobody needs to look whether a place exists.
    """

    def __init__(self, a: list[int], b: list[int]) -> None:
        self.used_a, self.used_b = bytearray(len(a)), bytearray(len(b))
        self.a, self.b = a + [_USED_IN_A] * (HEALING_GAP_WORDS + 1), b + [_USED_IN_B] * (HEALING_GAP_WORDS + 1)
        self.runs: list[Run] = []

    def take(self, run: Run) -> None:
        self.used_a[run.a : run.a + run.words] = b"\1" * run.words
        self.used_b[run.b : run.b + run.words] = b"\1" * run.words
        self.a[run.a : run.a + run.words] = [_USED_IN_A] * run.words
        self.b[run.b : run.b + run.words] = [_USED_IN_B] * run.words
        self.runs.append(run)

    def free_parts(self, run: Run) -> list[Run]:
        """What is left of `run` when used words are taken out, in parts of at least SEED_WORDS."""
        if not (any(self.used_a[run.a : run.a + run.words]) or any(self.used_b[run.b : run.b + run.words])):
            return [run]
        parts, start = [], 0
        for k in range(run.words + 1):
            if k == run.words or self.used_a[run.a + k] or self.used_b[run.b + k]:
                if k - start >= SEED_WORDS:
                    parts.append(Run(run.a + start, run.b + start, k - start))
                start = k + 1
        return parts


def _maximal_runs(a: grams.Codes, b: grams.Codes) -> list[Run]:
    """All maximal runs of equal words, overlapping ones too: equal grams, joined along diagonals."""
    i, j = _equal_grams(grams.grams(a), grams.grams(b))
    if not len(i):
        return []
    order = np.lexsort((i, i - j))
    i, j = i[order], j[order]
    breaks = np.flatnonzero((np.diff(i) != 1) | (np.diff(j) != 1)) + 1
    firsts = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((firsts, [len(i)]))) + SEED_WORDS - 1
    return [Run(*run) for run in zip(i[firsts].tolist(), j[firsts].tolist(), lengths.tolist(), strict=True)]


def _equal_grams(a: grams.Grams, b: grams.Grams) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of positions at which equal grams stand."""
    order = np.argsort(b)
    ordered = b[order]
    left = np.searchsorted(ordered, a)
    hits = np.flatnonzero(ordered[np.minimum(left, len(b) - 1)] == a) if len(b) else left[:0]
    if not len(hits):
        return hits, hits
    left = left[hits]
    counts = np.searchsorted(ordered, a[hits], "right") - left
    few = counts <= MAX_REPEATS
    if _repeats_often(a[hits]):
        _, inverse, repeats = np.unique(a[hits], return_inverse=True, return_counts=True)
        few &= repeats[inverse] <= MAX_REPEATS
    hits, left, counts = hits[few], left[few], counts[few]
    i = np.repeat(hits, counts)
    within = np.arange(len(i)) - np.repeat(np.cumsum(counts) - counts, counts)
    return i, order[np.repeat(left, counts) + within]


def _repeats_often(values: grams.Grams) -> bool:
    """Whether a value stands there more than MAX_REPEATS times; sorting tells it faster than counting."""
    ordered = np.sort(values)
    return bool((ordered[MAX_REPEATS:] == ordered[:-MAX_REPEATS]).any())


def _longest_first(runs: list[Run], cover: _Cover) -> Iterator[Run]:
    """The runs, longest first, cut where words are used already (greedy string tiling, Wise 1993)."""
    heap = [(-run.words, run.a, run.b) for run in runs]
    heapq.heapify(heap)
    while heap:
        words, a, b = heapq.heappop(heap)
        run = Run(a, b, -words)
        parts = cover.free_parts(run)
        if parts == [run]:
            yield run
        else:
            for part in parts:
                heapq.heappush(heap, (-part.words, part.a, part.b))


@cache
def small_edits(left_a: int, left_b: int) -> list[tuple[int, int]]:
    """How many words may differ on each side, few first, where so many are left before a taken one or the text's end."""
    most_a, most_b = min(left_a, HEALING_GAP_WORDS + 1), min(left_b, HEALING_GAP_WORDS + 1)
    gaps = [(a, b) for a in range(most_a) for b in range(most_b) if a or b]
    near = [gap for gap in gaps if abs(gap[0] - gap[1]) <= HEALING_SHIFT_WORDS]
    return sorted(near, key=lambda gap: (sum(gap), abs(gap[0] - gap[1]), gap))


def _extend(run: Run, cover: _Cover) -> None:
    """Take short runs that continue `run` on either side behind a small edit, as far as they go."""
    for step in (1, -1):
        i, j = (run.a + run.words, run.b + run.words) if step == 1 else (run.a - 1, run.b - 1)
        while found := _next_seed(i, j, step, cover):
            cover.take(found)
            i, j = (found.a + found.words, found.b + found.words) if step == 1 else (found.a - 1, found.b - 1)


def _next_seed(i: int, j: int, step: int, cover: _Cover) -> Run | None:
    a, b = cover.a, cover.b
    for da, db in small_edits(_free(a, i, step, _USED_IN_A), _free(b, j, step, _USED_IN_B)):
        at_a, at_b = i + step * da, j + step * db
        if a[at_a] != b[at_b]:
            continue
        words = 1
        while a[at_a + step * words] == b[at_b + step * words]:
            words += 1
        if words >= (NEAR_SEED_WORDS if max(da, db) <= NEAR_GAP_WORDS else HEALING_SEED_WORDS):
            return Run(at_a, at_b, words) if step == 1 else Run(at_a - words + 1, at_b - words + 1, words)
    return None


def _free(words: list[int], at: int, step: int, used: int) -> int:
    """How many words from `at` on are free; those beyond the longest gap are not looked at."""
    for k in range(HEALING_GAP_WORDS + 1):
        if words[at + step * k] == used:
            return k
    return HEALING_GAP_WORDS + 1


def _healed(runs: Sequence[Run]) -> Iterator[Passage]:
    """Join neighbours that stand in the same order with a small gap in both texts."""
    chain: list[Run] = []
    for run in runs:
        if chain and not _close(chain[-1], run):
            yield Passage(tuple(chain))
            chain = []
        chain.append(run)
    if chain:
        yield Passage(tuple(chain))


def _close(before: Run, after: Run) -> bool:
    gap_a, gap_b = after.a - before.a - before.words, after.b - before.b - before.words
    return (
        0 <= gap_a <= HEALING_GAP_WORDS
        and 0 <= gap_b <= HEALING_GAP_WORDS
        and abs(gap_a - gap_b) <= HEALING_SHIFT_WORDS
    )
