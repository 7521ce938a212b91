"""Names of outlets in running text.

In: a text. Out: mentions in order. A name is an outlet's when a list knows it, when one of its words says so ("Radio",
"Times"), or when a common noun stands beside it ("the magazine X", "the X channel"). Nothing else is taken for one: a
wrong outlet keeps true retellings apart later.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from libs.domain.interviews.names import plain
from libs.domain.interviews.vocabulary import load

_UPPER = r"[^\W\d_a-zß-öø-ÿа-яё\u0600-\u06ff\u0590-\u05ff]"
_WORD = rf"(?:{_UPPER}[\w’'‑-]*|\d{{1,3}}(?![\w.,]))"
_LINK = r"(?:de la|della|dello|del|de|do|da|di|du|des|am)"
_NUMERALS = frozenset(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"))
_RUN = re.compile(
    rf"(?<![\w’'-])(?:(?:Voice|Times|Echo) of )?{_UPPER}[\w’'‑-]*(?:[ \u00a0](?:{_LINK}[ \u00a0])?{_WORD}){{0,4}}"
)
_ARABIC_PREFIX = r"(?<!\w)(?:و?(?:ل|ب|ك)?(?:ال)?)"
_COMPOUND = re.compile(
    r"-(?:\w*interview|gespräch|zeitung|reporter|journalist|moderator|korrespondent|sendung|magazin)(?:s|in|es)?$",
    re.IGNORECASE,
)
_COORDINATED = re.compile(
    r"^[»”\"’']*(?:,| and| et| y| und| e|, and| и)(?: the| la| le| l’| der| die| das)? ?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mention:
    """An outlet's name in a text; offsets of the name as printed."""

    name: str
    start: int
    end: int


def outlets_in(text: str, *, sure: Iterable[str] = ()) -> list[Mention]:
    """Mentions of outlets in order; `sure` names were found to be outlets elsewhere in the article."""
    known = _known() | frozenset(plain(name) for name in sure)
    runs = [run for found in _RUN.finditer(text) for run in _cut(found[0], found.start())]
    certain = [run for run in runs if _is_outlet(run, text, known)]
    quoted = [Mention(found[1], found.start(1), found.end(1)) for found in _quoted_pattern().finditer(text)]
    covered = [run for run in _joined(runs, certain, text) if not any(q.start <= run.start < q.end for q in quoted)]
    return sorted([*covered, *quoted, *_arabic(text)], key=lambda mention: mention.start)


def _cut(printed: str, start: int) -> list[Mention]:
    """A run of capitalised words without leading possessives, demonyms and first words of sentences."""
    words = list(re.finditer(r"\S+", printed))
    last_owner = max((i for i, w in enumerate(words) if re.search(r"[’']s$", w[0])), default=-1)
    owned = 0 <= last_owner < len(words) - 1  # "the Kremlin's Russia 24", "Radio Sefar's Evening Desk"
    parts = [words[: last_owner + 1], words[last_owner + 1 :]] if owned else [words]
    return [mention for part in parts if (mention := _mention(printed, start, part))]


def _mention(printed: str, start: int, words: Sequence[re.Match[str]]) -> Mention | None:
    kept = list(words)
    if len(kept) > 1 and plain(kept[0][0]) in _plain("capital_noun"):
        kept.pop(0)
    while kept and plain(kept[0][0]) in _droppable() and plain(" ".join(w[0] for w in kept)) not in _known():
        kept.pop(0)
    if not kept:
        return None
    begin, end = kept[0].start(), kept[-1].end()
    name = _COMPOUND.sub("", re.sub(r"[’']s?$", "", printed[begin:end]))
    return Mention(name, start + begin, start + begin + len(name))


def _is_outlet(run: Mention, text: str, known: frozenset[str]) -> bool:
    words = run.name.split()
    if plain(run.name) in known:
        return True
    if len(words) > 1 and any(plain(word) in _plain("token") for word in words) and not _only_nouns(words):
        return True
    if re.search(rf"(?:{'|'.join(load('outlets')['capital_noun'])})\s+$", text[max(0, run.start - 22) : run.start]):
        return True
    before = re.search(r"([\w-]+(?: [\w-]+)?)[\s«“\"'‘]+$", text[max(0, run.start - 40) : run.start])
    if before and any(word in _lower("before") for word in (before[1].casefold(), before[1].split()[-1].casefold())):
        return run.name not in _raw("not_outlet")
    behind = re.match(r"[»”\"’']?s? ((?:[a-z]+ ){0,1}[a-z]+)", text[run.end : run.end + 40])
    nouned = behind and (behind[1].split()[0] in _lower("behind") or behind[1] in _lower("behind"))
    if behind and nouned and (len(words) > 1 or run.name.isupper() or words[0][-1].isdigit() or behind[1] == "radio"):
        return True
    numbered = len(words) == 2 and (words[1].isdigit() or words[1].casefold() in _NUMERALS)
    return numbered and words[0].casefold() not in _lower("not_number")


def _only_nouns(words: Sequence[str]) -> bool:
    return all(plain(word) in _plain("token") for word in words) and len(words) < 2


def _joined(runs: Sequence[Mention], certain: Sequence[Mention], text: str) -> list[Mention]:
    """Add acronyms that stand in one list with a certain outlet: "Russia 24 and NTV"."""
    found = dict.fromkeys(certain)
    for left, right in pairwise(runs):
        if not _COORDINATED.match(text[left.end : right.start]):
            continue
        for one, other in ((left, right), (right, left)):
            if one in found and other not in found and other.name.isupper() and other.name not in _raw("not_outlet"):
                found[other] = None
    return list(found)


def _arabic(text: str) -> list[Mention]:
    """A media noun and the name behind it: all in quotation marks, else a word, with "al-" words and digits after it."""
    return [
        Mention(name, found.start(), found.end())
        for found in _arabic_pattern().finditer(text)
        if (name := (found["quoted"] or found["bare"] or "").strip())
    ]


@cache
def _quoted_pattern() -> re.Pattern[str]:
    """A media noun and a name in quotation marks, whose later words may be lower case: «Северный маяк»."""
    nouns = "|".join(sorted(map(re.escape, load("outlets")["before"]), key=len, reverse=True))
    return re.compile(rf"(?i:(?<!\w)(?:{nouns}))\s+[«“„\"]({_UPPER}[^»”“\"«„\n]{{1,40}})[»”“\"]")


@cache
def _arabic_pattern() -> re.Pattern[str]:
    nouns = "|".join(sorted(map(re.escape, load("outlets")["arabic"]), key=len, reverse=True))
    word = r"[\u0621-\u064a\u0660-\u0669\d]+"
    bare = rf"(?:{word}(?: (?:ال{word}|\d+|[\u0660-\u0669]+)(?!\w)){{0,2}}|(?:{word[:-1]}{{2,3}} ){{1,2}}{word[:-1]}{{2,3}}(?!\w))"
    return re.compile(rf"{_ARABIC_PREFIX}(?:{nouns})\s+(?:[«“\"](?P<quoted>[^»”\"\n]{{2,40}})[»”\"]|(?P<bare>{bare}))")


@cache
def _known() -> frozenset[str]:
    return _plain("known")


@cache
def _plain(key: str) -> frozenset[str]:
    return frozenset(plain(word) for word in load("outlets")[key])


@cache
def _lower(key: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in load("outlets")[key])


@cache
def _raw(key: str) -> frozenset[str]:
    return frozenset(load("outlets")[key])


@cache
def _droppable() -> frozenset[str]:
    persons = load("persons")
    return frozenset(plain(word) for word in (*persons["sentence_start"], *persons["demonym"]))
