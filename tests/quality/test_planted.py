"""Made-up interviews, pieces and planted passages: floors for what is found again, to be raised only.

The small forms of `benchmarks.quotations` and `benchmarks.passages`; docs/quality.md has the figures of the whole ones.
"""

import pytest

from benchmarks import passages, quotations

INTERVIEWS, PIECES = 30, 360  # as many pieces for each share of edited words


@pytest.fixture(scope="module")
def quoted() -> dict[float, quotations.Found]:
    return {found.edits: found for found in quotations.measure(INTERVIEWS, PIECES, seed=7)}


@pytest.fixture(scope="module")
def planted() -> dict[float, passages.Measured]:
    return passages.measure(sources=60, pieces=240, seed=8)


@pytest.mark.parametrize(("edits", "first", "joined"), [(0, 1, 1), (0.03, 1, 1), (0.08, 0.98, 0.98), (0.15, 0.92, 0.9)])
def test_pieces_that_quote_three_answers_find_their_interview(
    quoted: dict[float, quotations.Found], edits: float, first: float, joined: float
) -> None:
    found = quoted[edits]
    assert found.pieces == PIECES // 4
    assert found.right_first >= first * found.pieces
    assert found.joined >= joined * found.pieces


def test_no_piece_is_in_the_story_of_another_interview(quoted: dict[float, quotations.Found]) -> None:
    assert sum(found.wrong_story for found in quoted.values()) == 0


@pytest.mark.parametrize(
    ("edits", "plagdet", "granularity"), [(0, 1, 1), (0.03, 0.99, 1), (0.08, 0.97, 1.02), (0.15, 0.92, 1.05)]
)
def test_planted_passages_are_found_whole_and_in_one_piece(
    planted: dict[float, passages.Measured], edits: float, plagdet: float, granularity: float
) -> None:
    measured = planted[edits]
    assert measured.planted > 100
    assert measured.precision >= 0.999
    assert measured.plagdet >= plagdet
    assert measured.granularity <= granularity


def test_passages_without_edits_have_exactly_their_ends(planted: dict[float, passages.Measured]) -> None:
    assert planted[0.0].exact == planted[0.0].verbatim > 0
