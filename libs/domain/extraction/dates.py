"""Times as pages print them, in many languages, to the minute and with zone where the page says so.

In: declared strings and visible text. Out: `Moment`s and ISO 8601 strings: an instant with zone, or a bare date where
the time or its zone is unknown. Never a guess from the time of fetching; there is no clock here.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from libs.domain.extraction.rules import fold, months

_LINE_CHARS = 400  # dates stand in short lines; longer ones are not searched, as some patterns need quadratic time
_FIRST_YEAR, _LAST_YEAR = 1990, 2100  # the web's years; anything else is a number, not a year
_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}(?!\d))?)?",
    re.I,
)
_COMPACT = re.compile(r"^\s*(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?\s*$")
_WORDS_DMY = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|st|nd|rd|th|er|º|ª|-?го)?,?\s*(?:de\s|of\s|d'|-)?\s*([^\W\d_][^\d,;|()]{1,32}?)[\s.,/-]*(?:de\s|del\s)?,?\s*(\d{4})(?!\d)"
)
_WORDS_MDY = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_EAST = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_NUMBERS = re.compile(r"(?<![\d.:/-])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?![\d])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([./])(\d{1,2})\2(\d{1,2})(?!\d)")
_DAY_MONTH = re.compile(r"(?<!\d)(?P<day>\d{1,2})\.?\s+(?:de\s)?(?P<month>[^\W\d_]{3,14})\.?(?!\w)")
_MONTH_DAY = re.compile(r"(?<!\w)(?P<month>[^\W\d_]{3,14})\.?\s+(?P<day>\d{1,2})(?![\d:])")
_CLOCK = re.compile(
    r"(?<![\d.:/-])([01]?\d|2[0-4])\s?(?:[:.hH時时點点시]|Uhr\s)\s?([0-5]\d)(?::([0-5]\d))?(?![\d/])[分분]?\s*(a\.?m\b\.?|p\.?m\b\.?|ص|م(?!\w)|مساء|صباحا)?\s*,?\s*(?:uhr\b|h\b|hrs\b|ч\b|local time)?\s*\(?\s*((?:gmt|utc)\s?[+-]\s?\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2}(?!\d)|[a-z]{2,4}\b|мск|по мск|по московскому времени|بتوقيت غرينتش|بتوقيت جرينتش|بتوقيت مكة|غرينتش)?",
    re.I,
)
_RELATIVE = re.compile(
    r"(?<!\w)(?:\d+|an?|one)\s+(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago|(?<!\w)vor\s+\d+\s+\w+|(?<!\w)il y a\s+\d+\s+\w+|(?<!\w)hace\s+\d+\s+\w+|ha\s+\d+\s+\w+|\d+\s+\w+\s+(?:назад|fa|geleden|temu|siden|sedan|once|tomu)(?!\w)|منذ\s+(?:\d+\s+)?\S+|(?<!\w)(?:yesterday|today|just now|gestern|heute|hier|ayer|вчера|сегодня|امس)(?!\w)",
    re.I,
)
_URL_DATE = re.compile(
    r"(?:^|[/_-])((?:19|20)\d{2})[/_-](\d{1,2})[/_-](\d{1,2})(?=$|[/_.-])|/((?:19|20)\d{2})(\d{2})(\d{2})(?=$|[/_.-])"
)
# Minutes east of Greenwich. Abbreviations that mean different hours in different countries (IST, CST of China) are left out.
_ZONES = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 60, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "мск": 180, "помск": 180,
    "помосковскомувремени": 180, "غرينتش": 0, "بتوقيتغرينتش": 0, "بتوقيتجرينتش": 0, "بتوقيتمكة": 180,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "jst": 540, "kst": 540, "hkt": 480, "sgt": 480,
    "sast": 120, "eat": 180, "wat": 60, "cat": 120, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "pkt": 300, "wib": 420, "brt": -180,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, with clock time and zone as far as they are known. `offset` is minutes east of Greenwich."""

    day: date
    hour: int | None = None
    minute: int = 0
    second: int = 0
    offset: int | None = None

    @property
    def certain(self) -> bool:
        """An instant: time and zone are known."""
        return self.hour is not None and self.offset is not None

    def iso(self) -> str:
        """ISO 8601: the instant with its zone, or the bare day."""
        if self.hour is None or self.offset is None:
            return self.day.isoformat()
        return self._stamp().isoformat()

    def _stamp(self) -> datetime:
        zone = timezone(timedelta(minutes=self.offset or 0))
        return datetime(
            self.day.year, self.day.month, self.day.day, self.hour or 0, self.minute, self.second, tzinfo=zone
        )


