"""Who said a quotation, where the text says so.

In: blocks, quotation spans and what the outlet's own words tell. Out: one speaker (or `None`) a span. The words beside a quotation are
searched for a verb of speech and its subject; "he added", "the minister said" and a bare continuation point to the last
speaker. A subject that is no person (a ministry, "officials") gives `None`.
"""

import re
from collections.abc import Sequence

from libs.domain.documents import Block
from libs.domain.interviews.clauses import (
    ARABIC,
    SENTENCE_END,
    Subject,
    alternatives,
    clause_subject,
    sentences,
    speech_verb,
    subject_in,
)
from libs.domain.interviews.names import person_words
from libs.domain.interviews.narration import Narration
from libs.domain.interviews.persons import resolve
from libs.domain.interviews.quotations import Span

_REACH = 320  # characters looked at beside a quotation


def attribute(blocks: Sequence[Block], spans: Sequence[Span], told: Narration) -> list[str | None]:
    """The speaker of each span, in the fullest spelling of the article; its voices are those whom "she" may mean."""
    speakers: list[str | None] = []
    last: str | None = None
    for i, span in enumerate(spans):
        subject = _subject_of(blocks, spans, i)
        if subject is None:
            carried = i > 0 and _continues(blocks, spans[i - 1], span)
            speakers.append(speakers[-1] if carried else None)
        elif subject.name:
            person = resolve(subject.name, told.known)
            last = person or last
            speakers.append(person)
        else:
            last = _named_since(blocks, spans, i, told) or last or _last_named(blocks, span, told.voices)
            speakers.append(last)
    return _fill_unnamed(blocks, spans, speakers)


def _named_since(blocks: Sequence[Block], spans: Sequence[Span], i: int, told: Narration) -> str | None:
    """Who spoke last in the outlet's words between the quotation before and this one, in full sentences."""
    start = spans[i - 1].outer_end if i else blocks[max(0, spans[i].block - 2)].start
    first = spans[i - 1].block if i else max(0, spans[i].block - 2)
    texts = [
        block.text[max(0, start - block.start) : max(0, spans[i].outer_start - block.start)]
        for block in blocks[first : spans[i].block + 1]
    ]
    subjects = [clause_subject(sentence) for text in texts for sentence in sentences(text)]
    found = [person for name in subjects if name and (person := resolve(name, told.known))]
    return next((person for person in reversed(found) if person in told.voices), None)


def _last_named(blocks: Sequence[Block], span: Span, voices: Sequence[str]) -> str | None:
    """The voice named last before a quotation, in its paragraph or the two before: whom the first "she said" means."""
    here = blocks[span.block]
    texts = [block.text for block in blocks[max(0, span.block - 2) : span.block]]
    text = "\n".join([*texts, here.text[: span.outer_start - here.start]])
    placed = [(text.rfind(person_words(voice)[-1]), voice) for voice in voices]
    at, voice = max(placed, default=(-1, ""))
    if at < 0:
        return voices[0] if len(voices) == 1 else None
    return voice


def _fill_unnamed(blocks: Sequence[Block], spans: Sequence[Span], speakers: list[str | None]) -> list[str | None]:
    """Where one person alone speaks, "the minister said" before the name was printed is that person."""
    named = list(dict.fromkeys(speaker for speaker in speakers if speaker))
    if len(named) != 1:
        return speakers
    return [speaker or (named[0] if _subject_of(blocks, spans, i) else None) for i, speaker in enumerate(speakers)]


def _subject_of(blocks: Sequence[Block], spans: Sequence[Span], i: int) -> Subject | None:
    """The subject beside span `i`: behind it, before it, or in the sentence that announces it with a colon."""
    span, block = spans[i], blocks[spans[i].block]
    left = max([block.start, *(s.outer_end for s in spans[max(0, i - 1) : i] if s.block == span.block)])
    right = min([block.end, *(s.outer_start for s in spans[i + 1 : i + 2] if s.block == span.block)])
    before = block.text[max(left, span.outer_start - _REACH) - block.start : span.outer_start - block.start]
    after = block.text[span.outer_end - block.start : min(right, span.outer_end + _REACH) - block.start]
    if span.whole or (not before.strip() and not after.strip()):
        return _announced(blocks, span.block)
    if inner := _subject_inside(block.text[span.start - block.start : span.end - block.start]):
        return inner
    ended = bool(re.search(r"[.!?…]$", block.text[span.start - block.start : span.end - block.start]))
    behind = _clause_after(after, ended=ended)
    ahead = SENTENCE_END.split(before)[-1]
    colon = before.rstrip()[-1:] in (":", ",", "：") or before.rstrip().endswith("that")
    if ARABIC.search(ahead):  # the verb stands before its words
        return subject_in(ahead, nearest_last=True)
    first, second = (ahead, behind) if colon else (behind, ahead)
    return subject_in(first, nearest_last=first is ahead) or subject_in(second, nearest_last=second is ahead)


def _subject_inside(words: str) -> Subject | None:
    """Russian print puts the speaker between dashes inside the marks: «A, — говорит X. — B»."""
    found = re.search(r"[,!?…]\s[—–]\s([^«»—–\n]{3,90}?)(?:[.,:]\s*[—–]|[.]?$)", words)
    return subject_in(found[1], nearest_last=False) if found and speech_verb().search(found[1]) else None


def _clause_after(after: str, *, ended: bool) -> str:
    """The rest of the sentence behind a quotation; nothing when the sentence was over and another begins."""
    text = after.lstrip(" \u00a0")
    starts_new = bool(text) and text[0].isupper() and ended and not re.match(r"[,–—-]", text)
    clause = SENTENCE_END.split(text.lstrip(",.–—- \u00a0"), maxsplit=1)[0]
    if starts_new and not re.match(rf"(?:{alternatives('pronoun')})\b", clause):
        found = speech_verb().search(clause)
        return clause if found and len(clause[: found.start()].split()) <= 4 and len(clause.split()) <= 8 else ""
    return clause


def _announced(blocks: Sequence[Block], index: int) -> Subject | None:
    """A quotation alone in its paragraph: the paragraph before may end in "Assad said:"."""
    text = blocks[index - 1].text.rstrip() if index else ""
    if not text.endswith((":", "：", ",")):
        return None
    return subject_in(SENTENCE_END.split(text)[-1], nearest_last=True)


def announces_quotation(text: str) -> bool:
    """Whether a paragraph ends in a colon after a verb of speech with a subject ("Assad said:")."""
    return (
        text.rstrip().endswith(":") and subject_in(SENTENCE_END.split(text.rstrip())[-1], nearest_last=True) is not None
    )


def _continues(blocks: Sequence[Block], previous: Span, span: Span) -> bool:
    """The same speaker goes on: in the same paragraph, or in the next one that is all quotation."""
    if span.continued or previous.block == span.block:
        return True
    block = blocks[span.block]
    alone = not block.text[: span.outer_start - block.start].strip()
    return alone and span.block == previous.block + 1
