"""Where a text carries given words, and what it changed in them.

In: a quotation and a text. Out: the stretch of the text that needs the fewest changes of words to become the
quotation, and those changes. Case, punctuation and the spelling of apostrophes are no changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from libs.domain.fingerprints.words import Words, split_words

# Costs of a change. Two words replaced cost more than one put in and one left out, so that a word which both sides have
# in order is kept; leaving out costs more than putting in, so that a quotation is followed across an insertion.
INSERTION: Final = 2
DELETION: Final = 3
OTHER_SPELLING: Final = 1
OTHER_WORD: Final = 4
# A word that is quite another one (below this likeness, of 100) at the edge of a quotation was left out, not replaced.
SPELLING_LIKENESS: Final = 60

Step = tuple[int | None, int | None]  # word of the quotation, word of the text; None where one side has none


@dataclass(frozen=True, slots=True)
class Alignment:
    """A text's version of a quotation. `start` and `end` are character offsets in the text, end exclusive."""

    start: int
    end: int
    words: int  # of the quotation
    kept: int  # of these, unchanged and in order
    inserted: tuple[str, ...]  # stand in the text only
    deleted: tuple[str, ...]  # stand in the quotation only
    replaced: tuple[tuple[str, str], ...]  # (quotation, text)

    @property
    def exact(self) -> bool:
        return self.kept == self.words and not self.inserted

    @property
    def share_kept(self) -> float:
        return self.kept / self.words


def align(quotation: str, text: str) -> Alignment | None:
    """The best stretch of `text`; None when they have no word in common.

    Needs time in proportion to the text's length; the quotation should be some hundred words at most.
    """
    asked, carried = split_words(quotation), split_words(text)
    steps = _fit(asked.words, carried.words)
    steps = _without_edges(steps, asked, carried)
    if not steps:
        return None
    columns = [column for _, column in steps if column is not None]
    start, end = carried.span(columns[0], columns[-1] + 1)
    pairs = [(row, column) for row, column in steps if row is not None and column is not None]
    same = [pair for pair in pairs if asked.words[pair[0]] == carried.words[pair[1]]]
    if not same:
        return None
    missing = sorted(set(range(len(asked))) - {row for row, _ in pairs})
    return Alignment(
        start=start,
        end=end,
        words=len(asked),
        kept=len(same),
        inserted=tuple(_spelt(text, carried, column) for row, column in steps if row is None and column is not None),
        deleted=tuple(_spelt(quotation, asked, row) for row in missing),
        replaced=tuple(
            (_spelt(quotation, asked, row), _spelt(text, carried, column))
            for row, column in pairs
            if asked.words[row] != carried.words[column]
        ),
    )


def _spelt(text: str, words: Words, i: int) -> str:
    return text[words.starts[i] : words.ends[i]]


def _fit(asked: Sequence[str], carried: Sequence[str]) -> list[Step]:
    """Align all of `asked` with its best stretch of `carried` (Sellers 1980: edit distance with free ends)."""
    if not asked or not carried:
        return []
    first, end = _window(asked, carried)
    window = carried[first:end]
    costs = [[0] * (len(window) + 1)]
    for word in asked:
        above, line = costs[-1], [costs[-1][0] + DELETION]
        for column, other in enumerate(window, start=1):
            line.append(
                min(above[column - 1] + _replacement(word, other), above[column] + DELETION, line[-1] + INSERTION)
            )
        costs.append(line)
    column = min(range(len(window) + 1), key=lambda c: costs[-1][c])
    return [(row, None if c is None else first + c) for row, c in reversed(list(_back(costs, asked, window, column)))]


def _back(costs: Sequence[Sequence[int]], asked: Sequence[str], window: Sequence[str], column: int) -> Iterator[Step]:
    """The steps from the end to the beginning; a pair of words first where costs are equal."""
    row = len(asked)
    while row:
        here = costs[row][column]
        if column and here == costs[row - 1][column - 1] + _replacement(asked[row - 1], window[column - 1]):
            row, column = row - 1, column - 1
            yield row, column
        elif here == costs[row - 1][column] + DELETION:
            row -= 1
            yield row, None
        else:
            column -= 1
            yield None, column


def _window(asked: Sequence[str], carried: Sequence[str]) -> tuple[int, int]:
    """Where to look closely: the most similar stretch of the same length, with room for what was inserted."""
    numbers = {word: n for n, word in enumerate(dict.fromkeys((*asked, *carried)))}
    needle, hay = [numbers[word] for word in asked], [numbers[word] for word in carried]
    if len(needle) >= len(hay):
        return 0, len(hay)
    found = fuzz.partial_ratio_alignment(needle, hay)
    if found is None:
        return 0, len(hay)
    room = len(needle) + 5
    return max(0, found.dest_start - room), min(len(hay), found.dest_end + room)


def _without_edges(steps: Sequence[Step], asked: Words, carried: Words) -> list[Step]:
    """Cut what is no part of the quotation off both ends."""
    kept = [i for i, step in enumerate(steps) if _belongs(step, asked, carried)]
    return list(steps[kept[0] : kept[-1] + 1]) if kept else []


def _belongs(step: Step, asked: Words, carried: Words) -> bool:
    row, column = step
    if row is None or column is None:
        return False
    return _alike(asked.words[row], carried.words[column])


def _replacement(word: str, other: str) -> int:
    if word == other:
        return 0
    return OTHER_SPELLING if _alike(word, other) else OTHER_WORD


@lru_cache(maxsize=50_000)
def _alike(word: str, other: str) -> bool:
    return fuzz.ratio(word, other) >= SPELLING_LIKENESS