def _day(year: int, month: int, day: int) -> date | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text)


def offset_of(zone: str | None) -> int | None:
    """Minutes of a zone as printed ("+03:00", "GMT+3", "CET"); None when unknown or ambiguous."""
    if not zone:
        return None
    text = zone.strip().lower().replace(" ", "")
    if text in _ZONES:
        return _ZONES[text]
    m = re.fullmatch(r"(?:gmt|utc)?([+-])(\d{1,2}):?(\d{2})?", text)
    if not m:
        return None
    minutes = int(m.group(2)) * 60 + int(m.group(3) or 0)
    return (minutes if m.group(1) == "+" else -minutes) if minutes <= 14 * 60 else None


def read_declared_time(text: str) -> Moment | None:
    """A machine-readable time: ISO 8601 in its usual spellings, RFC 2822, or any of the visible forms."""
    text = ascii_digits(text[:_LINE_CHARS])
    m = _ISO.search(text) or _COMPACT.match(text)
    if m:
        day = _day(int(m.group(1)), int(m.group(2)), int(m.group(3)))
        return _with_clock(day, m.group(4), m.group(5), m.group(6), m.group(7)) if day else None
    return read_visible_time(text)


def _with_clock(day: date, hour: str | None, minute: str | None, second: str | None, zone: str | None) -> Moment:
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59:
        return Moment(day)
    return Moment(day, int(hour), int(minute), min(59, int(second or 0)), offset_of(zone))


def read_visible_time(text: str, *, day_first: bool = True) -> Moment | None:
    """The first date in a line of text, with the clock time beside it. `day_first` reads 05/06/2024 as 5 June."""
    text = ascii_digits(text[:_LINE_CHARS])
    iso = _ISO.search(text)
    if iso and iso.group(4):
        return read_declared_time(iso.group(0))
    found = _find_day(text, day_first)
    if found is None:
        return None
    day, start, end = found
    clock = _CLOCK.search(text, end) or next(iter(_CLOCK.finditer(text, 0, start)), None)
    if clock is None or clock.start() - end > 40:
        return Moment(day)
    return _clocked(day, clock)


def _clocked(day: date, clock: re.Match[str]) -> Moment:
    hour, half = int(clock.group(1)), (clock.group(4) or "").lower().replace(".", "")
    if half in ("pm", "م", "مساء") and hour < 12:
        hour += 12
    elif half in ("am", "ص", "صباحا") and hour == 12:
        hour = 0
    if hour > 23:
        return Moment(day)
    return Moment(day, hour, int(clock.group(2)), int(clock.group(3) or 0), offset_of(clock.group(5)))


def _find_day(text: str, day_first: bool) -> tuple[date, int, int] | None:
    """The first day in `text` with its offsets."""
    found: list[tuple[int, int, date]] = []
    for pattern, read in ((_ISO, _ymd), (_EAST, _ymd), (_WORDS_DMY, _dmy_words), (_WORDS_MDY, _mdy_words)):
        for m in pattern.finditer(text):
            day = read(m)
            if day:
                found.append((m.start(), m.end(), day))
                break
    for m in _NUMBERS.finditer(text):
        day = _numbers(m, day_first)
        if day:
            found.append((m.start(), m.end(), day))
            break
    m2 = _YEAR_FIRST.search(text)
    day = _day(int(m2.group(1)), int(m2.group(3)), int(m2.group(4))) if m2 else None
    if m2 and day:
        found.append((m2.start(), m2.end(), day))
    if not found:
        return None
    start, end, day = min(found, key=lambda f: (f[0], -f[1]))
    return day, start, end


def _ymd(m: re.Match[str]) -> date | None:
    return _day(int(m.group(1)), int(m.group(2)), int(m.group(3)))


def month_of(name: str) -> int | None:
    """Number of a month name, also of two names joined by a slash (Levantine and Egyptian Arabic)."""
    table = months()
    text = fold(name).strip(" .,-")
    for part in (text, *text.split("/"), text.removeprefix("de "), text.split(" ")[0] if " " in text else ""):
        number = table.get(part.strip(" .,-"))
        if number:
            return number
    return None


def _dmy_words(m: re.Match[str]) -> date | None:
    month = month_of(m.group(2))
    return _day(int(m.group(3)), month, int(m.group(1))) if month else None


