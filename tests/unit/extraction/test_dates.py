"""Times as pages print them."""

import pytest

from libs.domain.extraction.dates import (
    day_in_url,
    has_time,
    read_comment_time,
    read_declared_time,
    read_visible_time,
    settle,
    without_time,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14 May 2024, 21:40 GMT", "2024-05-14T21:40:00+00:00"),
        ("Published 3:15 p.m. EDT, Tue May 5, 2020", "2020-05-05T15:15:00-04:00"),
        ("Wed, 14 May 2024 21:40:00 +0300", "2024-05-14T21:40:00+03:00"),
        ("23. April 2025, 06.00 Uhr MESZ", "2025-04-23T06:00:00+02:00"),
        ("vendredi 3 mai 2024 à 14h30", "2024-05-03"),
        ("Mis à jour le 1er août 2023", "2023-08-01"),
        ("5 de noviembre de 2024", "2024-11-05"),
        ("23 апреля 2025, 11:20 МСК", "2025-04-23T11:20:00+03:00"),
        ("٢٣ نيسان/أبريل ٢٠٢٥ – ١٤:٠٠", "2025-04-23"),
        ("12 Kasım 2023 14:22", "2023-11-12"),
        ("2024年5月14日 21:40", "2024-05-14"),
        ("2024年5月14日 21時40分 JST", "2024-05-14T21:40:00+09:00"),
        ("2024년 5월 14일 21시 40분 KST", "2024-05-14T21:40:00+09:00"),
        ("14.05.2024", "2024-05-14"),
        ("2024/05/14", "2024-05-14"),
        ("12 maja 2024", "2024-05-12"),
    ],
)
def test_visible_dates_of_many_languages_are_read(text: str, expected: str) -> None:
    moment = read_visible_time(text)
    assert moment is not None
    assert moment.iso() == expected


@pytest.mark.parametrize(
    "text", ["There were 300 people in 2019", "Room 12, 14 chairs", "31/02/2024", "1234567890", ""]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_visible_time(text) is None


def test_the_order_of_day_and_month_follows_the_country() -> None:
    day_first, month_first = (read_visible_time("05/06/2024", day_first=flag) for flag in (True, False))
    assert day_first is not None
    assert month_first is not None
    assert (day_first.iso(), month_first.iso()) == ("2024-06-05", "2024-05-06")


def test_lines_lose_their_times_and_nothing_else() -> None:
    assert without_time("Ada Quill, 14 May 2024 21:40").strip(" ,") == "Ada Quill"
    assert has_time("vor 3 Stunden")
    assert not has_time("Ada Quill")


def test_a_comment_without_a_year_is_dated_from_its_article() -> None:
    assert read_comment_time("Bob 2 Jan 21:40", "2024-12-30T20:00:00+01:00") == "2025-01-02T21:40:00+01:00"
    assert read_comment_time("Bob 14 May", None) is None


def test_a_told_instant_completes_a_local_time_and_overrules_none() -> None:
    local = read_visible_time("14/05/2024 21:40")
    certain = read_declared_time("2024-05-14T21:40:00Z")
    assert local is not None
    assert certain is not None
    assert settle([local], "2024-05-14T18:40:00Z") == "2024-05-14T21:40:00+03:00"
    assert settle([certain], "2024-05-15T18:40:00Z") == "2024-05-14T21:40:00+00:00"
    assert settle([], None) is None


def test_days_in_addresses_are_read() -> None:
    assert [
        m and m.iso()
        for m in map(
            day_in_url, ("https://a.example/2024/05/14/x", "https://a.example/20240514-x", "https://a.example/x/12345")
        )
    ] == ["2024-05-14", "2024-05-14", None]
