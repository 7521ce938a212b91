"""Who is named in a text, as numbers that can be looked up across scripts and spellings.

In: the words of a text, or the names of those who were asked. Out: keys. A text names a person when two of the name's
words stand in it side by side, titles and particles apart; the words are compared by their consonants, so that another
transcription or script is the same. Surnames alone name nobody here.
"""

import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from libs.domain.fingerprints.words import split_words
from libs.domain.interviews.names import consonants, fold, is_of_name
from libs.domain.stories.persons import person_keys

Keys = frozenset[int]  # signed, 32 bits
TELLING_CONSONANTS = 2  # with fewer, a word's vowels count too


def named_keys(words: Sequence[str]) -> Keys:
    """Keys of every two neighbouring words, as `split_words` gives them."""
    sounds = [_sound(word) for word in words if is_of_name(word)]
    return frozenset(_key(one, other) for one, other in pairwise(sounds) if one and other)


def asked_keys(persons: Iterable[str]) -> Keys:
    """Keys under which a text that names one of these persons is found; none for a name of one word."""
    return frozenset(key for person in persons for key in _keys_of(person))


def spelling_keys(persons: Iterable[str]) -> Keys:
    """Keys of which two spellings of one person's name share at least one; they find too much, never too little."""
    return frozenset(_number(f"spelling {key}") for key in person_keys(persons))


@lru_cache(maxsize=8192)
def _keys_of(person: str) -> Keys:
    """The last two words, the first with the last, and a name of two words also the other way round."""
    sounds = [sound for word in split_words(person).words if is_of_name(word) and (sound := _sound(word))]
    if len(sounds) < 2:
        return frozenset()
    found = {_key(sounds[-2], sounds[-1]), _key(sounds[0], sounds[-1])}
    if len(sounds) == 2:
        found.add(_key(sounds[1], sounds[0]))
    return frozenset(found)


@lru_cache(maxsize=65536)
def _sound(word: str) -> str:
    sounds = consonants(word)
    return sounds if len(sounds) >= TELLING_CONSONANTS else fold(word)


def _key(given: str, family: str) -> int:
    return _number(f"{given} {family}")


def _number(key: str) -> int:
    return zlib.crc32(key.encode()) - 2**31
