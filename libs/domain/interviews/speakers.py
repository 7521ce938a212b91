"""The people behind the labels of an interview.

In: turns with labels, and the names that the outlet's own words give. Out: the speaker of each label, who was asked, who
asked, and which labels are outlets. Initials ("IH"), parts of names ("OMROEP"), offices and plain paragraphs are resolved
as far as the article says who they are.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.domain.interviews.marks import is_office, known_role
from libs.domain.interviews.names import person_words, plain, same_person
from libs.domain.interviews.outlets import outlets_in
from libs.domain.interviews.persons import fullest, without_title
from libs.domain.interviews.turns import Spoken


@dataclass(frozen=True, slots=True)
class Speakers:
    """Label to speaker, and what follows from it for the interview."""

    by_label: Mapping[tuple[str, str], str | None] = field(default_factory=dict)  # (role, label)
    interviewee: str | None = None
    interviewers: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()  # labels that are outlets'

    def of(self, turn: Spoken) -> str | None:
        """The speaker of a turn, `None` where the article does not say."""
        return self.by_label.get((turn.role, turn.label))


def resolve_speakers(
    turns: Sequence[Spoken],
    *,
    known: Sequence[str],
    asked: Sequence[str],
    askers: Sequence[str],
    outlets: Sequence[str],
    voices: Sequence[str],
) -> Speakers:
    """Resolve all labels. `known` names stand in the outlet's own words; `asked` and `askers` were told by patterns."""
    answers: Counter[str] = Counter()  # label to characters spoken
    for turn in turns:
        if turn.role == "answer":
            answers[turn.label] += turn.end - turn.start
    questions = list(dict.fromkeys(turn.label for turn in turns if turn.role == "question"))
    names = [*known, *(label for label in [*answers, *questions] if len(person_words(label)) > 1)]
    asking_outlets = {label: found for label in questions if (found := _outlet(label, outlets))}
    asking_people = {
        label: person for label in questions if label not in asking_outlets and (person := _person(label, names))
    }
    interviewers = tuple(dict.fromkeys([*asking_people.values(), *(fullest(name, names) for name in askers)]))
    answering = {label: _person(label, names) for label in answers}
    main = next((label for label, _ in answers.most_common()), "")
    interviewee = answering.get(main) or _told(asked, known, voices, interviewers)
    by_label: dict[tuple[str, str], str | None] = {}
    for label in answers:
        by_label["answer", label] = (
            answering[label] or (interviewee if label == main or not label else None) or _printed(label)
        )
    for label in questions:
        only = interviewers[0] if len(interviewers) == 1 and not _is_plural(label) else None
        by_label["question", label] = asking_outlets.get(label) or asking_people.get(label) or only or _printed(label)
    labelled_outlets = tuple(dict.fromkeys(asking_outlets.values()))
    kept = tuple(name for name in interviewers if not interviewee or not same_person(name, interviewee))
    return Speakers(by_label, interviewee, kept, labelled_outlets)


def _told(asked: Sequence[str], known: Sequence[str], voices: Sequence[str], interviewers: Sequence[str]) -> str | None:
    """The person asked where no label names him: from a pattern, the first who is described, or the only one named."""
    for name in [*asked, *voices]:
        if not any(same_person(name, other) for other in interviewers):
            return fullest(name, known)
    others = [name for name in known if " " in name and not any(same_person(name, other) for other in interviewers)]
    alone = bool(others) and all(same_person(name, others[0]) for name in others)
    return fullest(others[0], known) if alone else None


def _printed(label: str) -> str | None:
    """A label that is a name nobody else spells out; words such as "Question", "Host" or "MAYOR" name nobody."""
    return label if label and not known_role(label) and not is_office(label) else None


def _is_plural(label: str) -> bool:
    return (
        label.casefold().endswith("s")
        and len(label) > 1
        and known_role(label) == "question"
        and plain(label) != "guests"
    )


def _person(label: str, names: Sequence[str]) -> str | None:
    """The person of a label: a name, a given name, or initials of a known name."""
    if not label or known_role(label) or is_office(label):
        return None
    initials = plain(label) if label.isupper() and len(plain(label)) <= 4 else ""
    if initials:
        fitting = {fullest(name, names) for name in names if _initials(name) == initials}
        if len(fitting) == 1:
            return fitting.pop()
    bare = without_title(label)
    full = fullest(bare, names)
    if full != bare or len(person_words(bare)) > 1:
        return full
    given = [name for name in names if len(person_words(name)) > 1 and plain(person_words(name)[0]) == plain(bare)]
    if given:
        return fullest(given[0], names)
    return bare if bare != label or not label.isupper() else None


def _initials(name: str) -> str:
    return "".join(plain(word)[:1] for word in re.split(r"[\s\-‑]+", name) if plain(word) and word[0].isupper())


def _outlet(label: str, outlets: Sequence[str]) -> str | None:
    """The outlet of a label: its name, some of its words, or its initials."""
    if not label:
        return None
    words = {plain(word) for word in label.split()}
    for name in outlets:
        parts = [plain(word) for word in name.split()]
        if words <= set(parts) or plain(label) == "".join(part[:1] for part in parts):
            return name
    if known_role(label):
        return None
    return label if any(mention.name == label for mention in outlets_in(label)) else None
