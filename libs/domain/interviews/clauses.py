"""Who speaks in a clause: the verb of speech and its subject.

In: a clause or a sentence. Out: a name, a word that points back ("she", "the minister"), or nothing where no person is the
subject. Names stand before the verb or behind it ("said X"), in Arabic always behind.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from libs.domain.interviews.names import plain
from libs.domain.interviews.persons import names_in, without_title
from libs.domain.interviews.vocabulary import any_of, load

SENTENCE_END = re.compile(r"[.!?…؟](?=\s|$)(?<!\b[A-ZА-Я].)(?<!\b(?:Mr|Dr|Ms|St).)(?<!\bMrs.)(?<!\bProf.)")
ARABIC = re.compile(r"[\u0600-\u06ff]")
_LONGEST_SENTENCE = 1000  # characters; what is longer is a list, cut so that the work stays linear
_MOST_VERBS = 12  # of speech in a clause
_APPOSED_REACH = 60  # characters of a name behind a noun
_REACH = 320  # characters looked at behind an Arabic verb


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a clause says is speaking: a name, or a word that points back (`name` is `None`)."""

    name: str | None


def sentences(text: str) -> list[str]:
    """A text cut at the ends of its sentences; initials and titles do not end one."""
    parts = (part for part in SENTENCE_END.split(text) if part.strip())
    return [part[at : at + _LONGEST_SENTENCE] for part in parts for at in range(0, len(part), _LONGEST_SENTENCE)]


@lru_cache(maxsize=1024)
def clause_subject(sentence: str) -> str | None:
    """The name that is the subject of the first verb of speech in a sentence."""
    found = subject_in(sentence, nearest_last=False)
    return found.name if found else None


@lru_cache(maxsize=1024)
def clause_has_speaker(sentence: str) -> bool:
    """Whether a verb of speech in a sentence has a person for its subject, by name or by a word that points back."""
    return subject_in(sentence, nearest_last=False) is not None


def subject_in(clause: str, *, nearest_last: bool) -> Subject | None:
    """The subject of the verb of speech in a clause; of several verbs the one nearest to the quotation decides."""
    verbs = list(islice(speech_verb().finditer(clause), _MOST_VERBS))
    for verb in reversed(verbs) if nearest_last else verbs:
        if found := _subject_of_verb(clause, verb):
            return found
    lead = _lead().search(clause)
    if lead and (names := names_in(clause[lead.end() : lead.end() + 60])):
        return Subject(without_title(names[0][0]))
    return None


def _subject_of_verb(clause: str, verb: re.Match[str]) -> Subject | None:
    before, after = clause[: verb.start()], clause[verb.end() :]
    if ARABIC.search(verb[0]):
        return arabic_subject(after)
    if (found := _appositive(before)) or (found := _name_before(before)):
        return found
    if _points_back(before[-80:], at_end=True):
        return Subject(None)
    if _nobody().search(" ".join(before.split()[-3:])):
        return None
    return None if verb[0].casefold() in _raw("uninverted") else _inverted(after)


def _appositive(before: str) -> Subject | None:
    """ "Monzer Akbik, a senior member of X, told": the name before the comma is the subject."""
    if not before.rstrip().endswith(","):
        return None
    names = [name for name in names_in(before) if re.match(r"\s*,\s*\S", before[name[2] :])]
    return Subject(without_title(names[-1][0])) if names else None


def _name_before(before: str) -> Subject | None:
    names = names_in(before)
    if not names:
        return None
    name, _, end = names[-1]
    between = before[end:]
    if len(between.split()) > 3 or re.search(r"[,;:.!?]", between.strip(" ,")) or _nobody().search(between):
        return _first_before_comma(before, names)
    return Subject(without_title(name))


def _first_before_comma(before: str, names: Sequence[tuple[str, int, int]]) -> Subject | None:
    """ "Idris Halvani, who led the talks, was": a name, a clause between commas, the verb."""
    name, _, end = names[0]
    rest = before[end:]
    nearest = rest.rsplit(",", 1)[-1]
    if not re.match(r"\s*,", rest) or "," not in rest.strip()[1:] or nearest.strip()[:1].isupper():
        return None
    return Subject(without_title(name))


