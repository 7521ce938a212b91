"""Who said a quotation, where the text says so.

In: blocks, quotation spans and the known names. Out: one speaker (or `None`) a span. The words beside a quotation are
searched for a verb of speech and its subject; "he added", "the minister said" and a bare continuation point to the last
speaker. A subject that is no person (a ministry, "officials") gives `None`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from libs.domain.documents import Block
from libs.domain.interviews.names import person_words, plain
from libs.domain.interviews.persons import names_in, resolve, without_title
from libs.domain.interviews.quotations import Span, outside
from libs.domain.interviews.vocabulary import load

_SENTENCE_END = re.compile(r"(?<!\b[A-ZА-Я])(?<!\b(?:Mr|Dr|Ms|St))(?<!\bMrs)(?<!\bProf)[.!?…؟](?=[\s\n]|$)")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_DATELINE = re.compile(r"^\s*[^\W\d_][^.:;!?\n–—]{1,60}\s[–—-]\s")  # "Damascus, SANA – "
_LONGEST_SENTENCE = 1000  # characters; what is longer is a list, cut so that the work stays linear
_REACH = 320  # characters looked at beside a quotation


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a clause says is speaking: a name, or a word that points back (`name` is `None`)."""

    name: str | None


def attribute(
    blocks: Sequence[Block], spans: Sequence[Span], known: Sequence[str], voices: Sequence[str]
) -> list[str | None]:
    """The speaker of each span, in the fullest spelling among `known` names; `voices` are those whom "she" may mean."""
    speakers: list[str | None] = []
    last: str | None = None
    for i, span in enumerate(spans):
        subject = _subject_of(blocks, spans, i)
        if subject is None:
            carried = i > 0 and _continues(blocks, spans[i - 1], span)
            speakers.append(speakers[-1] if carried else None)
        elif subject.name:
            person = resolve(subject.name, known)
            last = person or last
            speakers.append(person)
        else:
            last = _named_since(blocks, spans, i, known, voices) or last or _last_named(blocks, span, voices)
            speakers.append(last)
    return _fill_unnamed(blocks, spans, speakers)


def _named_since(
    blocks: Sequence[Block], spans: Sequence[Span], i: int, known: Sequence[str], voices: Sequence[str]
) -> str | None:
    """Who spoke last in the outlet's words between the quotation before and this one, in full sentences."""
    start = spans[i - 1].outer_end if i else blocks[max(0, spans[i].block - 2)].start
    first = spans[i - 1].block if i else max(0, spans[i].block - 2)
    texts = [
        block.text[max(0, start - block.start) : max(0, spans[i].outer_start - block.start)]
        for block in blocks[first : spans[i].block + 1]
    ]
    subjects = [clause_subject(sentence) for text in texts for sentence in sentences(text)]
    found = [person for name in subjects if name and (person := resolve(name, known))]
    return next((person for person in reversed(found) if person in voices), None)


def voices_in(texts: Sequence[str], known: Sequence[str]) -> list[str]:
    """The persons who are the subject of a verb of speech in the outlet's own words, or are described by an office.

    Where there are none, those whose full name opens a sentence.
    """
    all_sentences = [sentence for text in texts for sentence in sentences(text)]
    named = [name for s in all_sentences for name in (clause_subject(s), *_described(s)) if name]
    voices = [voice for name in named if (voice := resolve(name, known))]
    voices = voices or [voice for s in all_sentences for name in _acting(s) if (voice := resolve(name, known))]
    return list(dict.fromkeys(voices))


@lru_cache(maxsize=1024)
def clause_has_speaker(sentence: str) -> bool:
    """Whether a verb of speech in a sentence has a person for its subject, by name or by a word that points back."""
    return _subject(sentence, nearest_last=False) is not None


@lru_cache(maxsize=1024)
def clause_subject(sentence: str) -> str | None:
    """The name that is the subject of the first verb of speech in a sentence."""
    found = _subject(sentence, nearest_last=False)
    return found.name if found else None


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
    return re.compile(rf"(?i:(?<!\w)(?:{_any('person')}))(?:\s[^,;:.]{{1,50}},)?(?:\s[A-Z]\w{{0,4}}\.?)?,?\s*$")


def _acting(sentence: str) -> list[str]:
    """A full name that opens a sentence and does something: "Theodora Maskell could have", "X Y, who directs"."""
    names = names_in(sentence)
    if not names or " " not in names[0][0] or sentence[: names[0][1]].strip(' ,"“”').count(" ") > 1:
        return []
    return [names[0][0]] if re.match(r",? [^\W\d_A-ZÀ-ÞА-Я]", sentence[names[0][2] :]) else []


def _names_person(text: str) -> bool:
    return any(plain(word) in _set("person") for word in re.findall(r"[\w’'-]+", text))


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
    ahead = _SENTENCE_END.split(before)[-1]
    colon = before.rstrip()[-1:] in (":", ",", "：") or before.rstrip().endswith("that")
    if _ARABIC.search(ahead):  # the verb stands before its words
        return _subject(ahead, nearest_last=True)
    first, second = (ahead, behind) if colon else (behind, ahead)
    return _subject(first, nearest_last=first is ahead) or _subject(second, nearest_last=second is ahead)


