"""Who was asked, by which outlets and persons, and when it was broadcast, as far as an article says so of itself.

In: title, blocks, quotations and turns. Out: facts; unknown stays unknown. Precision before recall: an outlet that is
named wrongly keeps true retellings apart. An article counts as being about an interview when it prints one, or when the
person asked is the one it quotes most; pieces that only mention or quote an interview in passing have no facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.domain.documents import Block, InterviewFacts
from libs.domain.interviews.airing import aired_on
from libs.domain.interviews.asking import Asking, askings, named_outlets, sure_outlets
from libs.domain.interviews.attribution import (
    arabic_people,
    clause_has_speaker,
    clause_subject,
    unquoted_parts,
    voices_in,
)
from libs.domain.interviews.names import same_outlet, same_person
from libs.domain.interviews.persons import fullest, people, resolve
from libs.domain.interviews.quotations import Span
from libs.domain.interviews.speakers import Speakers, resolve_speakers
from libs.domain.interviews.turns import Spoken

_LEAST_QUOTES = 2  # of the person asked: a piece that quotes one sentence is about something else
_EARLY_BLOCKS = 4  # a retelling says in its first paragraphs where the words were spoken


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts and the speakers of the turns, which are resolved together."""

    facts: InterviewFacts
    speakers: Speakers


def read_facts(
    title: str,
    blocks: Sequence[Block],
    spans: Sequence[Span],
    speakers: Sequence[str | None],
    turns: Sequence[Spoken],
    *,
    published: str | None,
    questions: int,
) -> Reading:
    """Read the facts; `speakers` are those of the quotation `spans`, in order."""
    if turns:
        return _of_interview(title, blocks, spans, turns, published=published, questions=questions)
    facts = _of_report(title, blocks, spans, speakers, published=published)
    return Reading(facts, Speakers())


def _of_interview(
    title: str,
    blocks: Sequence[Block],
    spans: Sequence[Span],
    turns: Sequence[Spoken],
    *,
    published: str | None,
    questions: int,
) -> Reading:
    own = [block for block in blocks if block.end <= turns[0].start or block.start >= turns[-1].end]
    texts = [title, *(text for _, text in unquoted_parts(own, [s for s in spans if _within(s, own)]))]
    labels = list(dict.fromkeys(turn.label for turn in turns if turn.label))
    sure = sure_outlets([*texts, *labels])
    found = askings(texts, sure=sure)
    known = people(texts) + arabic_people(texts)
    asked = [asking.who for asking in found if asking.who]
    askers = [asking.asker for asking in found if asking.asker and asking.asker not in asked]
    intro = list(dict.fromkeys(name for asking in found for name in asking.outlets))
    mentioned = intro or named_outlets(texts, sure=sure)
    resolved = resolve_speakers(
        turns, known=known, asked=asked, askers=askers, outlets=mentioned, voices=voices_in(texts, known)
    )
    broadcasters = _distinct([*intro, *resolved.outlets]) or (mentioned if len(mentioned) == 1 else [])
    facts = InterviewFacts(
        interviewee=resolved.interviewee,
        broadcasters=tuple(broadcasters),
        interviewers=resolved.interviewers,
        aired=_aired(found, texts, published),
        questions=questions,
    )
    return Reading(facts, resolved)


def _within(span: Span, blocks: Sequence[Block]) -> bool:
    return any(block.start <= span.start < block.end for block in blocks)


def _of_report(
    title: str, blocks: Sequence[Block], spans: Sequence[Span], speakers: Sequence[str | None], *, published: str | None
) -> InterviewFacts:
    parts = unquoted_parts(blocks, spans)
    texts = [title, *(text for _, text in parts)]
    places = [0, *(index for index, _ in parts)]
    found = [asking for asking in askings(texts, sure=sure_outlets(texts)) if asking.outlets or asking.asker]
    told = [asking for asking in found if asking.outlets]
    known = people(texts) + arabic_people(texts)
    person = _main_person(title, told or found, speakers, known, voices_in(texts, known))
    if not person or not _is_about(person, told or found, speakers, places):
        return InterviewFacts()
    own = [asking for asking in found if _asks(asking, person, known)]
    if not any(asking.outlets or asking.strong for asking in own):
        return InterviewFacts()
    return InterviewFacts(
        interviewee=person,
        broadcasters=tuple(_distinct([name for asking in own for name in asking.outlets])),
        interviewers=_interviewers(own, person),
        aired=_aired([asking for asking in own if asking.outlets], texts, published),
    )


def _main_person(
    title: str, told: Sequence[Asking], speakers: Sequence[str | None], known: Sequence[str], voices: Sequence[str]
) -> str | None:
    """The person asked: named by a pattern, else the one who is quoted most and is the subject where it was told."""
    scores: dict[str, float] = {}

    def add(name: str | None, points: float) -> None:
        person = resolve(name, known) if name else None
        if person:
            key = next((other for other in scores if same_person(other, person)), person)
            scores[key] = scores.get(key, 0.0) + points

    for asking in told:
        add(asking.who, 3.0)
        add(clause_subject(asking.sentence), 2.0 if asking.strong else 1.5)
    for speaker in speakers:
        add(speaker, 1.0)
    for asking in told:
        for name in [name for name in scores if asking.asker and same_person(name, asking.asker)]:
            scores[name] -= 4.0
    if told and not any(score > 0 for score in scores.values()):
        add(next(iter(voices), None), 0.5)
    best = max(scores, key=lambda name: (scores[name], name), default=None)
    return fullest(best, known) if best and scores[best] > 0 else None


def _is_about(person: str, told: Sequence[Asking], speakers: Sequence[str | None], places: Sequence[int]) -> bool:
    """Whether the article retells what the person said: quoted at least twice and more than all others."""
    if not told:
        return False
    own = sum(1 for speaker in speakers if speaker and same_person(speaker, person))
    others = sum(1 for speaker in speakers if speaker and not same_person(speaker, person))
    unknown = len(speakers) - own - others
    early = min(places[asking.text] for asking in told) < _EARLY_BLOCKS
    if own + unknown < _LEAST_QUOTES or others > own + unknown / 2:
        return False
    return early or (own >= 2 * _LEAST_QUOTES and own >= 3 * others)


def _asks(asking: Asking, person: str, known: Sequence[str]) -> bool:
    """Whether a statement is about this person: its subject is unnamed or the same."""
    if asking.who:
        return same_person(asking.who, person)
    if asking.asker and same_person(asking.asker, person):
        return False
    if not asking.strong and not clause_has_speaker(asking.sentence):
        return False
    subject = clause_subject(asking.sentence)
    named = resolve(subject, known) if subject else None
    if asking.asker and named and same_person(named, asking.asker):
        return True
    return named is None or same_person(named, person)


def _interviewers(own: Sequence[Asking], person: str) -> tuple[str, ...]:
    names = [asking.asker for asking in own if asking.asker and not same_person(asking.asker, person)]
    return tuple(dict.fromkeys(names))


def _aired(found: Sequence[Asking], texts: Sequence[str], published: str | None) -> str | None:
    """The date beside the first statement that has one."""
    dates = (aired_on(asking.sentence, asking.at, published) for asking in found if asking.outlets)
    return next((value for value in dates if value), None)


def _distinct(names: Sequence[str]) -> list[str]:
    """One spelling an outlet, the first that was printed."""
    kept: list[str] = []
    for name in names:
        if not any(same_outlet(name, other) for other in kept):
            kept.append(name)
    return kept
