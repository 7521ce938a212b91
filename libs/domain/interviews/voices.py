"""The persons of an article whom "she" or "the minister" may mean, and the words that are the outlet's own.

In: texts, blocks, quotations. Out: voices in order; the text outside of quotations.
"""

import re
from collections.abc import Sequence
from functools import cache

from libs.domain.documents import Block
from libs.domain.interviews.clauses import alternatives, clause_subject, sentences, word_set
from libs.domain.interviews.names import plain
from libs.domain.interviews.persons import names_in, resolve
from libs.domain.interviews.quotations import Span, outside

_DATELINE = re.compile(r"^\s*[^\W\d_][^.:;!?\n–—]{1,60}\s[–—-]\s")  # "Damascus, SANA – "


def voices_in(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """The persons who are the subject of a verb of speech in the outlet's own words, or are described by an office.

    Where there are none, those whose full name opens a sentence.
    """
    all_sentences = [sentence for text in texts for sentence in sentences(text)]
    named = [name for s in all_sentences for name in (clause_subject(s), *_described(s)) if name]
    voices = [voice for name in named if (voice := resolve(name, known))]
    voices = voices or [voice for s in all_sentences for name in _acting(s) if (voice := resolve(name, known))]
    return list(dict.fromkeys(voices))


def _described(sentence: str) -> list[str]:
    """Names beside a noun for a person: "Theodora Maskell, chief executive of", "the mayor of X, Annelore Vismaar,"."""
    found = []
    for name, start, end in names_in(sentence):
        behind = re.match(r",(?! (?:whose|where|which|who|and|but)\b)([^,;:]{3,60})", sentence[end:])
        if _office_before().search(sentence[max(0, start - 80) : start]) or (behind and _names_person(behind[1])):
            found.append(name)
    return found


@cache
def _office_before() -> re.Pattern[str]:
    """A noun for a person right before a name, or "minister of X," before it; titles may stand between."""
    return re.compile(rf"(?<!\w)(?:{alternatives('person')})(?:\s[^,;:.]{{1,50}},)?(?:\s[A-Z]\w{{0,4}}\.?)?,?\s*$")


def _acting(sentence: str) -> list[str]:
    """A full name that opens a sentence and does something: "Theodora Maskell could have", "X Y, who directs"."""
    names = names_in(sentence)
    if not names or " " not in names[0][0] or sentence[: names[0][1]].strip(' ,"“”').count(" ") > 1:
        return []
    return [names[0][0]] if re.match(r",? [^\W\d_A-ZÀ-ÞА-Я]", sentence[names[0][2] :]) else []


def _names_person(text: str) -> bool:
    return any(plain(word) in word_set("person") for word in re.findall(r"[\w’'-]+", text))


def unquoted_parts(blocks: Sequence[Block], spans: Sequence[Span]) -> list[tuple[int, str]]:
    """The outlet's own words: index of the paragraph, and its text outside of the quotations, without the dateline."""
    by_block: dict[int, list[Span]] = {}
    for span in spans:
        by_block.setdefault(span.block, []).append(span)
    parts: list[tuple[int, str]] = []
    for i, block in enumerate(blocks):
        for start, end in outside(block.start, block.end, by_block.get(i, [])):
            text = block.text[start - block.start : end - block.start]
            parts.append((i, text if parts else _DATELINE.sub("", text)))
    return parts
