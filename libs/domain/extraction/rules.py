"""The words by which pages mark what they print, read once from the data files beside this module.

In: `data/*.toml`. Out: frozen tables and compiled patterns. A file of the wrong shape raises `RuleFileError` that names
the file and the key. Words are compared after `fold`: lower case, no accents, Arabic letters in one form, so that
one entry covers the spellings a page may use.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from libs.domain.extraction.decode import bound_marks

# Arabic hamza carriers and alef maqsura vary by house style; tatweel is decoration.
_LETTERS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ـ": None, "ک": "ك", "ی": "ي", "ı": "i"}
    | {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "\u00a0": " "}
)


class RuleFileError(ValueError):
    """A data file has not the shape that the code reads; the message names the file and what is wrong."""


def fold(text: str) -> str:
    """Lower case, accents and Arabic marks removed, blanks collapsed; Cyrillic short i and Hangul are kept."""
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    text = text.translate(_LETTERS).casefold()
    if not text.isascii():
        text = "".join(
            c for c in unicodedata.normalize("NFKD", bound_marks(text)) if not unicodedata.combining(c) or c == "\u0306"
        )
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


_LONG_CHARS = 100_000
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def count_words(text: str) -> int:
    """Words of a text; in scripts that set no blanks two characters count as one, and 40 characters are never less."""
    if len(text) > _LONG_CHARS:  # in pieces, so that the words of a whole book are not held at once
        return sum(count_words(text[n : n + _LONG_CHARS]) for n in range(0, len(text), _LONG_CHARS))
    words = len(_WORD.findall(text))
    if not text.isascii():
        words += len(_UNSPACED.findall(text)) // 2
    return max(words, len(text) // 40)


def printed_words(text: str) -> int:
    """Words of a text as its readers count them: parted by blanks; in scripts that set none two characters are one."""
    return len(text.split()) + (0 if text.isascii() else len(_UNSPACED.findall(text)) // 2)


def _alternatives(words: Iterable[str]) -> str:
    folded = sorted({fold(w) for w in words}, key=lambda w: (-len(w), w))
    return "|".join(re.escape(w) for w in folded)


def _starts(words: Iterable[str]) -> re.Pattern[str]:
    """Matches a folded text that begins with one of the words, at a word's end."""
    return re.compile(rf"\W*(?:{_alternatives(words)})(?!\w)")


def _prefix(words: Iterable[str]) -> re.Pattern[str]:
    """Like `_starts`, and takes the colon or dash after the word."""
    return re.compile(rf"\W*(?:{_alternatives(words)})(?!\w)\s*[:：|–—-]*\s*")


def _contains(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_alternatives(words)})(?!\w)")


def _heading(words: Iterable[str], *, more_words: int = 0) -> re.Pattern[str]:
    """Matches a folded text that is one of the words, perhaps with a count, a colon or `more_words` words after."""
    tail = rf"(?:\W+\w+){{0,{more_words}}}" if more_words else ""
    return re.compile(rf"\W*(?:\d[\d.,\s]*)?(?:{_alternatives(words)}){tail}\W*(?:\d[\d.,]*)?\W*$")


@dataclass(frozen=True, slots=True)
class Markers:
    """Patterns over folded text. `*_start` match a paragraph's beginning, `*_heading` a whole short paragraph."""

    teaser_start: re.Pattern[str]
    teaser_heading: re.Pattern[str]
    comments_heading: re.Pattern[str]
    comment_notice: re.Pattern[str]
    comment_actions: frozenset[str]
    avatar: re.Pattern[str]
    said: frozenset[str]
    promo_start: re.Pattern[str]
    promo_label: re.Pattern[str]
    caption_start: re.Pattern[str]
    byline_prefix: re.Pattern[str]
    credit_prefix: re.Pattern[str]
    head_words: re.Pattern[str]
    paywall: re.Pattern[str]
    missing: re.Pattern[str]
    house: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ClassWords:
    """Words of class, id and role attributes, by what they tell."""

    noise: frozenset[str]
    noise_prefixes: tuple[str, ...]
    keep: frozenset[str]
    comments: frozenset[str]
    not_comments: frozenset[str]
    author: frozenset[str]
    date: frozenset[str]
    deck: frozenset[str]


