"""Sentences that say which outlet asked whom.

In: the outlet's own words, a text at a time. Out: `Asking`s in order. The patterns are data (`asking.toml`); before they
are matched, outlets and persons of a sentence are replaced by one character each.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from libs.domain.interviews.clauses import ARABIC, arabic_subject, sentences
from libs.domain.interviews.outlets import Mention, outlets_in
from libs.domain.interviews.persons import names_in, without_title
from libs.domain.interviews.vocabulary import load

_MOST_IN_SENTENCE = 20  # outlets and persons; a longer list says nothing about who asked
_ARABIC_REACH = 80  # characters behind such a word
_OUTLET, _PERSON = "\ue000", "\ue001"
_GAP = rf"(?:[ ]+[\w{_PERSON}’‘'“”„«»\"&/-]+,?){{0,5}}?"
_TURN = r"(?!(?:he|she|they|it|we|you|i|that|which|who|had|has|have|was|were|not|by|how|what|why|if|whether)\b)"
_NEAR = rf"(?:[ ]+{_TURN}[\w{_PERSON}’‘'“”„«»\"&/-]+,?){{0,5}}?"
_WORD = rf" [^\s{_OUTLET}]+"
_AND = r"(?:,| and| or| et| y| e| und| и|/| as well as)+"
_BLANKS = re.compile(r"\s+")
_LEAD = r"(?:(?:the|to|with|on|both|la|le|les|l’|à|a|de|del|la|dem|der|den|im|mit|с|на) ?)*"


@dataclass(frozen=True, slots=True)
class Asking:
    """What one sentence says of an interview."""

    outlets: tuple[str, ...]
    who: str | None  # the person asked, where the pattern shows it
    asker: str | None
    strong: bool
    text: int  # index of the text it stands in
    sentence: str
    at: int  # offset in the sentence


def askings(texts: Sequence[str], *, sure: Sequence[str]) -> list[Asking]:
    """All statements about who asked, in order; the first text is the title, `sure` are the outlets of the texts."""
    heads = {name.split()[0] for name in sure}
    found = []
    for index, text in enumerate(texts):
        for sentence in sentences(text):
            named = any(head in sentence for head in heads)  # most sentences name none, and need no look for one
            found += list(_in_sentence(_BLANKS.sub(" ", sentence).strip(), index, sure if named else None))
    return found


def sure_outlets(texts: Sequence[str]) -> list[str]:
    """Names that are an outlet's somewhere in the texts, so that they are everywhere."""
    return list(dict.fromkeys(mention.name for text in texts for mention in outlets_in(text)))


def named_outlets(texts: Sequence[str], *, sure: Sequence[str] = ()) -> list[str]:
    """Outlets mentioned other than as publisher or source, in order."""
    names = []
    for text in texts:
        for sentence in sentences(text):
            marked, outlets, _ = _marked(_BLANKS.sub(" ", sentence).strip(), sure)
            refused = _refused(marked)
            names += [mention.name for i, mention in enumerate(outlets) if i not in refused]
    return list(dict.fromkeys(names))


def _in_sentence(sentence: str, index: int, sure: Sequence[str] | None) -> Iterator[Asking]:
    marked, outlets, persons = _marked(sentence, sure)
    if not 0 < len(outlets) + len(persons) <= _MOST_IN_SENTENCE:
        return
    refused = _refused(marked)
    for strong, pattern in _patterns(title=index == 0, outlet=_OUTLET in marked):
        for found in pattern.finditer(marked):
            groups = found.groupdict()
            numbers = _numbers(marked, found, "outlets", _OUTLET) if groups.get("outlets") else range(0)
            names = tuple(outlets[i].name for i in numbers if i not in refused)
            who = _person(marked, found, "who", persons)
            asker = _person(marked, found, "asker", persons)
            if names or asker or who:
                at = outlets[numbers[0]].start if names else found.start()
                yield Asking(names, who, asker, strong, index, sentence, at)


def _marked(sentence: str, sure: Sequence[str] | None) -> tuple[str, list[Mention], list[str]]:
    """The sentence in lower case with a character for each outlet and person, and these in order.

    `sure` are known outlets; where it is None the sentence names none.
    """
    outlets = [] if sure is None else outlets_in(sentence, sure=sure)
    taken = [(mention.start, mention.end) for mention in outlets]
    persons = [
        (name, start, end)
        for name, start, end in names_in(sentence)
        if " " in name and not any(start < b and a < end for a, b in taken)
    ]
    persons = sorted([*persons, *_arabic_persons(sentence, taken)], key=lambda person: person[1])
    spans = sorted([(a, b, _OUTLET) for a, b in taken] + [(a, b, _PERSON) for _, a, b in persons], reverse=True)
    marked = sentence
    for a, b, char in spans:
        marked = marked[:a] + char + marked[b:]
    return marked.lower(), outlets, [without_title(name) for name, _, _ in persons]


def _arabic_persons(sentence: str, taken: Sequence[tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    """Names of two words behind the words of the data file that a person follows: Arabic has no capitals."""
    if not ARABIC.search(sentence):
        return
    for cue in _arabic_cues().finditer(sentence):
        subject = arabic_subject(sentence[cue.end() : cue.end() + _ARABIC_REACH])
        name = subject.name if subject else None
        start = sentence.find(name, cue.end()) if name and " " in name else -1
        if name and start >= 0 and not any(start < b and a < start + len(name) for a, b in taken):
            yield name, start, start + len(name)


@cache
def _arabic_cues() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(load('asking')['person'], key=len, reverse=True))})\s+")


def _refused(marked: str) -> set[int]:
    """Numbers of the outlets that only publish, report or are credited."""
    if _OUTLET not in marked:
        return set()
    return {
        i
        for pattern in _never()
        for found in pattern.finditer(marked)
        for i in _numbers(marked, found, "outlets", _OUTLET)
    }


def _numbers(marked: str, found: re.Match[str], group: str, char: str) -> range:
    start = marked.count(char, 0, found.start(group))
    return range(start, start + found[group].count(char))


def _person(marked: str, found: re.Match[str], group: str, persons: Sequence[str]) -> str | None:
    if not found.groupdict().get(group):
        return None
    return persons[marked.count(_PERSON, 0, found.start(group))]


@cache
def _patterns(*, title: bool, outlet: bool) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """Pattern and whether it is strong; without an outlet in the sentence only those that name a person who asks."""
    words = load("asking")
    strong = [*(words["title"] if title else ()), *words["strong"]]
    weak = [*words["weak"], *words["asker"]]
    listed = [(True, pattern) for pattern in strong] + [(False, pattern) for pattern in weak]
    return tuple((kind, _compiled(pattern)) for kind, pattern in listed if outlet or "<outlets>" not in pattern)


@cache
def _never() -> tuple[re.Pattern[str], ...]:
    return tuple(_compiled(pattern) for pattern in load("asking")["never"])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    noun = "|".join(re.escape(word) for word in (*load("outlets")["behind"], *load("outlets")["before"]))
    name = rf"{_OUTLET}[»”“\"’']?s?"
    listed = rf"(?P<outlets>(?:(?:{noun}) [«“„\"]?)?[«“„\"]?{name}(?:(?: (?:{noun}))*(?:{_AND} {_LEAD}(?:(?:{noun}) )?[«“„\"]?| ?){name})*)"
    expanded = (
        pattern.replace("<gap>", _GAP).replace("<near>", _NEAR).replace("<word>", _WORD).replace("<outlets>", listed)
    )
    return re.compile(expanded.replace("<who>", f"(?P<who>{_PERSON})").replace("<asker>", f"(?P<asker>{_PERSON})"))
