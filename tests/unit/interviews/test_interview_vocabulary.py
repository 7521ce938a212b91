"""The data files keep their schema."""

import re
from importlib.resources import files

import pytest

from libs.domain.interviews.asking import askings
from libs.domain.interviews.vocabulary import VocabularyError, any_of, load, parse

DATA = sorted(path.name.removesuffix(".toml") for path in files("libs.domain.interviews").joinpath("data").iterdir())


@pytest.mark.parametrize("name", DATA)
def test_every_data_file_loads(name: str) -> None:
    assert all(words for words in load(name).values())


@pytest.mark.parametrize(
    "broken", [{"words": []}, {"words": "text"}, {"words": ["a", "a"]}, {"en": {"words": [1]}}, {"words": [" "]}]
)
def test_a_broken_file_is_refused_with_its_key(broken: dict[str, object]) -> None:
    with pytest.raises(VocabularyError, match="words"):
        parse("broken", broken)


def test_languages_are_joined_under_their_key() -> None:
    assert parse("x", {"en": {"w": ["a", "b"]}, "fr": {"w": ["b", "c"]}})["w"] == ("a", "b", "c")


def test_patterns_of_asking_are_in_lower_case_like_the_sentences_they_are_matched_on() -> None:
    patterns = [pattern for kind in load("asking").values() for pattern in kind]
    assert [pattern for pattern in patterns if re.search(r"(?<!\\)[A-ZÀ-ÞА-Я]", pattern)] == []


def test_one_of_some_words_is_found_in_any_case_and_at_its_longest() -> None:
    pattern = re.compile(rf"(?<!\w)(?:{any_of(['say', 'said', 'said of', 'été', 'c++'])})(?!\w)")
    assert pattern.findall("SAID of him, Said he; été, Été, c++ but essay, saids") == [
        "SAID of",
        "Said",
        "été",
        "Été",
        "c++",
    ]


def test_every_pattern_of_asking_compiles() -> None:
    assert askings(["A title about Radio Sefar", "Anna Berg of Radio Sefar met Carl Ott."], sure=["Radio Sefar"]) != []