def _subject_inside(words: str) -> Subject | None:
    """Russian print puts the speaker between dashes inside the marks: «A, — говорит X. — B»."""
    found = re.search(r"[,!?…]\s[—–]\s([^«»—–\n]{3,90}?)(?:[.,:]\s*[—–]|[.]?$)", words)
    return _subject(found[1], nearest_last=False) if found and _verb().search(found[1]) else None


def _clause_after(after: str, *, ended: bool) -> str:
    """The rest of the sentence behind a quotation; nothing when the sentence was over and another begins."""
    text = after.lstrip(" \u00a0")
    starts_new = bool(text) and text[0].isupper() and ended and not re.match(r"[,–—-]", text)
    clause = _SENTENCE_END.split(text.lstrip(",.–—- \u00a0"), maxsplit=1)[0]
    if starts_new and not re.match(rf"(?:{_any('pronoun')})\b", clause, re.IGNORECASE):
        found = _verb().search(clause)
        return clause if found and len(clause[: found.start()].split()) <= 4 and len(clause.split()) <= 8 else ""
    return clause


def _announced(blocks: Sequence[Block], index: int) -> Subject | None:
    """A quotation alone in its paragraph: the paragraph before may end in "Assad said:"."""
    text = blocks[index - 1].text.rstrip() if index else ""
    if not text.endswith((":", "：", ",")):
        return None
    return _subject(_SENTENCE_END.split(text)[-1], nearest_last=True)


def sentences(text: str) -> list[str]:
    """A text cut at the ends of its sentences; initials and titles do not end one."""
    parts = (part for part in _SENTENCE_END.split(text) if part.strip())
    return [part[at : at + _LONGEST_SENTENCE] for part in parts for at in range(0, len(part), _LONGEST_SENTENCE)]


def announces_quotation(text: str) -> bool:
    """Whether a paragraph ends in a colon after a verb of speech with a subject ("Assad said:")."""
    return (
        text.rstrip().endswith(":") and _subject(_SENTENCE_END.split(text.rstrip())[-1], nearest_last=True) is not None
    )


def _continues(blocks: Sequence[Block], previous: Span, span: Span) -> bool:
    """The same speaker goes on: in the same paragraph, or in the next one that is all quotation."""
    if span.continued or previous.block == span.block:
        return True
    block = blocks[span.block]
    alone = not block.text[: span.outer_start - block.start].strip()
    return alone and span.block == previous.block + 1


def _subject(clause: str, *, nearest_last: bool) -> Subject | None:
    """The subject of the verb of speech in a clause; of several verbs the one nearest to the quotation decides."""
    verbs = list(_verb().finditer(clause))[:12]
    for verb in reversed(verbs) if nearest_last else verbs:
        if found := _subject_of_verb(clause, verb):
            return found
    lead = _lead().search(clause)
    if lead and (names := names_in(clause[lead.end() : lead.end() + 60])):
        return Subject(without_title(names[0][0]))
    return None


def _subject_of_verb(clause: str, verb: re.Match[str]) -> Subject | None:
    before, after = clause[: verb.start()], clause[verb.end() :]
    if _ARABIC.search(verb[0]):
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
    if any(word in _set("pronoun") for word in near):
        return True
    return any(word.split("-")[-1] in _set("person") for word in (words[-9:] if at_end else words[:5]))


def _inverted(after: str) -> Subject | None:
    """ "said the minister", "a-t-elle répondu", "говорит Черешник"."""
    head = re.split(r"[,;:.!?“”«»\"]", after, maxsplit=1)[0]
    if re.match(r"\s*(?:by|von|par|por|da)\s", head):  # "asked by"
        return None
    names = names_in(head)
    if names and len(head[: names[0][1]].split()) <= 6:
        return Subject(without_title(names[0][0]))
    return Subject(None) if _points_back(head, at_end=False) else None


def arabic_subject(after: str) -> Subject | None:
    """The words behind an Arabic verb up to a particle or a mark: titles off, at most three are the name."""
    words: list[str] = []
    titled = False
    for word in re.split(r"\s+", re.split(r"[،؛:.!؟«“\"(]", after, maxsplit=1)[0].strip()):
        if not word or word in _raw("stop") or word.startswith(("لـ", "بـ")):
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
        if _ARABIC.search(text)
        for verb in _verb().finditer(text)
        if _ARABIC.search(verb[0])
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
def _verb() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w’'])(?:{_any('verb')})(?![\w])", re.IGNORECASE)


@cache
def _lead() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any('lead')})(?!\w)", re.IGNORECASE)


@cache
def _nobody() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any('nobody')})(?!\w)", re.IGNORECASE)


def _any(key: str) -> str:
    return "|".join(re.escape(word) for word in sorted(load("speech")[key], key=len, reverse=True))


@cache
def _set(key: str) -> frozenset[str]:
    return frozenset(plain(word) for word in load("speech")[key])


@cache
def _raw(key: str) -> frozenset[str]:
    return frozenset(load("speech")[key])


@cache
def _titles() -> frozenset[str]:
    return frozenset(plain(word) for word in load("names")["titles"])
