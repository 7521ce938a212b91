"""Words of texts in many scripts, and the way back to their characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.domain.fingerprints.words import split_words


@pytest.mark.parametrize("apostrophe", ["'", "’", "‘", "ʼ", "＇", "`", "´"])
def test_every_spelling_of_the_apostrophe_gives_one_word(apostrophe: str) -> None:
    assert split_words(f"it doesn{apostrophe}t end").words == ("it", "doesnt", "end")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("‘We are,’ he said.", "we are he said"),
        ("كِتَابٌ جديد", "كتاب جديد"),
        ("ـــكتاب", "كتاب"),
        ("می‌خواهم", "میخواهم"),
        ("١٢ شخصا", "12 شخصا"),
        ("Ｆｕｌｌ width", "full width"),
        ("co\u00adoperate", "cooperate"),
        ("«ДВЕРЬ»", "дверь"),
        (unicodedata.normalize("NFD", "Café Müller"), "café müller"),
    ],
)
def test_texts_that_differ_in_writing_only_have_the_same_words(one: str, other: str) -> None:
    assert split_words(one).words == split_words(other).words


def test_scripts_without_spaces_give_a_word_a_character() -> None:
    assert split_words("停火是一扇门").words == tuple("停火是一扇门")


def test_vowel_signs_stay_inside_their_word() -> None:
    assert split_words("हिन्दी में").words == ("हिन्दी", "में")


def test_letters_with_different_marks_stay_different_words() -> None:
    assert split_words("peché péché").words == ("peché", "péché")


def test_offsets_lead_back_to_the_text_as_given() -> None:
    text = "She’s  in\nal-Raqqah — «now»."
    words = split_words(text)
    assert [text[s:e] for s, e in zip(words.starts, words.ends, strict=True)] == ["She’s", "in", "al", "Raqqah", "now"]
    assert text[slice(*words.span(1, 4))] == "in\nal-Raqqah"


@given(st.text(max_size=200))
def test_words_stand_in_order_and_do_not_overlap(text: str) -> None:
    words = split_words(text)
    edges = [edge for span in zip(words.starts, words.ends, strict=True) for edge in span]
    assert edges == sorted(edges)
    assert all(word for word in words.words)
    assert all(start < end for start, end in zip(words.starts, words.ends, strict=True))
