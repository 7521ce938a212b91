"""The word lists behind interview structure, read from the TOML files in `data/` and checked against a schema.

A file holds tables of word lists; which tables and keys it must have is said by the caller. Nothing is read at import:
each file is read once, on first use, from the installed package.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

Words = tuple[str, ...]


class VocabularyError(ValueError):
    """A data file breaks its schema. The message names file and key."""


@cache
def load(name: str) -> Mapping[str, Words]:
    """Read `data/<name>.toml`: `key = [words]`, or tables by language whose lists are joined under their key.

    Words come back NFC, in file order, each once. Raises `VocabularyError` on an empty list, a value that is no text,
    or a word given twice in one list.
    """
    raw = tomllib.loads(files(__package__).joinpath("data", f"{name}.toml").read_text(encoding="utf-8"))
    return parse(name, raw)


def parse(name: str, raw: Mapping[str, object]) -> Mapping[str, Words]:
    """Join the languages of a parsed data file; see `load`."""
    found: dict[str, dict[str, None]] = {}
    for key, value in raw.items():
        tables = value.items() if isinstance(value, Mapping) else [(key, value)]
        for inner, words in tables:
            found.setdefault(inner, {}).update(dict.fromkeys(_checked(f"{name}.toml: {key}.{inner}", words)))
    return {key: tuple(words) for key, words in found.items()}


def any_of(words: Iterable[str]) -> str:
    """A regular expression for one of `words` in upper or lower case, the longest that fits.

    They are grouped by first letter, written in both cases: so nearly every place in a text is refused at one glance.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words, key=len, reverse=True):
        groups[word[0].lower()].append(re.escape(word[1:]))
    return "|".join(f"[{re.escape(a)}{re.escape(a.upper())}](?i:{'|'.join(rest)})" for a, rest in groups.items())


def _checked(where: str, words: object) -> list[str]:
    if not isinstance(words, list) or not words or not all(isinstance(w, str) and w.strip() for w in words):
        raise VocabularyError(f"{where} must be a list of texts that is not empty")
    if len(set(words)) != len(words):
        raise VocabularyError(f"{where} gives a word twice: {sorted(w for w in set(words) if words.count(w) > 1)}")
    return [unicodedata.normalize("NFC", w) for w in words]
