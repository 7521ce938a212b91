"""Text to words, with the way back to character offsets.

In: any text. Out: its words, normalised for comparison, and where each stands in the text as it was given.
Two texts that differ in case, punctuation, quotation marks, apostrophes, combining marks of vocalisation or width of
characters have the same words. Scripts written without spaces give one word a character.
"""

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

# Characters that join the parts of one word and are dropped from it: apostrophes in every spelling, soft hyphen,
# zero-width joiners (Persian), word joiner, Arabic tatweel.
APOSTROPHES = "'\u2018\u2019\u201b\u02bc\u02bb\uff07\u00b4`\u2032"
_SILENT = "\u00ad\u200c\u200d\u2060\u0640"
_DROP = dict.fromkeys(map(ord, APOSTROPHES + _SILENT))

# Han, Hiragana, Katakana, Thai, Lao, Myanmar, Khmer: written without spaces. (Hangul is written with them.)
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text in order; `starts[i]:ends[i]` is word `i` in the text, end exclusive."""

    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.words)

    def span(self, first: int, end: int) -> tuple[int, int]:
        """Character offsets of the words `first:end` (at least one)."""
        return self.starts[first], self.ends[end - 1]


def split_words(text: str) -> Words:
    """All words of `text`.

    >>> split_words("It doesn’t END.").words
    ('it', 'doesnt', 'end')
    """
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _word_pattern().finditer(text):
        word = _normal(match.group())
        if word:
            start, end = match.span()
            words.append(word)
            starts.append(start)
            ends.append(end)
    return Words(tuple(words), tuple(starts), tuple(ends))


@cache
def _word_pattern() -> re.Pattern[str]:
    """A letter or digit with what follows it inside a word; or one character of a script without spaces."""
    marks = _mark_ranges()
    letter = f"[^\\W_{_UNSPACED}]"
    inside = f"[{marks}{_SILENT}]|[{APOSTROPHES}](?={letter})"
    return re.compile(f"{letter}+(?:(?:{inside}){letter}*)*|[{_UNSPACED}][{marks}]*")


@cache
def _mark_ranges() -> str:
    """All combining marks as ranges of a character class; `\\w` does not know them."""
    points = [c for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) in ("Mn", "Mc")]
    ranges: list[list[int]] = []
    for point in points:
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@lru_cache(maxsize=1 << 16)  # a language's common words are most of any text
def _normal(word: str) -> str:
    if word.isascii():
        return word.lower().translate(_DROP)
    # Dropped before NFKC too: it takes the acute accent that stands for an apostrophe apart.
    folded = unicodedata.normalize("NFKC", word.translate(_DROP)).lower().translate(_DROP)
    if folded.isascii():
        return folded
    return "".join(map(_fold, unicodedata.normalize("NFC", folded)))


@cache
def _fold(character: str) -> str:
    """Digits of any script as ASCII; vowel points of Arabic and Hebrew dropped, as they are optional in writing."""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) == "Mn" and ("\u0590" <= character <= "\u06ff"):
        return ""
    return character
