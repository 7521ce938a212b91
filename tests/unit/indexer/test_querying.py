"""From typed words to query bodies."""

import pytest

from libs.adapters.opensearch.querying import BadQuery, parse, text_query, turn_query
from libs.adapters.opensearch.quotes import MAX_PHRASES, quote_query


def test_words_phrases_and_exclusions_are_told_apart():
    asked = parse('Dolen "open harbour" -snow -"heavy ice" al-Raqqah "unclosed')
    assert asked.words == 'Dolen al-Raqqah "unclosed'
    assert asked.phrases == ("open harbour",)
    assert asked.without == ("snow", "heavy ice")


def test_decomposed_letters_are_composed_as_in_the_index():
    assert parse("Besanc\u0327on").words == "Besançon"


def test_nothing_typed_finds_everything_and_only_punctuation_is_refused():
    assert text_query("")["bool"]["must"] == [{"match_all": {}}]
    with pytest.raises(BadQuery):
        text_query('"" -')


def test_exact_uses_neither_variants_nor_stems():
    loose, exact = str(text_query("Raqa")), str(text_query("Raqa", exact=True))
    assert "stem" in loose
    assert "nf_exact" not in loose
    assert "stem" not in exact
    assert "nf_exact" in exact


def test_values_of_one_facet_are_alternatives_and_facets_narrow():
    filters = text_query("", [("outlet", "A"), ("outlet", "B"), ("kind", "report")])["bool"]["filter"]
    assert filters == [{"terms": {"outlet": ["A", "B"]}}, {"terms": {"kind": ["report"]}}]


@pytest.mark.parametrize(
    ("value", "limits"),
    [
        ("2024", {"gte": "2024||/y", "lte": "2024||/y"}),
        ("2024-05", {"gte": "2024-05||/M", "lte": "2024-05||/M"}),
        ("2024-05-14", {"gte": "2024-05-14||/d", "lte": "2024-05-14||/d"}),
        ("2024-05-01..2024-06", {"gte": "2024-05-01||/d", "lte": "2024-06||/M"}),
        ("2024-05..", {"gte": "2024-05||/M"}),
        ("..2024", {"lte": "2024||/y"}),
    ],
)
def test_dates_are_days_months_years_and_ranges(value, limits):
    (found,) = text_query("", [("date", value)])["bool"]["filter"]
    assert found == {"bool": {"should": [{"range": {"published": limits}}]}}


@pytest.mark.parametrize("value", ["", "..", "24", "2024-5", "2024..x", "2024-05-01-2024-05-02"])
def test_other_dates_are_refused(value):
    with pytest.raises(BadQuery):
        text_query("", [("date", value)])


def test_a_strange_role_is_refused():
    with pytest.raises(BadQuery, match="interviewer"):
        turn_query("x", role="interviewer")


def test_a_quotation_is_asked_for_by_its_runs_of_three_words_as_printed():
    clauses = quote_query("It’s a door, not a house")["bool"]["should"]
    phrases = [clause["constant_score"]["filter"]["match_phrase"]["body"]["query"] for clause in clauses]
    assert phrases == ["It’s a door", "a door, not", "door, not a", "not a house"]


def test_a_long_quotation_is_sampled_and_an_endless_or_empty_one_refused():
    assert len(quote_query(" ".join(f"w{n}" for n in range(900)))["bool"]["should"]) <= MAX_PHRASES
    for wrong in ("", "…", "w " * 1001):
        with pytest.raises(BadQuery):
            quote_query(wrong)
