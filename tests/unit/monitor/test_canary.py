"""The canary's page is an article, and is counted found exactly when search shows it."""

from datetime import UTC, datetime, timedelta

from libs.domain.extraction import extract_page
from services.monitor.canary import URL, Flock, page

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def minute(n: int) -> datetime:
    return NOON + timedelta(minutes=n)


def test_the_page_is_read_as_one_article_that_tells_its_time() -> None:
    [article] = extract_page(page(NOON), url=URL, content_type="text/html").articles
    assert article.title == "Newsfold canary 2026-03-04 12:00:00 UTC"
    assert "sent at 2026-03-04 12:00:00 UTC" in article.body
    assert article.published is not None
    assert article.published.startswith("2026-03-04T12:00")


def test_each_sending_is_another_text_so_that_it_is_a_revision() -> None:
    [first] = extract_page(page(NOON), url=URL, content_type="text/html").articles
    [second] = extract_page(page(minute(1)), url=URL, content_type="text/html").articles
    assert first.body != second.body


def test_a_canary_is_found_once_search_shows_it() -> None:
    flock = Flock()
    flock.sent(NOON)
    assert flock.shown(None, now=minute(1)) is None
    assert flock.shown(NOON - timedelta(seconds=1), now=minute(1)) is None
    assert flock.shown(NOON, now=minute(1)) == 60
    assert flock.shown(NOON, now=minute(2)) is None
    assert flock.under_way == []


def test_one_that_is_later_than_the_next_was_sent_counts_with_its_whole_time() -> None:
    flock = Flock()
    for n in range(3):
        flock.sent(minute(n))
    assert flock.shown(minute(1), now=minute(3)) == 120
    assert flock.under_way == [minute(2)]


def test_one_that_never_comes_is_forgotten() -> None:
    flock = Flock([minute(0), minute(5)])
    flock.forget_before(minute(1))
    assert flock.under_way == [minute(5)]
