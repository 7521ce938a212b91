"""The texts of the own page set, one file a language, read once.

All of them are written for this set: no text, name or outlet is taken from anywhere else.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr", "de", "es", "ru", "ar")


@dataclass(frozen=True, slots=True)
class Story:
    """A report. `agency` is the one that its last paragraph names in brackets, `quoted` the person of its quotations."""

    title: str
    deck: str
    author: str
    paragraphs: tuple[str, ...]
    agency: str | None = None
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """An interview. `turns` are pairs of question and answer; an answer may have several paragraphs."""

    title: str
    author: str
    intro: tuple[str, ...]
    interviewee: str
    interviewer: str
    outlet: str
    aired: str
    question_word: str
    letters: tuple[str, str]  # as printed, with their punctuation
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """A reader's comment: `time` and `ago` are printed forms, `day` is the ISO date of `time`."""

    author: str
    text: str
    time: str
    day: str
    ago: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything that a site of one language prints."""

    language: str
    words: dict[str, Any]  # the furniture: menu, teasers, notices, headings
    stories: tuple[Story, ...]
    talk: Talk
    remarks: tuple[Remark, ...]


@cache
def texts(language: str) -> Texts:
    """The texts of a language; KeyError or TypeError where the file lacks something."""
    path = Path(__file__).parent / "data" / f"{language}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    stories = tuple(Story(**{**row, "paragraphs": tuple(row["paragraphs"])}) for row in table.pop("stories"))
    talk = table.pop("talk")
    talk |= {key: tuple(talk[key]) for key in ("intro", "letters")}
    talk["turns"] = tuple((question, answer) for question, answer in talk["turns"])
    remarks = tuple(Remark(**row) for row in table.pop("remarks"))
    return Texts(language, table, stories, Talk(**talk), remarks)
