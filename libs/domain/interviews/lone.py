"""Persons who are named by their family name alone, in the whole article.

In: the outlet's own words and the full names in them. Out: lone names that are a person's beyond doubt. Companies and
capitals speak too ("Moscow said"), so one capitalised word is a person only with a title before it ("President Macrin
said") or as the subject of a sentence that speaks of an interview; where nobody has a full name, two sentences will do
when the text goes on with "he said".
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from libs.domain.interviews.clauses import clause_has_speaker, clause_subject, sentences
from libs.domain.interviews.names import person_words, plain, same_person
from libs.domain.interviews.outlets import outlets_in
from libs.domain.interviews.persons import names_in
from libs.domain.interviews.unlabelled import mentions_interview
from libs.domain.interviews.vocabulary import any_of, load

_WORD_BEFORE = re.compile(r"([^\W\d_][\w’'-]*)\.?[ \u00a0]$")
_SENTENCES = 60  # a text whose speaker is named once by his family name says so in its first pages


def lone_names(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """Single words that are persons' names: who speaks, then who has a title, each in order of mention; those of `known`
    full names are left out."""
    parts = [sentence for text in texts for sentence in sentences(text)][:_SENTENCES]
    titled = list(dict.fromkeys(name for sentence in parts for name in _titled(sentence) if _is_lone(name, known)))
    if known and not titled:
        return []
    asked = any(map(mentions_interview, parts))
    if not titled and not asked:
        return []
    speaking = [(sentence, name) for sentence in parts if (name := clause_subject(sentence))]
    counts = Counter(name for _, name in speaking)
    counts.update(titled if asked else ())
    alone = {name for sentence, name in speaking if _says_so(sentence, counts[name], parts)} if not known else set()
    return [name for name in counts if (name in titled or name in alone) and _is_lone(name, known)]


def _says_so(sentence: str, times: int, parts: Sequence[str]) -> bool:
    """Whether a speaking name is a person's: in a sentence on an interview, or twice where "he said" follows."""
    if mentions_interview(sentence) and sentence != parts[0]:  # headlines leave out too much
        return True
    return times > 1 and any(clause_has_speaker(other) and not clause_subject(other) for other in parts)


def _titled(sentence: str) -> list[str]:
    """Lone names with a title or a form of address right before them."""
    if not _courtesies().search(sentence):
        return []
    found = []
    for name, start, _ in names_in(sentence):
        before = _WORD_BEFORE.search(sentence[max(0, start - 24) : start])
        if " " not in name and before and plain(before[1]) in _courtesy():
            found.append(name)
    return found


def _is_lone(name: str, known: Sequence[str]) -> bool:
    if " " in name or len(person_words(name)) != 1 or plain(name) in _places() or outlets_in(name):
        return False
    given = {plain(word) for full in known for word in person_words(full)}
    return plain(name) not in given and not any(same_person(name, full) for full in known)


@cache
def _courtesies() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{any_of(load('persons')['courtesy'])})\.?[ \u00a0]")


@cache
def _courtesy() -> frozenset[str]:
    return frozenset(plain(word) for word in load("persons")["courtesy"])


@cache
def _places() -> frozenset[str]:
    return frozenset(plain(word) for word in load("persons")["place"])
