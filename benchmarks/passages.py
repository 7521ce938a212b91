"""Passages planted in made-up texts: are they found, whole, in one piece, and with exact ends?

    python -m benchmarks.passages [--sources 300] [--pieces 1200] [--seed 6]

A piece takes one to four passages of 20 to 150 words out of one or two sources, in any order, with 0, 3, 8 or 15 % of their
words edited (one share a piece), among runs of 30 to 100 words of its own; words are drawn by Zipf's law, so that
common words are shared everywhere. Pieces and sources meet through their fingerprints, as in the deduplicator. Measured
as in PAN's text alignment (Potthast and others 2010), in words of both sides:

- precision and recall, each the mean over found and over planted passages;
- granularity: how many found passages there are for one that was planted and found;
- plagdet: F1 / log2(1 + granularity);
- exact: of the passages without edits, how many are found with exactly their ends on both sides.
"""

import argparse
import math
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.planted import Wording, made_up_vocabulary
from libs.domain.stories.pairs import compare
from libs.domain.stories.texts import Text, make_text, mark

EDITS = (0.0, 0.03, 0.08, 0.15)
Words = range  # of one text


@dataclass(frozen=True, slots=True)
class Planted:
    """A passage: words `there` of the source are words `here` of the piece."""

    piece: int
    source: int
    here: Words
    there: Words


@dataclass(frozen=True, slots=True)
class Measured:
    """How well the planted passages of pieces with one share of edits were found; `exact` of `verbatim`."""

    planted: int
    precision: float
    recall: float
    granularity: float
    exact: int
    verbatim: int

    @property
    def plagdet(self) -> float:
        if not self.precision + self.recall:
            return 0.0
        f1 = 2 * self.precision * self.recall / (self.precision + self.recall)
        return f1 / math.log2(1 + self.granularity)


class Planter:
    """Makes sources, and pieces that take passages out of them."""

    def __init__(self, seed: int, sources: int) -> None:
        self._rng = random.Random(seed)
        self._words = Wording(self._rng, made_up_vocabulary(self._rng))
        self.sources = [self._words(self._rng.randint(600, 1500)) for _ in range(sources)]

    def piece(self, number: int, edits: float) -> tuple[list[str], list[Planted]]:
        """The words of a piece, and what is planted in them."""
        words, planted = self._own(), []
        origins = self._rng.sample(range(len(self.sources)), 2)
        places = [(n, part) for n in origins for part in self._rng.sample(range(4), 2)]
        for origin, part in self._rng.sample(places, self._rng.randint(1, 4)):
            source = self.sources[origin]
            size = self._rng.randint(20, min(150, len(source) // 4 - 10))
            start = part * (len(source) // 4) + self._rng.randint(5, len(source) // 4 - size - 5)
            taken = self._words.edited(source[start : start + size], edits)
            own = self._own()
            words[-1] = self._other_than(source[start - 1])  # a shared neighbour would lengthen the passage
            own[0] = self._other_than(source[start + size])
            here = range(len(words), len(words) + len(taken))
            planted.append(Planted(number, origin, here, range(start, start + size)))
            words += taken + own
        return words, planted

    def _own(self) -> list[str]:
        return self._words(self._rng.randint(30, 100))

    def _other_than(self, word: str) -> str:
        return next(w for w in iter(lambda: self._words(1)[0], None) if w != word)


def measure(sources: int, pieces: int, seed: int) -> dict[float, Measured]:
    """Plant and look; by the share of edits."""
    planter = Planter(seed, sources)
    of_sources = [make_text(" ".join(words)) for words in planter.sources]
    made = [planter.piece(n, EDITS[n % len(EDITS)]) for n in range(pieces)]
    of_pieces = [make_text(" ".join(words)) for words, _ in made]
    planted = [passage for _, passages in made for passage in passages]
    found = list(_found(of_pieces, of_sources))
    return {
        edits: _measured(
            [p for p in planted if EDITS[p.piece % len(EDITS)] == edits],
            [p for p in found if EDITS[p.piece % len(EDITS)] == edits],
            verbatim=edits == 0,
        )
        for edits in EDITS
    }


def _found(pieces: Sequence[Text], sources: Sequence[Text]) -> Iterator[Planted]:
    """All passages of pieces and sources that share a fingerprint."""
    marks = {text.text_id: mark(text) for text in (*pieces, *sources)}
    having: dict[int, list[int]] = {}
    for number, source in enumerate(sources):
        for value in marks[source.text_id].hashes.tolist():
            having.setdefault(value, []).append(number)
    for n, piece in enumerate(pieces):
        for number in sorted({k for value in marks[piece.text_id].hashes.tolist() for k in having.get(value, ())}):
            pair = compare(piece, sources[number], marks)
            for passage in pair.passages:
                sides = {pair.a: range(*passage.a), pair.b: range(*passage.b)}
                yield Planted(n, number, sides[piece.text_id], sides[sources[number].text_id])


def _measured(planted: Sequence[Planted], found: Sequence[Planted], *, verbatim: bool) -> Measured:
    near: dict[tuple[int, int], list[Planted]] = {}
    for passage in found:
        near.setdefault((passage.piece, passage.source), []).append(passage)
    of: dict[tuple[int, int], list[Planted]] = {}
    for passage in planted:
        of.setdefault((passage.piece, passage.source), []).append(passage)
    hits = [[f for f in near.get((p.piece, p.source), ()) if _meet(p, f)] for p in planted]
    caught = [len(h) for h in hits if h]
    return Measured(
        len(planted),
        _mean(_share(f, [p for p in of.get((f.piece, f.source), ()) if _meet(p, f)]) for f in found),
        _mean(_share(p, h) for p, h in zip(planted, hits, strict=True)),
        _mean(caught) or 1.0,
        sum(p in h for p, h in zip(planted, hits, strict=True)) if verbatim else 0,
        len(planted) if verbatim else 0,
    )


def _meet(one: Planted, other: Planted) -> bool:
    return bool(_overlap(one.here, other.here) and _overlap(one.there, other.there))


def _overlap(one: Words, other: Words) -> int:
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def _share(passage: Planted, others: Iterable[Planted]) -> float:
    """How much of both sides of a passage the others cover; they do not overlap each other."""
    both = sum(_overlap(passage.here, o.here) + _overlap(passage.there, o.there) for o in others)
    return both / (len(passage.here) + len(passage.there))


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return sum(held) / len(held) if held else 0.0


def table(measured: dict[float, Measured]) -> Iterator[str]:
    """The lines of a table for people."""
    yield "| words edited | planted | plagdet | precision | recall | granularity | exact ends |"
    yield "|---|---|---|---|---|---|---|"
    for edits, m in measured.items():
        ends = f"{m.exact} of {m.verbatim}" if m.verbatim else ""
        yield (
            f"| {edits:.0%} | {m.planted} | {m.plagdet:.4f} | {m.precision:.4f} | {m.recall:.4f} "
            f"| {m.granularity:.3f} | {ends} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=300)
    parser.add_argument("--pieces", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=6)
    args = parser.parse_args()
    print("\n".join(table(measure(args.sources, args.pieces, args.seed))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
