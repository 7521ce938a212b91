"""Names of persons to keys, so that candidates for one person can be looked up."""

from collections.abc import Iterable

from libs.domain.interviews import names

# Consonants that transcriptions confuse, taken as one (the classes of `names.same_person`).
_CLASSES = str.maketrans("mpdgskxfwz", "nbtkkkkvvk", "aeiouyhj")


def person_keys(persons: Iterable[str]) -> frozenset[str]:
    """Keys of names: two spellings of one person's name (`names.same_person`) share at least one.

    A key is a word of the name by its consonants; a word without any stands for all of its kind.
    """
    return frozenset(_sound_key(word) for person in persons for word in names.person_words(person))


def _sound_key(word: str) -> str:
    sounds = names.consonants(word).translate(_CLASSES)
    return "".join(c for n, c in enumerate(sounds) if n == 0 or c != sounds[n - 1]) or "-"
