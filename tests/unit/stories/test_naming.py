"""Whether a text names a person, across spellings and scripts."""

import pytest

from libs.domain.fingerprints.words import split_words
from libs.domain.stories.naming import asked_keys, named_keys, spelling_keys


@pytest.mark.parametrize(
    ("person", "text"),
    [
        ("Idris Halvani", "The council met Idris Halvani on Monday."),
        ("Bashar al-Assad", "В интервью Башара Асада спросили о войне."),
        ("Idris Halvani", "وقال إدريس هلفاني إن المدينة بخير."),
        ("President Bashar al-Assad", "Only Bashar Assad answered."),
        ("Mahamadou Idrissa Kané", "Minister Idrissa Kane denied it."),
        ("Halvani Idris", "The mayor, Idris Halvani, left."),
        ("习近平", "记者问习近平。"),
    ],
)
def test_a_text_names_whom_it_spells_otherwise(person: str, text: str) -> None:
    assert asked_keys([person]) & named_keys(split_words(text).words)


@pytest.mark.parametrize(
    ("person", "text"),
    [
        ("Idris Halvani", "Idris came late. Nobody saw Halvani."),
        ("Idris Halvani", "Minister Halvani said so."),
        ("Halvani", "Idris Halvani said so, and Halvani repeated it."),
        ("Dora Maskell", "Dora Mertens and Anna Maskell spoke."),
        ("Mr", "Mr President, sir."),
    ],
)
def test_a_surname_or_the_words_apart_name_nobody(person: str, text: str) -> None:
    assert not asked_keys([person]) & named_keys(split_words(text).words)


def test_a_surname_alone_shares_a_spelling_key_with_the_full_name() -> None:
    assert spelling_keys(["Halvani"]) & spelling_keys(["Edris Halwani"])
    assert not spelling_keys(["Halvani"]) & spelling_keys(["Tobias Renneke"])


def test_keys_fit_into_a_signed_integer_of_32_bits() -> None:
    keys = named_keys(split_words("one two three four five six seven eight nine ten").words) | spelling_keys(["Idris"])
    assert keys
    assert all(-(2**31) <= key < 2**31 for key in keys)