@dataclass(frozen=True, slots=True)
class DeclaredNames:
    """Names of meta tags by what they declare, the most trusted first; then words that weigh what was declared."""

    published: tuple[str, ...]
    modified: tuple[str, ...]
    authors: tuple[str, ...]
    titles: tuple[str, ...]
    image: tuple[str, ...]
    section: tuple[str, ...]
    tags: tuple[str, ...]
    keywords: tuple[str, ...]
    access: tuple[str, ...]
    locked: frozenset[str]
    free: frozenset[str]
    stand_ins: frozenset[str]
    no_sections: frozenset[str]
    tag_label: re.Pattern[str]
    tag_classes: frozenset[str]
    crumb_classes: frozenset[str]


def _load(name: str) -> dict[str, object]:
    return tomllib.loads(resources.files(__package__).joinpath("data", name).read_text(encoding="utf-8"))


def _words(table: dict[str, object], file: str, *path: str) -> list[str]:
    """The list of words at `path`; raises RuleFileError when it is missing, empty or holds anything but words."""
    value: object = table
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list) or not value or not all(isinstance(w, str) and w.strip() for w in value):
        raise RuleFileError(f"{file}: {'.'.join(path)} must be a list of non-empty words")
    return value


@lru_cache(maxsize=1)
def markers() -> Markers:
    """The markers of `markers.toml`; raises RuleFileError."""
    table = _load("markers.toml")

    def words(*path: str) -> list[str]:
        return _words(table, "markers.toml", *path)

    return Markers(
        teaser_start=_starts(words("teaser", "start")),
        teaser_heading=_heading(words("teaser", "heading"), more_words=3),
        comments_heading=_heading(words("comments", "heading")),
        comment_notice=_contains(words("comments", "notices")),
        comment_actions=frozenset(fold(w) for w in words("comments", "actions")),
        avatar=_starts(words("comments", "avatars")),
        said=frozenset(fold(w) for w in words("comments", "said")),
        promo_start=_starts(words("promo", "start")),
        promo_label=_starts(words("promo", "label")),
        caption_start=_starts(words("promo", "caption")),
        byline_prefix=_prefix(words("byline", "start")),
        credit_prefix=re.compile(rf"\W*(?:{_alternatives(words('credit', 'start'))})\s*[:：]\s*"),
        head_words=_contains(words("head", "words")),
        paywall=_contains(words("wall", "paywall")),
        missing=_heading(words("wall", "missing"), more_words=4),
        house=_heading(words("wall", "house"), more_words=0),
    )


@lru_cache(maxsize=1)
def class_words() -> ClassWords:
    """The class words of `classes.toml`; raises RuleFileError."""
    table = _load("classes.toml")

    def words(*path: str) -> frozenset[str]:
        return frozenset(_words(table, "classes.toml", *path))

    return ClassWords(
        noise=words("noise", "words"),
        noise_prefixes=tuple(sorted(words("noise", "prefixes"))),
        keep=words("noise", "keep"),
        comments=words("comments", "words"),
        not_comments=words("comments", "not"),
        author=words("author", "words"),
        date=words("date", "words"),
        deck=words("deck", "words"),
    )


@lru_cache(maxsize=1)
def declared_names() -> DeclaredNames:
    """The names of `declared.toml`; raises RuleFileError."""
    table = _load("declared.toml")

    def words(*path: str) -> list[str]:
        return _words(table, "declared.toml", *path)

    metas = ("published", "modified", "authors", "titles", "image", "section", "tags", "keywords", "access")
    return DeclaredNames(
        **{name: tuple(words("meta", name)) for name in metas},
        locked=frozenset(words("access", "locked")),
        free=frozenset(words("access", "free")),
        stand_ins=frozenset(words("image", "stand_ins")),
        no_sections=frozenset(fold(w) for w in words("section", "none")),
        tag_label=re.compile(rf"\W*(?:{_alternatives(words('tags', 'labels'))})\s*[:：]\s*"),
        tag_classes=frozenset(words("tags", "classes")),
        crumb_classes=frozenset(words("tags", "crumbs")),
    )


@lru_cache(maxsize=1)
def months() -> dict[str, int]:
    """Folded month name -> number 1 to 12; raises RuleFileError."""
    table = _load("months.toml")
    return {fold(w): n for n in range(12, 0, -1) for w in _words(table, "months.toml", str(n))}


_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")


@lru_cache(maxsize=20_000)
def attribute_words(value: str) -> frozenset[str]:
    """The words of an attribute value: split at punctuation and camelCase, and each blank-separated part whole."""
    parts = value.split()[:12]
    whole = {re.sub(r"[\W\d_]+", "", p).lower() for p in parts}
    return frozenset(whole | {t.lower() for p in parts for t in _TOKEN.findall(p)})
