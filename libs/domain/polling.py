"""When to ask again: the period of a standing source, the delay of a retry, the re-check of a listed page.

In: counts and seconds. Out: seconds. The clock belongs to the caller.
"""

from collections.abc import Sequence

# A poll should find a third to two thirds of its items known: fewer means that items were missed, more that the poll
# was idle (the rule and the share are those of mediacloud/rss-fetcher, `fetcher/config.py`).
FEW_KNOWN = 1 / 3
MANY_KNOWN = 2 / 3
SLOWER = 1.5
FASTER = 0.5

# A page that a feed still lists is asked again after an hour, then after twice as long each time, up to a day.
FIRST_RECHECK_SECONDS = 3600
LAST_RECHECK_SECONDS = 24 * 3600


def next_period(period_seconds: float, *, items: int, new_items: int, floor_seconds: float, cap_seconds: float) -> int:
    """The next polling period of a source from what the last poll found; an unchanged answer has `items` 0."""
    known = 1.0 if items == 0 else 1 - new_items / items
    if known > MANY_KNOWN:
        period_seconds *= SLOWER
    elif known < FEW_KNOWN:
        period_seconds *= FASTER
    return round(min(max(period_seconds, floor_seconds), cap_seconds))


def failure_period(period_seconds: float, failures: int, *, cap_seconds: float) -> int:
    """How long to leave a source alone after `failures` (from 1) failed polls in a row: doubling up to the cap."""
    return round(min(period_seconds * (1 << min(failures - 1, 16)), cap_seconds))


def retry_delay(delays_seconds: Sequence[float], failed: int, *, asked_seconds: float | None) -> float | None:
    """Seconds until the next try after `failed` (from 1) tries, None when that was the last.

    `asked_seconds` is what the server asked for (Retry-After); it lengthens the delay, never shortens it.
    """
    if failed > len(delays_seconds):
        return None
    return max(delays_seconds[failed - 1], asked_seconds or 0.0)
