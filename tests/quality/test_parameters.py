"""The table of numbers in docs/quality.md, and how their room is measured."""

import re
from pathlib import Path

import pytest

from benchmarks.parameters import Room, moved, parameters, room
from libs.domain.stories import boilerplate, grades, passages

PAGE = Path(__file__).resolve().parents[2] / "docs" / "quality.md"


def test_the_page_has_every_number_with_its_value() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {name: int(value) for name, value in rows} == parameters()


@pytest.mark.parametrize(
    ("least", "greatest"), [(7, 13), (5, 20), (10, 10), (6, 19)], ids=["both", "neither", "at once", "near the ends"]
)
def test_room_ends_where_the_result_changes(least: int, greatest: int) -> None:
    found = room("NUMBER", 10, lambda value: least <= value <= greatest)
    assert found == Room("NUMBER", 10, None if least == 5 else least, None if greatest == 20 else greatest)


def test_a_moved_number_is_moved_everywhere_and_put_back() -> None:
    with moved("GRAM_WORDS", 9):
        assert (passages.SEED_WORDS, grades.SEED_WORDS, boilerplate.GUARANTEED_RUN_WORDS) == (9, 9, 16)
    assert (passages.SEED_WORDS, grades.SEED_WORDS, boilerplate.GUARANTEED_RUN_WORDS) == (8, 8, 15)
