"""Which sentences of two texts say the same: on vectors that are made up, so that what is near is known."""

import random

import numpy as np
import pytest

from libs.domain.stories.meaning import (
    YARDSTICK,
    Share,
    Vectors,
    Voice,
    background_sentences,
    make_background,
    make_voice,
    weigh,
)

RNG = np.random.default_rng(7)
SIZES = (48, 64)  # of two encoders


def _unrelated(count: int) -> list[Vectors]:
    return [_unit(RNG.normal(size=(count, size))) for size in SIZES]


def _unit(vectors: np.ndarray) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _retold(vectors: list[Vectors], noise: float = 0.05) -> list[Vectors]:
    return [_unit(v + noise * RNG.normal(size=v.shape)) for v in vectors]


BACKGROUND = make_background(_unrelated(60))


def _voice(text_id: str, vectors: list[Vectors]) -> Voice:
    return make_voice(text_id, vectors, BACKGROUND)


def _taken(vectors: list[Vectors], rows: list[int]) -> list[Vectors]:
    return [v[rows] for v in vectors]


def test_a_retelling_finds_the_sentences_that_it_retells() -> None:
    whole = _unrelated(20)
    rows = random.Random(1).sample(range(20), 10)
    assert weigh(_voice("a", whole), _voice("b", _retold(_taken(whole, rows))), BACKGROUND.spreads) == Share(10, 10)


def test_unrelated_texts_have_nothing_in_common() -> None:
    share = weigh(_voice("a", _unrelated(12)), _voice("b", _unrelated(20)), BACKGROUND.spreads)
    assert share.per_mille < 200


def test_one_subject_in_all_sentences_is_no_counterpart() -> None:
    subject = _unrelated(1)
    near = [_unit(s + 0.15 * RNG.normal(size=(24, s.shape[1]))) for s in subject]
    one, other = [v[:12] for v in near], [v[12:] for v in near]
    assert min(float((v @ w.T).mean()) for v, w in zip(one, other, strict=True)) > 0.3  # raw likeness would say yes
    assert weigh(_voice("a", one), _voice("b", other), BACKGROUND.spreads).per_mille < 200


def test_a_sentence_is_the_counterpart_of_one_only() -> None:
    said = _unrelated(1)
    often = [np.vstack([v, w, w, w]) for v, w in zip(_unrelated(9), _retold(said), strict=True)]
    once = [np.vstack([v, w]) for v, w in zip(_unrelated(9), said, strict=True)]
    assert weigh(_voice("a", once), _voice("b", often), BACKGROUND.spreads).matched <= 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_short_text_counts_as_having_so_many_sentences_as_the_floor(count: int) -> None:
    whole = _unrelated(20)
    share = weigh(_voice("a", whole), _voice("b", _retold(_taken(whole, list(range(count))))), BACKGROUND.spreads)
    assert share.per_mille == 1000 * count // YARDSTICK.floor


def test_the_order_of_texts_and_of_sentences_does_not_show() -> None:
    whole = _unrelated(15)
    part = _retold(_taken(whole, list(range(3, 12))), noise=0.2)
    expected = weigh(_voice("a", whole), _voice("b", part), BACKGROUND.spreads)
    assert weigh(_voice("b", part), _voice("a", whole), BACKGROUND.spreads) == expected
    turned = [v[::-1] for v in whole]
    assert weigh(_voice("a", turned), _voice("b", part), BACKGROUND.spreads) == expected


def test_texts_without_sentences_share_nothing() -> None:
    empty = _voice("a", [np.zeros((0, size), dtype=np.float32) for size in SIZES])
    assert weigh(empty, _voice("b", _unrelated(3)), BACKGROUND.spreads) == Share(0, 0)


def test_the_background_is_many_different_sentences() -> None:
    found = background_sentences()
    assert len(found) == len(set(found)) >= 200
    assert all(5 <= len(sentence.split()) <= 25 for sentence in found)
