"""When to ask again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.domain.polling import failure_period, next_period, retry_delay


@pytest.mark.parametrize(
    ("items", "new", "expected"),
    [(10, 10, 300), (10, 7, 300), (10, 5, 600), (10, 4, 600), (10, 1, 900), (10, 0, 900), (0, 0, 900)],
)
def test_polls_that_find_too_much_or_too_little_change_the_period(items: int, new: int, expected: int) -> None:
    assert next_period(600, items=items, new_items=new, floor_seconds=60, cap_seconds=3600) == expected


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=60))
def test_the_period_stays_between_its_bounds(polls: list[tuple[int, int]]) -> None:
    period = 600.0
    for items, new in polls:
        period = next_period(period, items=items, new_items=min(new, items), floor_seconds=60, cap_seconds=3600)
        assert 60 <= period <= 3600


def test_a_failing_source_is_left_alone_twice_as_long_each_time() -> None:
    assert [failure_period(60, n, cap_seconds=500) for n in (1, 2, 3, 4, 5, 99)] == [60, 120, 240, 480, 500, 500]


def test_retries_end() -> None:
    assert [retry_delay((2, 10), n, asked_seconds=None) for n in (1, 2, 3)] == [2, 10, None]


def test_a_server_may_lengthen_a_delay_but_not_shorten_it() -> None:
    assert retry_delay((2, 10), 1, asked_seconds=30) == 30
    assert retry_delay((2, 10), 2, asked_seconds=1) == 10
    assert retry_delay((2, 10), 3, asked_seconds=1) is None
