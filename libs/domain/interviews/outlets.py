"""Names of outlets in running text.

In: a text. Out: mentions in order. A name is an outlet's when a list knows it, when one of its words says so ("Radio",
"Times"), or when a common noun stands beside it ("the magazine X", "the X channel"). Nothing else is taken for one: a
wrong outlet keeps true retellings apart later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from libs.domain.interviews.names import plain
from libs.domain.interviews.vocabulary import any_of, load

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
_MARKED = re.compile(r"[«“„\"\u0600-\u06ff]")  # quotation marks and Arabic, in which names are found otherwise
_WORDS = re.compile(r"\S+")
_POSSESSIVE = re.compile(r"[’']s?$")
_BEFORE = re.compile(
    r"(?<![\w-])([\w-]+(?: [\w-]+)?)[\s«“\"'‘]+(?:(?:Le|La|Les|El|Los|Las|Il|The|Der|Die|Das|L[’'])[ \u00a0]?)?$"
)
_BEHIND = re.compile(r"[»”\"’']?s? ((?:[a-z]+ ){0,1}[a-z]+)")


@dataclass(frozen=True, slots=True)
class Mention:
    """An outlet's name in a text; offsets of the name as printed."""

    name: str
    start: int
    end: int


def outlets_in(text: str, *, sure: Sequence[str] = ()) -> list[Mention]:
    """Mentions of outlets in order; `sure` names were found to be outlets elsewhere in the article."""
    known = frozenset(map(plain, sure))
    runs = [
        Mention(name, start, start + len(name))
        for found in _RUN.finditer(text)
        for name, offset in _cut(found[0])
        for start in (found.start() + offset,)
    ]
    certain = [run for run in runs if _is_outlet(run, text, known)]
    joined = _joined(runs, certain, text)
    if not _MARKED.search(text):
        return sorted(joined, key=lambda mention: mention.start)
    quoted = [Mention(found[1], found.start(1), found.end(1)) for found in _quoted_pattern().finditer(text)]
    covered = [run for run in joined if not any(q.start <= run.start < q.end for q in quoted)]
    return sorted([*covered, *quoted, *_arabic(text)], key=lambda mention: mention.start)


@lru_cache(maxsize=8192)
def _cut(printed: str) -> tuple[tuple[str, int], ...]:
    """Names, and their offsets, in a run of capitalised words: without leading possessives, demonyms and first words of
    sentences."""
    words = list(_WORDS.finditer(printed))
    last_owner = max((i for i, w in enumerate(words) if w[0].endswith(("’s", "'s"))), default=-1)
    owned = 0 <= last_owner < len(words) - 1  # "the Kremlin's Russia 24", "Radio Sefar's Evening Desk"
    parts = [words[: last_owner + 1], words[last_owner + 1 :]] if owned else [words]
    return tuple(name for part in parts if (name := _name(printed, part)))


def _name(printed: str, words: Sequence[re.Match[str]]) -> tuple[str, int] | None:
    kept = list(words)
    if len(kept) > 1 and plain(kept[0][0]) in _plain("capital_noun"):
        kept.pop(0)
    while kept and plain(kept[0][0]) in _droppable() and plain(" ".join(w[0] for w in kept)) not in _known():
        kept.pop(0)
    if not kept:
        return None
    begin, end = kept[0].start(), kept[-1].end()
    return _COMPOUND.sub("", _POSSESSIVE.sub("", printed[begin:end])), begin


def _is_outlet(run: Mention, text: str, known: frozenset[str]) -> bool:
    if _says_so(run.name) or plain(run.name) in known:
        return True
    if _noun_before().search(text[max(0, run.start - 22) : run.start]):
        return True
    before = _BEFORE.search(text[max(0, run.start - 40) : run.start])
    if before and any(word in _lower("before") for word in (before[1].casefold(), before[1].split()[-1].casefold())):
        return run.name not in _raw("not_outlet")
    words = run.name.split()
    behind = _BEHIND.match(text[run.end : run.end + 40])
    nouned = behind and (behind[1].split()[0] in _lower("behind") or behind[1] in _lower("behind"))
    if behind and nouned and (len(words) > 1 or run.name.isupper() or words[0][-1].isdigit() or behind[1] == "radio"):
        return True
    numbered = len(words) == 2 and (words[1].isdigit() or words[1].casefold() in _NUMERALS)
    return numbered and words[0].casefold() not in _lower("not_number")


@lru_cache(maxsize=8192)
def _says_so(name: str) -> bool:
    """Whether a list knows the name, or one of its words is of the kind that outlets have."""
    words = name.split()
    if plain(name) in _known() or (len(words) > 1 and any(plain(word) in _plain("token") for word in words)):
        return True
    kind, _, last = name.partition("-")
    return last in _raw("hyphened") and kind not in _raw("hyphened_kind")


def _joined(runs: Sequence[Mention], certain: Sequence[Mention], text: str) -> list[Mention]:
    """Add acronyms that stand in one list with a certain outlet: "Russia 24 and NTV"."""
    if not certain:
        return []
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
    return re.compile(rf"(?<!\w)(?:{any_of(load('outlets')['before'])})\s+[«“„\"]({_UPPER}[^»”“\"«„\n]{{1,40}})[»”“\"]")


@cache
def _arabic_pattern() -> re.Pattern[str]:
    nouns = "|".join(sorted(map(re.escape, load("outlets")["arabic"]), key=len, reverse=True))
    word = r"[\u0621-\u064a\u0660-\u0669\d]+"
    bare = rf"(?:{word}(?: (?:ال{word}|\d+|[\u0660-\u0669]+)(?!\w)){{0,2}}|(?:{word[:-1]}{{2,3}} ){{1,2}}{word[:-1]}{{2,3}}(?!\w))"
    return re.compile(rf"{_ARABIC_PREFIX}(?:{nouns})\s+(?:[«“\"](?P<quoted>[^»”\"\n]{{2,40}})[»”\"]|(?P<bare>{bare}))")


@cache
def _noun_before() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(load('outlets')['capital_noun'])})\s+$")


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