def _points_back(text: str, *, at_end: bool) -> bool:
    """A pronoun or a noun for a person next to the verb."""
    words = [plain(word) for word in re.findall(r"[\w’'-]+", text)]
    near = words[-3:] if at_end else words[:3]
    if any(word in word_set("pronoun") for word in near):
        return True
    return any(word.split("-")[-1] in word_set("person") for word in (words[-9:] if at_end else words[:5]))


def _inverted(after: str) -> Subject | None:
    """ "said the minister", "a-t-elle répondu", "говорит Черешник"."""
    head = re.split(r"[,;:.!?“”«»\"]", after, maxsplit=1)[0]
    if re.match(r"\s*(?:by|von|par|por|da)\s", head):  # "asked by"
        return None
    names = names_in(head) or _apposed(head, after)
    if names and len(head[: names[0][1]].split()) <= 6:
        return Subject(without_title(names[0][0]))
    return Subject(None) if _points_back(head, at_end=False) else None


def _apposed(head: str, after: str) -> list[tuple[str, int, int]]:
    """ "said the librarian, Oona Tarrant": a name right behind the noun for it."""
    noun = re.split(r"[\s’']+", head.strip())
    if not 1 < len(noun) <= 8 or not noun[0].islower() or not after[len(head) :].startswith(", "):
        return []
    names = names_in(after[len(head) + 2 : len(head) + 2 + _APPOSED_REACH])
    return [(names[0][0], 0, 0)] if names and names[0][1] == 0 and " " in names[0][0] else []


def arabic_subject(after: str) -> Subject | None:
    """The words behind an Arabic verb up to a particle or a mark: titles off, at most three are the name."""
    words: list[str] = []
    titled = False
    for word in re.split(r"\s+", re.split(r"[،؛:.!؟«“\"(]", after, maxsplit=1)[0].strip()):
        if not word or word in _raw("stop") or word.startswith(("لـ", "بـ", "لل")) or word[1:] in _arabic_media():
            break
        if plain(word) in _titles():
            titled = True
            continue
        if word.startswith("ال") and (titled or word in _raw("person")) and not words:
            titled = True
            continue
        words.append(word)
    if not words:
        return Subject(None)
    return Subject(" ".join(words[-2:])) if len(words) <= 4 else Subject(None)


def arabic_people(texts: Sequence[str]) -> list[str]:
    """Full names of those who stand behind Arabic verbs of speech; a family name alone is completed from the text."""
    subjects = [
        arabic_subject(text[verb.end() : verb.end() + _REACH])
        for text in texts
        if ARABIC.search(text)
        for verb in speech_verb().finditer(text)
        if ARABIC.search(verb[0])
    ]
    names = dict.fromkeys(subject.name for subject in subjects if subject and subject.name)
    completed = [full for name in names for full in ([name] if " " in name else _completed(name, texts))]
    return list(dict.fromkeys(completed))


def _completed(family: str, texts: Sequence[str]) -> list[str]:
    """The word before a family name, where it is no verb, title or particle: the given name."""
    befores = (m[1] for t in texts for m in re.finditer(rf"(?<!\w)(\w{{3,}})\s+{re.escape(family)}(?!\w)", t))
    known = _raw("verb") | _raw("stop") | _raw("person")
    given = [w for w in befores if w not in known and plain(w) not in _titles() and not w.startswith("ال")]
    return [f"{given[0]} {family}"] if given else []


@cache
def speech_verb() -> re.Pattern[str]:
    """Matches a verb of speech of any language."""
    return re.compile(rf"(?<![\w’'])(?:{alternatives('verb')})(?![\w])")


@cache
def _lead() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{alternatives('lead')})(?!\w)")


@cache
def _nobody() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{alternatives('nobody')})(?!\w)")


def alternatives(key: str) -> str:
    """The words of a list of `speech.toml` as alternatives of a regular expression, in upper or lower case."""
    return any_of(load("speech")[key])


@cache
def word_set(key: str) -> frozenset[str]:
    """The words of a list of `speech.toml`, in plain letters."""
    return frozenset(plain(word) for word in load("speech")[key])


@cache
def _raw(key: str) -> frozenset[str]:
    return frozenset(load("speech")[key])


@cache
def _arabic_media() -> frozenset[str]:
    """Nouns for an outlet: with a letter before them they are whom somebody speaks to ("لمجلة")."""
    return frozenset(load("outlets")["arabic"])


@cache
def _titles() -> frozenset[str]:
    return frozenset(plain(word) for word in load("names")["titles"])
