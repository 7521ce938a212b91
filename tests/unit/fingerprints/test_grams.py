"""Fingerprints: what two texts share cannot be missed."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.domain.fingerprints import grams

FIXED = [2533011507325954111, 3764475200921598161]


def _codes(words: list[str]) -> grams.Codes:
    return grams.word_codes(words)


def test_grams_do_not_depend_on_what_stands_around_them() -> None:
    shared = [f"word{n}" for n in range(20)]
    alone = grams.grams(_codes(shared))
    inside = grams.grams(_codes(["before"] * 5 + shared + ["after"] * 3))
    assert np.array_equal(inside[5:18], alone)


def test_fingerprints_are_fixed_by_their_version() -> None:
    # A stored index is worthless once these change: raise grams.VERSION together with them.
    words = [f"word{n}" for n in range(17)]
    assert grams.VERSION == 1
    assert grams.winnow(grams.grams(_codes(words))).tolist() == FIXED


def test_short_texts_have_no_or_one_fingerprint() -> None:
    assert len(grams.winnow(grams.grams(_codes(["a"] * 7)))) == 0
    assert len(grams.winnow(grams.grams(_codes([str(n) for n in range(9)])))) == 1


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60))
def test_texts_that_share_fifteen_words_share_a_fingerprint(seed: int, before: int, after: int) -> None:
    rng = random.Random(seed)
    shared = [str(rng.random()) for _ in range(grams.GUARANTEED_RUN_WORDS)]
    one = [str(rng.random()) for _ in range(before)] + shared + [str(rng.random()) for _ in range(after)]
    other = [str(rng.random()) for _ in range(after)] + shared + [str(rng.random()) for _ in range(before)]
    prints = [set(grams.winnow(grams.grams(_codes(words))).tolist()) for words in (one, other)]
    assert prints[0] & prints[1]


def test_a_fingerprint_stands_for_about_every_fifth_word() -> None:
    rng = random.Random(1)
    found = grams.winnow(grams.grams(_codes([str(rng.random()) for _ in range(6000)])))
    assert 6000 / len(found) > 4.3  # 2 / (window + 1) of the grams


def test_long_words_are_known_from_their_codes() -> None:
    codes = _codes(["minister", "said", "minister", "ceasefire"])
    assert len(grams.long_words(codes)) == 2
