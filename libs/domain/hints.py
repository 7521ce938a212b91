"""When a page was published, as the feeds and sitemaps that list it say: from many words one hint.

In: dates as they stand in the lists. Out: ISO 8601, an instant with its zone or a bare day; None where nothing can be
read. A hint is made the same whatever arrived first: a time of publication goes before one of a change, an instant
before a bare day, the earlier before the later. There is no clock here; what is absurd is told from the capture's time.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from libs.domain.extraction.dates import read_declared_time
from libs.domain.feeds import FeedItem

AHEAD = timedelta(days=1)  # zones that were told wrongly are off by less


def hint_of(items: Iterable[FeedItem]) -> str | None:
    """The hint for a page from all items that list it, in any order. Words that are no date since 1990 tell nothing."""
    ranked = (_ranked(words, kind) for item in items for kind, words in enumerate((item.published, item.updated)))
    return min((found for found in ranked if found), default=(0, 0, "", None))[-1]


def believable(hint: str | None, captured_at: datetime) -> str | None:
    """The hint, or None if it lies more than `AHEAD` after the capture, whose time has a zone."""
    moment = _instant(hint) if hint else None
    return hint if moment and moment <= captured_at + AHEAD else None


def _ranked(words: str | None, kind: int) -> tuple[int, int, str, str] | None:
    moment = read_declared_time(words) if words else None
    if moment is None:
        return None
    iso = moment.iso()
    return kind, int(not moment.certain), _instant(iso).isoformat(), iso


def _instant(iso: str) -> datetime:
    moment = datetime.fromisoformat(iso)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
