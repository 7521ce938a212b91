"""Which interview a text says it tells of, and how persons are looked up."""

from itertools import combinations

import pytest

from libs.domain.documents import ArticleKind, InterviewFacts, Quote
from libs.domain.interviews.names import same_person
from libs.domain.stories.identity import Identity, Relation, relation, widened
from libs.domain.stories.leads import Direction, direction, lead_of
from libs.domain.stories.persons import person_keys
from libs.domain.stories.retold import in_focus
from libs.domain.stories.texts import Article

SPELLINGS = [
    "Idris Halvani",
    "Edris Halwani",
    "Minister Halvani",
    "I. Halvani",
    "إدريس هلفاني",
    "Идрис Халвани",
    "Yuliana Chereshnik",
    "Julianna Czereśnik",
    "Юлиана Черешник",
    "Bashar al-Assad",
    "Assad",
    "بشار الأسد",
    "Башар Асад",
    "Dora Maskell",
    "Theodora Maskell",
    "Annelore Vismaar",
    "Annelore Fismar",
]


def test_spellings_of_one_person_share_a_key() -> None:
    alike = [(a, b) for a, b in combinations(SPELLINGS, 2) if same_person(a, b)]
    assert len(alike) >= 10
    assert [(a, b) for a, b in alike if not person_keys([a]) & person_keys([b])] == []


def _says(*outlets: str, person: str = "Idris Halvani", questions: int = 0) -> Identity:
    return Identity(frozenset({person}), frozenset(outlets), questions=questions)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (_says("Russia 24", "NTV"), _says("Rossiya 24"), Relation.MATCH),
        (_says("Russia 24"), _says("Phoenix TV"), Relation.CONFLICT),
        (_says("Russia 24"), _says(), Relation.UNKNOWN),
        (_says("Russia 24"), _says("Phoenix TV", person="Tobias Renneke"), Relation.UNKNOWN),
    ],
)
def test_relation_of_two_sides(a: Identity, b: Identity, expected: Relation) -> None:
    assert relation(a, b) is expected
    assert relation(b, a) is expected


def test_those_who_print_the_interview_know_who_asked() -> None:
    both = widened([_says("Radio Sefar", questions=12), _says("Radio Sefar", "Orsen")])
    assert both.outlets == {"Radio Sefar"}
    retellings = widened([_says("Russia 24"), _says("NTV")])
    assert retellings.outlets == {"Russia 24", "NTV"}


def test_a_person_is_in_focus_who_says_most() -> None:
    facts = InterviewFacts("Idris Halvani")
    own = Quote("word " * 45, "Halvani", 0, 1)
    nobody = Quote("word " * 45, None, 0, 1)
    other = Quote("word " * 45, "Odile Varennac", 0, 1)
    assert in_focus(facts, (), [own])
    assert in_focus(facts, (), [nobody])
    assert not in_focus(facts, (), [own, other])
    assert not in_focus(facts, (), [Quote("word " * 20, "Halvani", 0, 1)])
    assert not in_focus(InterviewFacts(), (), [nobody])


def _article(name: str, **fields: object) -> Article:
    return Article(name, f"https://{name}.example/", name, name, name, name, **fields)  # type: ignore[arg-type]


def test_the_printed_interview_leads_though_a_report_was_first() -> None:
    source = _article(
        "source", kind=ArticleKind.INTERVIEW, facts=InterviewFacts(questions=12), published="2024-05-14T12:00:00+00:00"
    )
    report = _article("report", published="2024-05-14T11:00:00+00:00")
    reprint = _article(
        "reprint",
        kind=ArticleKind.INTERVIEW,
        facts=InterviewFacts(questions=13),
        published="2024-05-15",
        credit="source",
    )
    words = {"source": 900, "report": 300, "reprint": 950}
    assert lead_of([report, reprint, source], words) is source
    assert direction(report, source).direction is Direction.FROM
    assert direction(source, reprint).direction is Direction.TO


def test_of_reports_the_first_leads_and_one_without_time_never_before_it() -> None:
    untimed, early, late = _article("a"), _article("b", published="2024-05-13"), _article("c", published="2024-05-14")
    words = {"a": 500, "b": 300, "c": 400}
    assert lead_of([untimed, early, late], words) is early
    assert direction(early, late).direction is Direction.TO
    assert direction(untimed, _article("d")).direction is Direction.UNKNOWN
