"""A pair of texts and what is known to be boilerplate, to a grade with its reasons.

In: a `Pair` and the set of boilerplate fingerprints. Out: a `Grade`. Thresholds are those of the design (section 4.4);
shares are integers per mille, so that no rounding can differ between machines.
"""

from bisect import bisect_right
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from libs.domain.fingerprints.grams import GRAM_WORDS
from libs.domain.stories.pairs import Pair
from libs.domain.stories.passages import SEED_WORDS

COPY_PER_MILLE = 500
REWRITE_PER_MILLE = 250
SCATTERED_PER_MILLE = 120  # in two or more places
QUOTE_WORDS = 12  # equal words in a row out of an answer or quotation
# Two pieces nearer than this in both texts are one place: a sentence with "the minister told reporters" put into it.
# An attribution with title and name has at most about this many words.
SAME_PLACE_WORDS = 12
# A single quotation joins two texts only where it is this much of the longer one too: of follow-ups to one answer it is a
# third of each; of a transcript the answer that a notice of 89 words is half made of is a twentieth.
ONE_QUOTATION_PER_MILLE = 120
MIN_OWN_WORDS = 30  # a text that is nearly all boilerplate is not measured by the few words left


class LinkType(StrEnum):
    """How two articles are related; the first three make a story."""

    COPY = "copy"
    REWRITE = "rewrite"
    IDENTITY = "identity"
    QUOTES = "quotes"
    POSSIBLE = "possible"


JOINING = frozenset({LinkType.COPY, LinkType.REWRITE, LinkType.IDENTITY})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a link has its type: a rule's value beside its threshold, and a sentence for people."""

    rule: str
    value: int
    threshold: int
    text: str


class Piece(NamedTuple):
    """Equal words in a row that are no boilerplate; offsets in words."""

    a: int
    b: int
    words: int
    spoken: int


@dataclass(frozen=True, slots=True)
class Grade:
    """`type` is None when the shared words amount to nothing. `weight` counts shared words that are no boilerplate."""

    type: LinkType | None
    longest_run: int
    weight: int
    coverage_a: int  # per mille of each text's own words
    coverage_b: int
    reasons: tuple[Reason, ...]

    @property
    def coverage(self) -> int:
        """Per mille of the text of which more is shared: how much of the shorter one is retold."""
        return max(self.coverage_a, self.coverage_b)


def grade(pair: Pair, boilerplate: Container[int], *, dull_a: int = 0, dull_b: int = 0) -> Grade:
    """Grade the link between two texts by the words they share.

    `dull_a` and `dull_b` are the words of each text that are boilerplate, shared with the other or not.
    """
    pieces = own_pieces(pair, boilerplate)
    weight = sum(piece.words for piece in pieces)
    coverage_a = 1000 * weight // max(pair.words_a - dull_a, weight, MIN_OWN_WORDS)
    coverage_b = 1000 * weight // max(pair.words_b - dull_b, weight, MIN_OWN_WORDS)
    coverage = max(coverage_a, coverage_b)
    places = _places([piece for piece in pieces if piece.words >= SEED_WORDS])
    spoken = max((min(piece.words, piece.spoken) for piece in pieces), default=0)
    reasons = [
        Reason("copy", coverage, COPY_PER_MILLE, f"{coverage / 10:.1f} % of the shorter text stands in the other"),
        Reason("rewrite", coverage, REWRITE_PER_MILLE, f"{coverage / 10:.1f} % of the shorter text"),
        Reason("rewrite_places", places, 2, f"{places} separate places share {SEED_WORDS} words in a row or more"),
        Reason("quotes", spoken, QUOTE_WORDS, f"{spoken} words in a row out of an answer or a quotation"),
    ]
    if dull := pair.exact_words - weight:
        reasons.append(Reason("boilerplate", dull, 0, f"{dull} shared words are boilerplate and weigh nothing"))
    longest = max((piece.words for piece in pieces), default=0)
    alone = places <= 1 and coverage >= REWRITE_PER_MILLE and _only_quotation(pieces)
    if alone:
        of_longer = min(coverage_a, coverage_b)
        told = f"nothing but one quotation, {of_longer / 10:.1f} % of the longer text"
        reasons.append(Reason("one_quotation", of_longer, ONE_QUOTATION_PER_MILLE, told))
        alone = of_longer < ONE_QUOTATION_PER_MILLE
    return Grade(
        _type(coverage, 0 if alone else max(places, 1), spoken), longest, weight, coverage_a, coverage_b, tuple(reasons)
    )


def _only_quotation(pieces: Sequence[Piece]) -> bool:
    """Whether the pieces are spoken but for fewer words than would be a piece by themselves."""
    return sum(piece.words - min(piece.words, piece.spoken) for piece in pieces) < SEED_WORDS


def _type(coverage: int, places: int, spoken: int) -> LinkType | None:
    """`places` is 0 for a single quotation that is a small part of the longer text: who has it retells nothing."""
    if coverage >= COPY_PER_MILLE:
        return LinkType.COPY
    if coverage >= (REWRITE_PER_MILLE if places == 1 else SCATTERED_PER_MILLE) and places:
        return LinkType.REWRITE
    return LinkType.QUOTES if spoken >= QUOTE_WORDS else None


def own_pieces(pair: Pair, boilerplate: Container[int]) -> list[Piece]:
    """The shared runs without boilerplate. A remainder below SEED_WORDS counts only beside a longer one."""
    dull = _ranges(p.at for p in pair.prints if p.hash in boilerplate)
    ends = [end for _, end in pair.spoken]  # the ranges are in order and apart
    pieces = []
    for passage in pair.passages:
        found = [
            Piece(start, start - run.a + run.b, end - start, _spoken_words(pair.spoken, ends, start, end))
            for run in passage.runs
            for start, end in _cut_out(run.a, run.a + run.words, dull)
        ]
        if any(piece.words >= SEED_WORDS for piece in found):
            pieces += found if not dull else [p for p in found if p.words >= SEED_WORDS]
    return pieces


def dull_words(positions: Iterable[int]) -> int:
    """How many words the boilerplate fingerprints at these word positions cover."""
    return sum(end - start for start, end in _ranges(positions))


def _ranges(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Word ranges covered by grams at `positions`, joined and in order."""
    ranges: list[tuple[int, int]] = []
    for at in sorted(positions):
        if ranges and at <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], at + GRAM_WORDS)
        else:
            ranges.append((at, at + GRAM_WORDS))
    return ranges


def _cut_out(start: int, end: int, dull: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """`start:end` without the ranges `dull`."""
    left = []
    for first, last in dull:
        if last <= start or first >= end:
            continue
        if first > start:
            left.append((start, first))
        start = max(start, last)
    if start < end:
        left.append((start, end))
    return left


def _spoken_words(spoken: Sequence[tuple[int, int]], ends: Sequence[int], start: int, end: int) -> int:
    """How many of the words `start:end` lie in ranges of `spoken`, whose ends are `ends`."""
    words = 0
    for first, last in islice(spoken, bisect_right(ends, start), None):
        if first >= end:
            break
        words += min(last, end) - max(first, start)
    return words


def _places(pieces: Sequence[Piece]) -> int:
    """In how many places the pieces stand, when neighbours in both texts count as one."""
    places = 0
    before: Piece | None = None
    for piece in pieces:
        near = (
            before is not None
            and piece.a - before.a - before.words < SAME_PLACE_WORDS
            and 0 <= piece.b - before.b - before.words < SAME_PLACE_WORDS
        )
        places += not near
        before = piece
    return places
