"""Who was asked, by which outlets and persons, and when it was broadcast, as far as an article says so of itself.

In: the outlet's own words, quotations and turns. Out: facts; unknown stays unknown. Precision before recall: an outlet
that is named wrongly keeps true retellings apart. An article is about an interview when it prints one, or when the person
asked is the one it quotes most; pieces that only mention or quote an interview in passing have no facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.domain.documents import InterviewFacts
from libs.domain.interviews.airing import aired_on, broadcast_on
from libs.domain.interviews.asking import Asking, named_outlets
from libs.domain.interviews.clauses import clause_has_speaker, clause_subject
from libs.domain.interviews.names import same_outlet, same_person
from libs.domain.interviews.narration import Narration
from libs.domain.interviews.persons import fullest, resolve
from libs.domain.interviews.speakers import Speakers, resolve_speakers
from libs.domain.interviews.turns import Spoken
from libs.domain.interviews.unlabelled import mentions_interview

_LEAST_QUOTES = 2  # of the person asked: a piece that quotes one sentence is about something else
_EARLY_BLOCKS = 3  # a retelling says in its first paragraphs where the words were spoken


@dataclass(frozen=True, slots=True)
class Reading:
    """Facts and the speakers of the turns, which are resolved together."""

    facts: InterviewFacts
    speakers: Speakers


def facts_of_interview(told: Narration, turns: Sequence[Spoken], *, published: str | None, questions: int) -> Reading:
    """The facts of an article that is printed as questions and answers."""
    intro = list(dict.fromkeys(name for asking in told.askings for name in asking.outlets))
    mentioned = intro or named_outlets(told.texts, sure=told.outlets)
    asked = [asking.who for asking in told.askings if asking.who]
    askers = [asking.asker for asking in told.askings if asking.asker and asking.asker not in asked]
    speakers = resolve_speakers(
        turns, known=told.known, asked=asked, askers=askers, outlets=mentioned, voices=told.voices
    )
    broadcasters = _distinct([*intro, *speakers.outlets]) or (mentioned if len(mentioned) == 1 else [])
    facts = InterviewFacts(
        interviewee=speakers.interviewee,
        broadcasters=tuple(broadcasters),
        interviewers=speakers.interviewers,
        aired=_aired(told.askings, told, published),
        questions=questions,
    )
    return Reading(facts, speakers)


def facts_of_report(told: Narration, quoted: Sequence[str | None], *, published: str | None) -> InterviewFacts:
    """The facts of an article that retells an interview; `quoted` are the speakers of its quotations, in order."""
    if not any(_leads(speaker or "", quoted) for speaker in dict.fromkeys(quoted)):
        return InterviewFacts()
    answers = [asking for asking in told.askings if asking.outlets]
    if not answers and any(map(mentions_interview, told.texts)):  # by a person whose outlet is not named
        answers = [asking for asking in told.askings if asking.asker]
    person = _main_person(told, answers, quoted) if answers else None
    if not person or not _is_about(person, told, answers, quoted):
        return InterviewFacts()
    own = [asking for asking in told.askings if _asks(asking, person, told.known)]
    outlets = [name for asking in own for name in asking.outlets]
    if not own:
        return InterviewFacts()
    askers = [asking.asker for asking in own if asking.asker and not same_person(asking.asker, person)]
    return InterviewFacts(
        interviewee=person,
        broadcasters=tuple(_distinct(outlets)),
        interviewers=tuple(dict.fromkeys(askers)),
        aired=_aired(own, told, published),
    )


def _main_person(told: Narration, answers: Sequence[Asking], quoted: Sequence[str | None]) -> str | None:
    """The person asked: shown by a pattern, or the one quoted most and named where it was told."""
    scores: dict[str, float] = {}

    def add(name: str | None, points: float) -> None:
        person = resolve(name, told.known) if name else None
        if person:
            key = next((other for other in scores if same_person(other, person)), person)
            scores[key] = scores.get(key, 0.0) + points

    for asking in answers:
        add(asking.who, 3.0)
        add(clause_subject(asking.sentence), 2.0 if asking.strong else 1.5)
    for speaker in quoted:
        add(speaker, 1.0)
    askers = [asking.asker for asking in told.askings if asking.asker and not asking.who]
    scores = {name: score for name, score in scores.items() if not any(same_person(name, a) for a in askers)}
    if not scores:
        add(next(iter(told.voices), None), 0.5)
    best = max(scores, key=lambda name: (scores[name], name), default=None)
    return fullest(best, told.known) if best else None


def _is_about(person: str, told: Narration, answers: Sequence[Asking], quoted: Sequence[str | None]) -> bool:
    """Whether the article retells what the person said: quoted at least twice and more than all others."""
    own, others, _ = _shares(person, quoted)
    early = min(told.places[asking.text] for asking in answers) < _EARLY_BLOCKS
    return _leads(person, quoted) and (early or (own >= 2 * _LEAST_QUOTES and own >= 3 * others))


def _leads(person: str, quoted: Sequence[str | None]) -> bool:
    """Whether a person may be quoted at least twice and more than all others."""
    own, others, unknown = _shares(person, quoted)
    return own + unknown >= _LEAST_QUOTES and others <= own + unknown / 2


def _shares(person: str, quoted: Sequence[str | None]) -> tuple[int, int, int]:
    """How many quotations are the person's, other persons', and of an unknown speaker."""
    own = sum(1 for speaker in quoted if speaker and same_person(speaker, person))
    unknown = sum(1 for speaker in quoted if not speaker)
    return own, len(quoted) - own - unknown, unknown


def _asks(asking: Asking, person: str, known: Sequence[str]) -> bool:
    """Whether a statement is about this person: its subject is the same, or is not named."""
    if asking.who:
        return same_person(asking.who, person)
    if asking.asker and same_person(asking.asker, person):
        return False
    if not asking.strong and not clause_has_speaker(asking.sentence):
        return False
    subject = clause_subject(asking.sentence)
    named = resolve(subject, known) if subject else None
    if named is None or same_person(named, person):
        return True
    return bool(asking.asker) and same_person(named, asking.asker or "")


def _aired(found: Sequence[Asking], told: Narration, published: str | None) -> str | None:
    """The date beside the first statement that has one, else beside words such as "the interview was aired"."""
    dates = (aired_on(asking.sentence, asking.at, published) for asking in found if asking.outlets)
    return next((value for value in dates if value), None) or broadcast_on(told.texts, published)


def _distinct(names: Sequence[str]) -> list[str]:
    """One spelling an outlet, the first that was printed."""
    kept: list[str] = []
    for name in names:
        if not any(same_outlet(name, other) for other in kept):
            kept.append(name)
    return kept
