"""Who was asked by which outlet, on pages that say so in six languages: how often it is given, and how often right."""

import pytest

from tests.quality.pages.asked import Answer, answer, pieces

LEAST_GIVEN = 0.90
LEAST_RIGHT = 0.98


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    return [answer(piece) for piece in pieces()]


@pytest.mark.parametrize("fact", ["interviewee", "broadcasters", "language"])
def test_a_stated_fact_is_mostly_given_and_then_right(answers: list[Answer], fact: str) -> None:
    given = [one for one in answers if getattr(one, fact) is not None]
    right = [one for one in given if getattr(one, fact)]
    print(f"{fact}: given {len(given)} of {len(answers)}, right {len(right)} of {len(given)}")
    missed = [(one.name, one.found) for one in answers if not getattr(one, fact)]
    assert len(given) >= LEAST_GIVEN * len(answers), missed
    assert len(right) >= LEAST_RIGHT * len(given), missed


def test_there_are_forty_pages_in_six_languages(answers: list[Answer]) -> None:
    assert len(answers) >= 40
    assert {one.name[:2] for one in answers} == {"en", "fr", "de", "es", "ru", "ar"}
