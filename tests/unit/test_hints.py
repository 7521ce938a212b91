"""One hint from what several lists say, whatever comes first."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from libs.domain.feeds import FeedItem
from libs.domain.hints import believable, hint_of

URL = "https://one.example/a"


def item(published: str | None, updated: str | None = None) -> FeedItem:
    return FeedItem(URL, None, published, updated)


@pytest.mark.parametrize(
    ("items", "hint"),
    [
        ([item("Fri, 17 May 2024 08:00:00 GMT"), item(None, "2024-05-17T07:00:00Z")], "2024-05-17T08:00:00+00:00"),
        ([item("Fri, 17 May 2024 08:00:00 GMT"), item("2024-05-17T09:00:00Z")], "2024-05-17T08:00:00+00:00"),
        ([item("2024-05-17T08:00:00Z"), item("2024-05-17T09:00:00+05:00")], "2024-05-17T09:00:00+05:00"),
        ([item("2024-05-17"), item("2024-05-17T08:15:00Z")], "2024-05-17T08:15:00+00:00"),
        ([item(None), item("2024-05-17T08:15:00Z")], "2024-05-17T08:15:00+00:00"),
        ([item(None, "2024-05-18")], "2024-05-18"),
        ([item("1970-01-01T00:00:00Z", "\ud800")], None),
        ([item("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00")], None),
        ([item("2024\0-05-17"), item("x" * 1_000_000)], None),
        ([], None),
    ],
)
def test_the_hint_is_the_same_in_every_order(items: list[FeedItem], hint: str | None) -> None:
    assert {hint_of(order) for order in permutations(items)} == {hint}


def test_a_hint_of_the_future_is_not_believed() -> None:
    captured = datetime(2024, 5, 17, 12, tzinfo=UTC)
    assert believable("2024-05-18T11:00:00+00:00", captured) == "2024-05-18T11:00:00+00:00"
    assert believable("2024-05-18T13:00:00+00:00", captured) is None
    assert believable("2099-01-01", captured) is None
    assert believable(None, captured) is None
