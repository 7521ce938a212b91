"""Do two texts say the same, sentence by sentence, in whatever words or language?

In: the sentences of two texts as vectors of one or more encoders. Out: how many of them have their counterpart, one to
one. Raw likeness says little, for encoders find everything alike that is about one subject. So
a pair counts by how far it exceeds what is near to both of its sentences anyway, a background of other matters and the
rest of their own texts, and only when it leaves the next best clearly behind. A pure function of two texts: no order,
clock or third text can show. Everything is rounded before it is compared, as processors differ in the last digits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]  # a row a sentence, of unit length
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The constants. Beside each, the range that was tried on the demo corpus with the trial of ADR 0012: no story changed."""

    background_nearest: int = 3  # of the background; 1 to 10
    own_nearest: int = 3  # of the text's own other sentences; 1 to 8
    rivals: int = 4  # the next best, that a pair must leave behind
    lead: float = 1.2  # by so many spreads of unrelated sentences, the mean of the encoders; .25 to 1.5
    floor: int = 8  # a shorter text counts as having so many sentences


YARDSTICK = Yardstick()
DECIMALS = 3
SPREAD_DECIMALS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Sentences of other matters, as each encoder has them; `spreads`: how much unrelated sentences differ in likeness."""

    vectors: tuple[Vectors, ...]
    spreads: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What is said in a text. `grounds`: for each encoder, how near to each sentence comes what does not mean it."""

    text_id: str
    vectors: tuple[Vectors, ...]
    grounds: tuple[Numbers, ...]

    def __len__(self) -> int:
        return len(self.vectors[0])


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the shorter text's `sentences` have their counterpart in the other."""

    matched: int
    sentences: int

    @property
    def per_mille(self) -> int:
        return 1000 * self.matched // max(YARDSTICK.floor, self.sentences)


def background_sentences() -> tuple[str, ...]:
    """The background that comes with the project."""
    lines = resources.files(__package__).joinpath("background.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def make_background(vectors: Sequence[Vectors]) -> Background:
    """The background from its sentences' vectors; the spread is that of all pairs among them."""
    spreads = tuple(round(float(_likeness(v, v)[np.triu_indices(len(v), 1)].std()), SPREAD_DECIMALS) for v in vectors)
    return Background(tuple(vectors), spreads)


def make_voice(text_id: str, vectors: Sequence[Vectors], background: Background) -> Voice:
    """A text's sentences, measured against the background and against each other."""
    grounds = tuple(
        np.maximum(
            _nearest(_likeness(v, other), YARDSTICK.background_nearest),
            _nearest(_others(_likeness(v, v)), YARDSTICK.own_nearest),
        )
        for v, other in zip(vectors, background.vectors, strict=True)
    )
    return Voice(text_id, tuple(vectors), grounds)


def weigh(one: Voice, other: Voice, spreads: Sequence[float]) -> Share:
    """Compare two texts; the order in which they are given does not matter."""
    short, long = sorted((one, other), key=lambda v: (len(v), v.text_id))
    likeness = [_likeness(s, t) for s, t in zip(short.vectors, long.vectors, strict=True)]
    pairs = _one_to_one(_heights(likeness, short, long, spreads))
    matched = sum(_lead(likeness, i, j, spreads) >= YARDSTICK.lead for i, j in pairs)
    return Share(matched, len(short))


def _heights(likeness: Sequence[Numbers], short: Voice, long: Voice, spreads: Sequence[float]) -> Numbers:
    """How far each pair stands above its ground, in spreads: the mean of the encoders."""
    heights = [
        (near - np.round((s[:, None] + t[None, :]) / 2, DECIMALS)) / spread
        for near, s, t, spread in zip(likeness, short.grounds, long.grounds, spreads, strict=True)
    ]
    mean: Numbers = np.stack(heights).mean(axis=0).round(DECIMALS)
    return mean


def _one_to_one(heights: Numbers) -> list[tuple[int, int]]:
    """Pairs above the ground, highest first, each sentence once."""
    rows, columns = np.nonzero(heights > 0)
    order = sorted(zip((-heights[rows, columns]).tolist(), rows.tolist(), columns.tolist(), strict=True))
    left_rows, left_columns = set(rows.tolist()), set(columns.tolist())
    found = []
    for _, i, j in order:
        if i in left_rows and j in left_columns:
            left_rows.remove(i)
            left_columns.remove(j)
            found.append((i, j))
    return found


def _lead(likeness: Sequence[Numbers], i: int, j: int, spreads: Sequence[float]) -> float:
    """How far a sentence's counterpart leaves the next best of the other text behind, in spreads."""
    leads = []
    for near, spread in zip(likeness, spreads, strict=True):
        rivals = np.sort(np.delete(near[i], j))[-YARDSTICK.rivals :]
        leads.append((near[i, j] - rivals.mean()) / spread if len(rivals) else np.inf)
    return round(float(np.mean(leads)), DECIMALS)


def _nearest(likeness: Numbers, count: int) -> Numbers:
    """For each row the mean of its `count` highest values; -1 where there are none."""
    if not likeness.shape[1]:
        return np.full(len(likeness), -1.0)
    best: Numbers = np.sort(likeness, axis=1)[:, -count:]
    means: Numbers = best.mean(axis=1).round(DECIMALS)
    return means


def _others(likeness: Numbers) -> Numbers:
    """A square of likenesses without its diagonal."""
    size = len(likeness)
    kept: Numbers = likeness[~np.eye(size, dtype=bool)].reshape(size, max(size - 1, 0))
    return kept


def _likeness(one: Vectors, other: Vectors) -> Numbers:
    """Cosines of every two sentences."""
    return np.asarray(one @ other.T, dtype=np.float64).round(DECIMALS)
