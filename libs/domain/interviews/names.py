"""Are two spellings the same person, or the same outlet? Across titles, transcriptions and scripts.

Both answers are conservative: `True` only where the names themselves say so. `False` means "not known to be the same",
which is neither a conflict nor a proof of difference.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache

from anyascii import anyascii

from libs.domain.interviews.vocabulary import load

# One sound, many spellings; applied in order to lower-case ASCII. Sources: the common romanisations of Russian, Arabic
# and Polish names in English, French and German news.
_SOUNDS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"'|`|\"", ""),
        (r"shch|tsch|sch|tch|cz|sh|ch|sz|zh|dj", "s"),
        (r"ao$", "an"),
        (r"(?<=..)ine$", "in"),
        (r"ou|oo", "u"),
        (r"ph", "f"),
        (r"ck|qu|q", "k"),
        (r"kh|gh", "g"),
        (r"th", "t"),
        (r"w", "v"),
        (r"[yj]", "i"),
        (r"c(?=[ei])", "s"),
        (r"c", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(?<=.)h", ""),
        (r"(.)\1+", r"\1"),
    )
)
_ALIKE = (
    frozenset("aeiou"),
    frozenset("mn"),
    frozenset("bp"),
    frozenset("dt"),
    frozenset("gk"),
    frozenset("vf"),
    frozenset("ks"),
)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_CASE_ENDING = re.compile(r"(?<=..)(?:[aeiou]+m?|ogo|omu)$")
_ABJAD = re.compile(r"[\u0590-\u05ff\u0600-\u06ff\u0750-\u077f]")


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """A word's sound in lower-case ASCII: diacritics, case and common transcriptions folded."""
    text = re.sub(r"[^a-z0-9]+", "", anyascii(unicodedata.normalize("NFC", word)).casefold())
    for pattern, to in _SOUNDS:
        text = pattern.sub(to, text)
    return text


@lru_cache(maxsize=32768)
def plain(word: str) -> str:
    """Lower-case ASCII without marks; spelling kept."""
    return re.sub(r"[^a-z0-9]+", "", anyascii(unicodedata.normalize("NFC", word)).casefold())


@lru_cache(maxsize=8192)
def person_words(name: str) -> tuple[str, ...]:
    """The words of a name without titles and particles, in order, spelt as given."""
    return tuple(w for part in re.split(r"[\s,]+", name) for w in _split_prefix(part) if is_of_name(w))


@lru_cache(maxsize=32768)
def is_of_name(word: str) -> bool:
    """Whether a word can be one of a person's name itself: no title, no particle, no mere punctuation."""
    spelt = plain(word)
    return bool(spelt) and spelt not in _plain_words("titles") and spelt not in _plain_words("particles")


@lru_cache(maxsize=32768)
def same_person(a: str, b: str) -> bool:
    """Whether two names are spellings of one person's.

    Family names must sound alike, given names (where both have one) too: an initial fits its name. A family name alone
    fits any given name. Titles are dropped. Latin, Cyrillic, Arabic and Hebrew script are compared by sound.
    """
    one, two = person_words(a), person_words(b)
    if not one or not two:
        return False
    if len(one) == 1 or len(two) == 1:
        short, long = sorted((one, two), key=len)
        return len(plain(short[0])) > 1 and _alike(short[0], long[-1])
    if _alike(one[-1], two[-1], least=2):
        return _given_alike(one[:-1], two[:-1])
    return len(one) == len(two) == 2 and _alike(one[0], two[1], least=2) and _alike(one[1], two[0], least=2)


def same_outlet(a: str, b: str) -> bool:
    """Whether two names are spellings of one outlet's: "Russia 24", "Rossiya 24 channel"; "Radio Sefar", "Sefar radio".

    What is left without words such as "channel" must sound alike word by word; radio and television of one name differ.
    """
    if _media_conflict(a, b):
        return False
    (all_a, core_a), (all_b, core_b) = _outlet_words(a), _outlet_words(b)
    return _same_words(core_a, core_b) or _same_words(all_a, all_b)


