"""What two texts share, word by word."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.domain.fingerprints.grams import Codes, word_codes
from libs.domain.stories.passages import NEAR_SEED_WORDS, Passage, shared_passages
from tests.unit.stories.making import edited, words


def _codes(text: str) -> Codes:
    return word_codes(text.split())


def _shared(a: str, b: str) -> tuple[Passage, ...]:
    return shared_passages(_codes(a), _codes(b))


def test_a_run_is_found_with_its_exact_ends() -> None:
    rng = random.Random(1)
    run = words(rng, 20)
    (passage,) = _shared(f"{words(rng, 30)} {run} {words(rng, 9)}", f"{words(rng, 4)} {run} {words(rng, 2)}")
    assert (passage.a, passage.b, passage.words, passage.exact_words) == ((30, 50), (4, 24), 20, 20)


def test_seven_words_in_a_row_are_no_passage() -> None:
    rng = random.Random(2)
    run = words(rng, 7)
    assert not _shared(f"{words(rng, 30)} {run} {words(rng, 9)}", f"{words(rng, 4)} {run} {words(rng, 2)}")


def test_passages_are_found_in_any_order() -> None:
    rng = random.Random(3)
    first, second = words(rng, 15), words(rng, 12)
    found = _shared(f"{first} {words(rng, 20)} {second}", f"{second} {words(rng, 20)} {first}")
    assert [p.words for p in found] == [15, 12]
    assert found[0].b[0] > found[1].b[0]


def test_a_word_spelt_otherwise_does_not_cut_a_passage() -> None:
    rng = random.Random(4)
    left, right = words(rng, 10), words(rng, 5)
    (passage,) = _shared(f"{left} idleb {right} {words(rng, 9)}", f"{left} idlib {right} {words(rng, 3)}")
    assert (passage.words, passage.exact_words, [r.words for r in passage.runs]) == (16, 15, [10, 5])


def test_words_put_in_or_left_out_do_not_cut_a_passage() -> None:
    rng = random.Random(5)
    left, right = words(rng, 10), words(rng, 10)
    (passage,) = _shared(f"{left} {words(rng, 4)} {right}", f"{left} {right}")
    assert (passage.words, passage.exact_words) == (20, 20)


def test_five_words_put_in_cut_a_passage() -> None:
    rng = random.Random(6)
    left, right = words(rng, 10), words(rng, 10)
    assert len(_shared(f"{left} {words(rng, 5)} {right}", f"{left} {right}")) == 2


@pytest.mark.parametrize(("other", "passages"), [(12, 1), (13, 2)])
def test_a_passage_goes_on_behind_twelve_other_words_on_both_sides_and_not_behind_thirteen(
    other: int, passages: int
) -> None:
    rng = random.Random(8)
    left, right = words(rng, 10), words(rng, 10)
    assert len(_shared(f"{left} {words(rng, other)} {right}", f"{left} {words(rng, other)} {right}")) == passages


@pytest.mark.parametrize(("other", "seed", "found"), [(4, 3, 13), (5, 3, 10), (5, 4, 14)])
def test_three_equal_words_continue_a_passage_behind_four_others_and_four_behind_more(
    other: int, seed: int, found: int
) -> None:
    rng = random.Random(9)
    left, right = words(rng, 10), words(rng, seed)
    shared = _shared(f"{left} {words(rng, other)} {right}", f"{left} {words(rng, other)} {right}")
    assert sum(passage.exact_words for passage in shared) == found


def test_a_sentence_said_twice_is_counted_once() -> None:
    rng = random.Random(7)
    said = words(rng, 12)
    found = _shared(f"{said} {words(rng, 30)} {said}", f"{words(rng, 5)} {said}")
    assert sum(p.exact_words for p in found) == 12


def test_a_text_of_one_phrase_repeated_makes_no_work_in_the_square() -> None:
    phrase = "again and again the same eight words stand here "
    assert _shared(phrase * 2000, phrase * 1500) == ()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_every_passage_is_what_it_says(seed: int) -> None:
    rng = random.Random(seed)
    blocks = [words(rng, rng.randint(1, 25)) for _ in range(rng.randint(1, 6))]
    a = _codes(" ".join(rng.choices(blocks, k=8)))
    b = _codes(edited(rng, " ".join(rng.choices(blocks, k=5)), rng.choice([0, 0.05, 0.2])))
    used_a: set[int] = set()
    used_b: set[int] = set()
    for passage in shared_passages(a, b):
        assert min(run.words for run in passage.runs) >= NEAR_SEED_WORDS
        for run in passage.runs:
            assert a[run.a : run.a + run.words].tolist() == b[run.b : run.b + run.words].tolist()
            assert not used_a & set(range(run.a, run.a + run.words))
            assert not used_b & set(range(run.b, run.b + run.words))
            used_a |= set(range(run.a, run.a + run.words))
            used_b |= set(range(run.b, run.b + run.words))
