"""When an interview was broadcast, from the words beside it.

In: a sentence, where in it the interview is spoken of, and the day of publication. Out: an ISO date or `None`.
A weekday means the last one up to the day of publication; without a day of publication only a full date is known.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache

from libs.domain.interviews.vocabulary import load

_AHEAD = re.compile(r"\b(?:next|coming|nächsten|kommenden|prochain|próximo|следующ\w+)\s*$", re.IGNORECASE)
_LONG_AGO = re.compile(
    r"\b(?:last week|weeks? ago|months? ago|years? ago|la semaine dernière|vergangene woche)\b", re.IGNORECASE
)
_REACH = 90  # characters between the outlet and the date; farther off it dates something else
_LONGEST_BACK_DAYS = 45  # a date without a year that far before publication, or less, is of the same year's turn


def aired_on(sentence: str, at: int, published: str | None) -> str | None:
    """The date nearest to offset `at` of a sentence that tells of an interview."""
    day = _day(published)
    found = [(abs(m.start() - at), value) for m, value in _dates(sentence, day) if value]
    near = [pair for pair in found if pair[0] <= _REACH]
    return min(near)[1] if near else None


def broadcast_on(texts: Iterable[str], published: str | None) -> str | None:
    """The date behind words that say when it was on the air ("the interview, which was aired on Wednesday")."""
    found = ((text, match) for text in texts for match in _broadcast().finditer(text))
    dates = (
        aired_on(text[match.start() : match.end() + 40], match.end() - match.start(), published)
        for text, match in found
    )
    return next((value for value in dates if value), None)


@cache
def _broadcast() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in load("dates")["broadcast"]), re.IGNORECASE)


def _dates(sentence: str, day: date | None) -> list[tuple[re.Match[str], str | None]]:
    full = [(m, _full_date(m, day)) for m in _full_pattern().finditer(sentence)]
    if any(value for _, value in full):
        return full
    if day is None or _LONG_AGO.search(sentence):
        return []
    near = [(m, _relative(m, day)) for m in _relative_pattern().finditer(sentence)]
    week = [(m, _weekday(m, sentence, day)) for m in _weekday_pattern().finditer(sentence)]
    return [*near, *week]


def _day(published: str | None) -> date | None:
    try:
        return date.fromisoformat(published[:10]) if published else None
    except ValueError:
        return None


def _full_date(found: re.Match[str], day: date | None) -> str | None:
    number = int(found["day"] or found["day2"])
    month = _forms("month")[(found["month"] or found["month2"]).casefold()]
    year = int(found["year"]) if found["year"] else None
    try:
        if year:
            return date(year, month, number).isoformat()
        if day is None:
            return None
        value = date(day.year, month, number)
        if value > day:
            value = date(day.year - 1, month, number)
    except ValueError:
        return None
    return value.isoformat() if (day - value).days <= _LONGEST_BACK_DAYS else None


def _relative(found: re.Match[str], day: date) -> str:
    return (day - timedelta(days=_forms("relative")[found[0].casefold().replace("'", "’")])).isoformat()


def _weekday(found: re.Match[str], sentence: str, day: date) -> str | None:
    if _AHEAD.search(sentence[: found.start()]):
        return None
    back = (day.isoweekday() - _forms("weekday")[found[1].casefold()]) % 7
    return (day - timedelta(days=back)).isoformat()


@cache
def _forms(key: str) -> dict[str, int]:
    pairs = (form.rsplit(":", 1) for form in load("dates")[key])
    return {word.casefold(): int(number) for word, number in pairs}


def _alternatives(key: str) -> str:
    return "|".join(re.escape(word) for word in sorted(_forms(key), key=len, reverse=True))


@cache
def _full_pattern() -> re.Pattern[str]:
    month = _alternatives("month")
    return re.compile(
        rf"(?<!\d)(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?(?: de| of)? (?P<month>{month})|(?P<month2>{month})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)"
        rf"(?!\w)(?:,?(?: de)? (?P<year>(?:19|20)\d\d))?",
        re.IGNORECASE,
    )


@cache
def _relative_pattern() -> re.Pattern[str]:
    words = _alternatives("relative").replace("’", "[’']")
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


@cache
def _weekday_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)({_alternatives('weekday')})(?![\w’'])", re.IGNORECASE)
