"""Where somebody begins to speak: the labels that stand before questions and answers.

In: blocks. Out: candidate marks, one a paragraph at most, not yet believed: `turns` decides whether they make an
interview. A label is "Question 3:", "President Assad:", "IH.", "Host. —", a bold name, or a name alone on its line.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from libs.domain.documents import Block, Role
from libs.domain.interviews.vocabulary import load

_LABEL_WORDS = 6  # "Foreign Minister Yuliana van der Berg" is the longest kind met
_WORD = r"[\w&.’'`ʼ\-‑]+"
_LABEL = rf"(?P<label>{_WORD}(?:[ \u00a0]{_WORD}){{0,{_LABEL_WORDS - 1}}}?)"
_NUMBER = r"(?:[ \u00a0]?(?:no\.?|n[°º]|№|#)?[ \u00a0]*(?P<number>\d{1,3}))?"
_ASIDE = r"(?:[ \u00a0]?[(\[][^)\]\n]{1,40}[)\]])?"  # "Assad (laughs):"
_OPEN = r"^[\s\u200e\u200f\u202a-\u202e\u2066-\u2069*_\[]*(?:[—–-]\s+)?"
_COLON = re.compile(rf"{_OPEN}{_LABEL}{_NUMBER}{_ASIDE}[*_\]\u200e\u200f]*[ \u00a0]*[:：][*_\]\u200e\u200f]*\s*")
_DASH = re.compile(rf"{_OPEN}{_LABEL}{_NUMBER}{_ASIDE}\.?(?:[ \u00a0]*[—―–][ \u00a0]*|[ \u00a0]+--?[ \u00a0]+)")
_POINT = re.compile(rf"{_OPEN}(?P<label>[^\W\d_]{{1,12}}){_NUMBER}[.)][ \u00a0]+")
_LINE = re.compile(rf"{_OPEN}{_LABEL}{_NUMBER}{_ASIDE}[ \u00a0]*\n")
_STYLES = ((_COLON, ":："), (_DASH, "—―–-"), (_POINT, ".)"), (_LINE, "\n"))  # one of the characters must be there
_BARE = re.compile(rf"{_OPEN}{_LABEL}{_NUMBER}{_ASIDE}[ \u00a0.:：—–-]*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """The place where a speaker begins. `role` is set where the label or the markup says it."""

    label: str  # as printed, without number and punctuation; empty where markup alone marks the speaker
    start: int  # offset in the body where the label begins
    text_start: int  # offset where the spoken words begin
    role: Role | None = None
    number: int | None = None


def block_index(blocks: Sequence[Block], offset: int) -> int:
    """The index of the last block that begins at or before an offset of the body."""
    return max(0, bisect_right(blocks, offset, key=lambda block: block.start) - 1)


def fold_label(label: str) -> str:
    """A label for comparison: no case, no full stops, single blanks."""
    text = unicodedata.normalize("NFKC", label).casefold().replace("’", "'")
    return re.sub(r"\s+", " ", re.sub(r"(?<=\w)\.|[*_]", "", text)).strip(" .:—–-")


def known_role(label: str) -> Role | None:
    """The role that a word such as "Question", "Host" or "جواب" fixes; `None` for names."""
    key = fold_label(label)
    if key in _words("question"):
        return "question"
    return "answer" if key in _words("answer") else None


def is_office(label: str) -> bool:
    """Whether a label is an office without a name ("MAYOR", "Minister")."""
    return fold_label(label) in _words("office")


def label_at(block: Block) -> Mark | None:
    """The candidate label at the start of a block whose words follow in the same block."""
    text = block.text
    for pattern, needed in _STYLES:
        found = pattern.match(text) if any(char in text for char in needed) else None
        if found and _could_be_label(found, pattern) and text[found.end() :].strip():
            return _mark(found, block.start, block.start + found.end())
    return _set_apart(block)


def label_alone(block: Block, following: Block | None) -> Mark | None:
    """The label of a block that holds nothing else; the words begin with the next block."""
    found = _BARE.match(block.text)
    if following is None or not found or not _could_be_label(found, _BARE):
        return None
    return _mark(found, block.start, following.start)


def labels_inside(block: Block, labels: Iterable[str], *, after: int) -> list[Mark]:
    """Accepted `labels` that begin a further turn inside a paragraph, behind the end of a sentence.

    `after` is the offset in the body where the paragraph's own words begin.
    """
    names = frozenset(label for label in labels if label)
    if not any(block.text.find(name, 2) > 0 for name in names):
        return []
    return [
        _mark(found, block.start, block.start + found.end())
        for found in _inside(names).finditer(block.text)
        if block.start + found.start("label") >= after
    ]


@lru_cache(maxsize=16)
def _inside(labels: frozenset[str]) -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, labels), key=len, reverse=True))
    return re.compile(
        rf"(?<=[.!?…؟”\"»’)\]])\s+(?P<label>{names}){_NUMBER}{_ASIDE}(?:\s*[:：]\s*|\.?\s*[—–]\s+|\.\s+(?=[^\W\d_]))"
    )


def _mark(found: re.Match[str], offset: int, text_start: int) -> Mark:
    label = found["label"].strip(" *_\u00a0")
    number = found["number"]
    return Mark(
        label=label.rstrip(".") if len(label) > 2 else label.strip("."),
        start=offset + found.start("label"),
        text_start=text_start,
        role=known_role(label),
        number=int(number) if number else None,
    )


def _set_apart(block: Block) -> Mark | None:
    """A bold or italic name at the start of a paragraph, with or without punctuation behind it."""
    if not block.label or not block.text.startswith(block.label) or len(block.label) >= len(block.text.rstrip()):
        return None
    found = _BARE.match(block.label)
    if not found or not _could_be_label(found, _BARE):
        return None
    rest = re.match(r"[\s:：.—–-]*", block.text[len(block.label) :])
    return _mark(found, block.start, block.start + len(block.label) + (rest.end() if rest else 0))


def _could_be_label(found: re.Match[str], pattern: re.Pattern[str]) -> bool:
    label = found["label"].strip()
    key = fold_label(label)
    if not key or key in _words("never") or key.isdigit():
        return False
    if known_role(label) or is_office(label):
        return True
    if pattern is _POINT:  # "IH." but not "Yes. I do"
        return label.isupper() and len(label) <= 4
    return looks_like_name(label)


def looks_like_name(label: str) -> bool:
    """Words that begin with capitals, particles between them; in scripts without case at most three words."""
    words = label.split()
    letters = [c for c in label if c.isalpha()]
    if not letters or fold_label(words[0]) in _words("never"):
        return False
    if not any(c.isupper() or c.islower() for c in letters):
        return len(words) <= 3
    if not (words[0][0].isupper() or words[-1][0].isupper()):
        return False
    return all(w[0].isupper() or w[0].isdigit() or w[0] in "&(" or _is_particle(w) for w in words)


def _is_particle(word: str) -> bool:
    prefix = re.match(r"(?i)(al|el|as|ar|ad|ash|d|l|o)[-’'‑]\w", word)
    return bool(prefix) or word.casefold() in _particles()


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(fold_label(w) for w in load("labels")[key])


@cache
def _particles() -> frozenset[str]:
    return frozenset(load("names")["particles"])


def question_like(text: str) -> bool:
    """Whether the words end in a question."""
    return text.rstrip(" \n\t\u00a0”“\"»’')*_")[-1:] in tuple("?？؟")


def asks(text: str) -> bool:
    """Whether there is a question mark at the end of a sentence somewhere."""
    return bool(re.search(r"[?？؟](?=[\s”\"»’')]|$)", text))


def share(flags: Sequence[bool]) -> float:
    """The part of true values, 0 for none."""
    return sum(flags) / len(flags) if flags else 0.0
