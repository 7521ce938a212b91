"""Retry-After and the settings of the fetcher."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from libs.adapters.http.client import retry_after
from services.fetcher.settings import FetcherSettings

NOW = datetime(2024, 5, 14, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 14 May 2024 10:02:00 GMT", 120.0),
        ("Tue, 14 May 2024 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, expected: float | None) -> None:
    assert retry_after(value, now=NOW) == expected


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFOLD_FETCHER_ALLOW_NETWORKS", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("NEWSFOLD_FETCHER_ALLOW_PORTS", "8000")
    settings = FetcherSettings()
    assert settings.fetcher_allow_networks == ("127.0.0.0/8", "::1/128")
    assert settings.fetcher_allow_ports == (8000,)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALLOW_NETWORKS", "127.0.0.1/8"), ("ALLOW_NETWORKS", "*"), ("ALLOW_PORTS", "http"), ("ALLOW_PORTS", "0")],
)
def test_a_mistake_in_what_is_opened_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"NEWSFOLD_FETCHER_{name}", value)
    with pytest.raises(ValidationError):
        FetcherSettings()
