"""The list of name variants, and what may not stand in one."""

import pytest

from libs.domain.variants import BadVariants, VariantGroup, find_problems, load_variants, parse_groups, synonym_rules


def test_the_shipped_list_is_sound_and_covers_three_scripts():
    groups = load_variants()
    rules = synonym_rules(groups)
    assert len(groups) == len(rules) >= 60
    assert {group.kind for group in groups} == {"place", "organisation", "person"}
    (raqqa,) = [rule for rule in rules if rule.startswith("raqqa,")]
    assert {"raqa", "ar-raqqah", "ракка", "الرقة"} <= set(raqqa.split(", "))


def group(*variants: str, name: str = "Raqqa", kind: str = "place") -> VariantGroup:
    return VariantGroup(name, kind, variants)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (group("Raqa", kind="town"), "kind"),
        (group(), "needs a spelling"),
        (group("RAQQA", "Ráqqa"), "needs a spelling"),
        (group("Raqa, Rakka"), "rule syntax"),
        (group("Raqa => Rakka"), "rule syntax"),
        (group("Is"), "too short"),
        (group("Rakka\u0301"), "NFC"),
        (group("R" * 81), "longer"),
        (group("--"), "too short"),
    ],
)
def test_what_the_engine_would_refuse_or_misread_is_named(bad, words):
    problems = list(find_problems([bad]))
    assert problems
    assert any(words in problem and problem.startswith("Raqqa") for problem in problems)


def test_a_spelling_in_two_groups_would_join_them_and_is_refused():
    problems = list(find_problems([group("Raqa"), group("raqa", name="Other")]))
    assert problems == ["Other: 'raqa' also stands in Raqqa"]


@pytest.mark.parametrize("data", [{}, {"group": [{"name": "x"}]}, {"group": [], "more": 1}, {"group": [{"name": "x",
    "kind": "place", "variants": [1]}]}])  # fmt: skip
def test_a_file_of_another_shape_is_refused(data):
    with pytest.raises(BadVariants):
        parse_groups(data)


def test_a_broken_file_names_itself(tmp_path):
    path = tmp_path / "house.toml"
    path.write_text("[[group]")
    with pytest.raises(BadVariants, match=r"house\.toml"):
        load_variants(path)