def _mdy_words(m: re.Match[str]) -> date | None:
    month = month_of(m.group(1))
    return _day(int(m.group(3)), month, int(m.group(2))) if month else None


def _numbers(m: re.Match[str], day_first: bool) -> date | None:
    first, second, year = int(m.group(1)), int(m.group(3)), int(m.group(4))
    if year < 100:
        year += 2000
    order = ((second, first), (first, second)) if day_first or m.group(2) == "." else ((first, second), (second, first))
    for month, day in order:
        found = _day(year, month, day)
        if found:
            return found
    return None


def has_time(text: str) -> bool:
    """Whether a short line holds a date, a clock time or words like "3 hours ago"."""
    text = ascii_digits(text[:_LINE_CHARS])
    if _CLOCK.search(text) or _RELATIVE.search(text) or _find_day(text, True):
        return True
    return any(month_of(m["month"]) for p in (_DAY_MONTH, _MONTH_DAY) for m in p.finditer(text))


def without_time(text: str) -> str:
    """A line without its dates and clock times."""
    text = ascii_digits(text[:_LINE_CHARS])
    for pattern in (_ISO, _EAST, _YEAR_FIRST, _NUMBERS):
        text = pattern.sub(" ", text)
    text = _WORDS_DMY.sub(lambda m: " " if month_of(m.group(2)) else m.group(0), text)
    text = _WORDS_MDY.sub(lambda m: " " if month_of(m.group(1)) else m.group(0), text)
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        text = pattern.sub(lambda m: " " if month_of(m["month"]) else m.group(0), text)
    text = _CLOCK.sub(_drop_clock, text)
    return _RELATIVE.sub(" ", text)


def _drop_clock(m: re.Match[str]) -> str:
    zone = m.group(5)
    return f" {zone}" if zone and offset_of(zone) is None else " "


def read_comment_time(text: str, near: str | None) -> str | None:
    """Time of a reader's comment. A day without a year is the first such day not before the article (`near`)."""
    moment = read_visible_time(text)
    base = read_declared_time(near) if near else None
    if moment is None and base is not None:
        moment = _same_season(ascii_digits(text), base)
    if moment is None:
        return None
    if base is not None and moment.hour is not None and moment.offset is None and base.offset is not None:
        moment = Moment(moment.day, moment.hour, moment.minute, moment.second, base.offset)
    return moment.iso()


def _same_season(text: str, base: Moment) -> Moment | None:
    for m in (*_DAY_MONTH.finditer(text), *_MONTH_DAY.finditer(text)):
        month = month_of(m["month"])
        if month:
            years = (base.day.year, base.day.year + 1)
            days = [d for y in years if (d := _day(y, month, int(m["day"]))) and d >= base.day - timedelta(days=1)]
            clock = _CLOCK.search(text)
            return (_clocked(days[0], clock) if clock else Moment(days[0])) if days else None
    return None


def day_in_url(url: str) -> Moment | None:
    """The day that a URL's path names."""
    m = _URL_DATE.search(url)
    if not m:
        return None
    parts = [g for g in m.groups() if g]
    day = _day(int(parts[0]), int(parts[1]), int(parts[2]))
    return Moment(day) if day else None


def settle(moments: Iterable[Moment], hint: str | None = None) -> str | None:
    """The best of several times of one event, in order of trust: the first instant on the first one's day, else that
    day. `hint` is an instant from a feed or sitemap; it gives the zone, or the time, of a page that prints none."""
    known = list(moments)
    told = read_declared_time(hint) if hint else None
    if not known:
        return told.iso() if told else None
    first = known[0]
    if first.certain:
        return first.iso()
    near = [m for m in known if abs((m.day - first.day).days) <= 1]
    exact = next((m for m in near if m.certain), None)
    if exact:
        return exact.iso()
    if told and told.certain and abs((told.day - first.day).days) <= 1:
        return _zoned(next((m for m in near if m.hour is not None), first), told).iso()
    return first.iso()


def _zoned(local: Moment, told: Moment) -> Moment:
    """A local time with the zone that makes it the told instant, if such a zone exists; else the told instant."""
    if local.hour is None:
        return told
    as_if_utc = Moment(local.day, local.hour, local.minute, offset=0)
    minutes = round((as_if_utc._stamp() - told._stamp()).total_seconds() / 60)
    if minutes % 15 == 0 and -12 * 60 <= minutes <= 14 * 60:
        return Moment(local.day, local.hour, local.minute, local.second, minutes)
    return told