def _split_prefix(word: str) -> list[str]:
    """Take "al-", "el-" and the like off; other hyphens split a double name."""
    return [w for w in re.split(r"[-‐‑’'](?=\w{2})|\.(?=\w)", word) if w] or [word]


def _given_alike(one: Sequence[str], two: Sequence[str]) -> bool:
    first, second = plain(one[0]), plain(two[0])
    if len(first) == 1 or len(second) == 1:
        return first[:1] == second[:1]
    if min(len(first), len(second)) >= 4 and (first.endswith(second) or second.endswith(first)):
        return True  # Dora, Theodora
    return _alike(one[0], two[0], least=2)


def _alike(a: str, b: str, *, least: int = 3) -> bool:
    """Words that sound alike; between an abjad and an alphabet only consonants can be compared, `least` or more."""
    if bool(_ABJAD.search(a)) != bool(_ABJAD.search(b)):
        one, two = consonants(a), consonants(b)
        return len(one) >= least and one == two
    one, two = fold(a), fold(b)
    if bool(_CYRILLIC.search(a)) or bool(_CYRILLIC.search(b)):
        one, two = _CASE_ENDING.sub("", one), _CASE_ENDING.sub("", two)
    if one == two:
        return bool(one)
    return len(one) == len(two) >= 5 and _one_sound_apart(one, two)


def _one_sound_apart(one: str, two: str) -> bool:
    """Equal but for one letter that transcriptions confuse ("Idris", "Edris")."""
    apart = [(x, y) for x, y in zip(one, two, strict=True) if x != y]
    if len(apart) != 1 or {one[-1], two[-1]} == {"a", "o"}:  # Maria is not Mario
        return False
    return any(set(apart[0]) <= alike for alike in _ALIKE)


def consonants(word: str) -> str:
    """The consonants that survive in any script; w is a vowel in Arabic and a consonant elsewhere."""
    text = plain(word)
    if _ABJAD.search(word):
        text = plain(re.sub(r"^ال(?=.{2})", "", word)).replace("w", "").replace("tsh", "sh")
    sound = re.sub(r"[aeiou]", "", fold(text)).replace("v", "f").replace("p", "b").replace("i", "")
    return re.sub(r"(.)\1+", r"\1", re.sub(r"h", "", sound))


def _outlet_words(name: str) -> tuple[list[str], list[str]]:
    """All words of an outlet's name, and those that tell it from others (all, when nothing else is left)."""
    words = [w for w in re.split(r"[\s\-–/.«»“”\"'’‘]+", name) if plain(w)]
    weak = _plain_words("media_neutral") | _plain_words("media_radio") | _plain_words("media_television")
    words = [_canonical(w) for w in words]
    return words, [w for w in words if plain(w) not in weak] or words


def _same_words(one: Sequence[str], two: Sequence[str]) -> bool:
    if not one or len(one) != len(two):
        return False
    return all(any(_alike(x, y, least=2) for y in two) for x in one) and all(
        any(_alike(x, y, least=2) for x in one) for y in two
    )


def _media_conflict(a: str, b: str) -> bool:
    radio, television = _plain_words("media_radio"), _plain_words("media_television")

    def media(name: str) -> set[str]:
        words = {plain(w) for w in name.split()}
        return {kind for kind, known in (("radio", radio), ("tv", television)) if words & known}

    one, two = media(a), media(b)
    return bool(one and two and not one & two)


def _canonical(word: str) -> str:
    spellings = _outlet_spellings()
    return spellings.get(plain(word), word)


@cache
def _plain_words(key: str) -> frozenset[str]:
    return frozenset(plain(w) for w in load("names")[key])


@cache
def _outlet_spellings() -> dict[str, str]:
    words = load("outlet_spellings")
    return {plain(other): first for first, others in words.items() for other in others}
