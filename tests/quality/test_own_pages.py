"""The own set of pages: ten layouts, six languages, every way to print interviews and comments, with exact truth.

Each page must be right in every field. What is not yet right stands in `pages/misses.toml` with its reason, by page and
field; a listed miss that has become right fails too, so that the list stays true.
"""

import tomllib
from pathlib import Path

import pytest

from tests.quality.pages.catalogue import pages
from tests.quality.pages.marking import wrong

_MISSES = Path(__file__).parent / "pages" / "misses.toml"
PAGES = {page.name: page for page in pages()}


def listed() -> dict[str, set[str]]:
    """Fields that may be wrong, by page."""
    rows = tomllib.loads(_MISSES.read_text(encoding="utf-8")).get("miss", [])
    found: dict[str, set[str]] = {}
    for row in rows:
        assert row["reason"].strip(), row
        for name in row["pages"]:
            found.setdefault(name, set()).update(row["fields"])
    return found


def test_the_set_has_the_pages_that_it_promises() -> None:
    assert len(PAGES) == len(pages()) >= 60
    assert set(listed()) <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_right_in_every_field_that_is_not_listed(name: str) -> None:
    found = wrong(PAGES[name])
    allowed = listed().get(name, set())
    assert {field: value for field, value in found.items() if field not in allowed} == {}
    assert allowed <= set(found), f"right now, take it off the list: {allowed - set(found)}"
