"""When a page was published, as the feeds and sitemaps that list it say: from many words one hint.

In: dates as they stand in the lists, in the two forms that their standards know (RFC 822, ISO 8601). Out: ISO 8601, an
instant with its zone or a bare day; None where nothing can be read. A hint is made the same whatever arrived first: a
time of publication goes before one of a change, an instant before a bare day, the earlier before the later. There is no
clock here; what is absurd is told from the capture's time.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from libs.domain.feeds import FeedItem

AHEAD = timedelta(days=1)  # zones that were told wrongly are off by less
FIRST_YEAR = 1990  # what lies before is a clock that was never set
LONGEST = 64  # characters of a date


def hint_of(items: Iterable[FeedItem]) -> str | None:
    """The hint for a page from all items that list it, in any order. Words that are no date since 1990 tell nothing."""
    ranked = (_ranked(words, kind) for item in items for kind, words in enumerate((item.published, item.updated)))
    return min((found for found in ranked if found), default=(0, 0, "", None))[-1]


def believable(hint: str | None, captured_at: datetime) -> str | None:
    """The hint, or None if it lies more than `AHEAD` after the capture, whose time has a zone."""
    return hint if hint and _instant(datetime.fromisoformat(hint)) <= captured_at + AHEAD else None


def _ranked(words: str | None, kind: int) -> tuple[int, int, str, str] | None:
    found = _read(words) if words and len(words) <= LONGEST else None
    if found is None or not FIRST_YEAR <= found.year < date.max.year:  # zones need room at the end of time
        return None
    if not isinstance(found, datetime):
        return kind, 1, _instant(datetime.combine(found, datetime.min.time())).isoformat(), found.isoformat()
    told = found.replace(microsecond=0)
    return kind, int(told.tzinfo is None), _instant(told).isoformat(), told.isoformat()


def _read(words: str) -> datetime | date | None:
    """A moment, or a day where no time is told."""
    words = words.strip()
    for read in (date.fromisoformat, datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(words)
        except ValueError:
            continue
    return None


def _instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
