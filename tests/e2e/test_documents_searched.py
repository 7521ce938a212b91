"""The checks of the search guide on what the services themselves recorded and indexed, and the guide's own commands.

Three invented pages join the shared stack for the spellings of a name; each stands alone, so nothing else changes.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from support.search_checks import GuideChecks
from support.search_guide import (
    AL_RAQQAH,
    RAQQA,
    Account,
    Row,
    Searched,
    commands,
    counted,
    has_words,
    keys,
    plain_words,
    read_account,
    runs_of_three,
)
from support.stack import Stack

from libs.adapters.opensearch.client import open_client
from libs.adapters.opensearch.schema import IndexNames
from libs.adapters.postgres.engine import open_postgres
from libs.domain.fingerprints.words import split_words

FLOUR, BREAD = "https://spar.example/flour.html", "https://almarfa.example/khubz.html"
PAGES = {
    AL_RAQQAH: (
        "en",
        "Bakers return to al-Raqqah",
        "Twelve bakers have returned to al-Raqqah, the city's council said on Saturday. Their ovens had been cold for "
        "four years, and two of the chimneys had to be built anew from the ground.",
        "The first loaves went to the hospital by the river. A woman who had waited since dawn said that she had "
        "forgotten the smell, and that her youngest son had never known it.",
    ),
    FLOUR: (
        "en",
        "Lorries with flour arrive at dawn",
        "The first lorries with flour reached Raqa at dawn on Monday, seven days late. Their drivers had slept in the "
        "cabins because the only inn on the road had lost its roof in the storm.",
        "The mayor counted the sacks himself and found nine missing. He will pay for those, he said, when somebody "
        "shows him where they fell off.",
    ),
    BREAD: (
        "ar",
        "الخبز يعود إلى المدينة",
        "عاد الخبازون إلى مدينة الرقة بعد سنوات من الغياب، وقال أحدهم إن الفرن القديم ما زال صالحا للعمل رغم كل شيء.",
        "وينتظر السكان منذ الفجر أمام الباب، ويقول الأطفال إنهم لم يعرفوا رائحة الخبز الطازج من قبل في هذا الحي.",
    ),
}
HTML = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:type" content="article"><meta property="article:published_time" content="2025-02-03T10:00:00Z"></head>
<body><article><h1>{title}</h1>{paragraphs}</article></body></html>"""


@pytest.fixture
def filled(taken_in: Stack, tmp_path: Path) -> Stack:
    """The shared stack with the invented pages, which are taken in once."""
    with psycopg.connect(taken_in.environment["NEWSFOLD_POSTGRES_URL"]) as connection:
        there = connection.execute("SELECT 1 FROM pages WHERE url = %s", (AL_RAQQAH,)).fetchone()
    if there is None:
        write_pages(tmp_path)
        taken_in.command("ingest", "mirror", str(tmp_path))
        taken_in.wait()
    return taken_in


def write_pages(folder: Path) -> None:
    for url, (language, title, *paragraphs) in PAGES.items():
        file = folder / url.removeprefix("https://")
        file.parent.mkdir()
        body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        file.write_text(HTML.format(language=language, title=title, paragraphs=body), encoding="utf-8")


@pytest_asyncio.fixture
async def searched(filled: Stack) -> AsyncIterator[Searched]:
    url = filled.environment["NEWSFOLD_OPENSEARCH_URL"]
    engine = open_postgres(filled.environment["NEWSFOLD_POSTGRES_URL"], application="tests")
    client = open_client(url)
    await client.indices.refresh(index="articles,turns,stories")
    yield Searched(engine, client, IndexNames(), url)
    await client.close()
    await engine.dispose()


@pytest_asyncio.fixture
async def account(searched: Searched) -> Account:
    return await read_account(searched.engine)


class TestGuide(GuideChecks):
    """On what the pipeline made of pages."""


def guided(name: str) -> list[str]:
    """The one example of a command in the guide."""
    (words,) = [words for words in commands() if words[0] == name]
    return words


def test_the_invented_pages_stand_alone(filled: Stack, account: Account) -> None:
    mine = {row["story_id"]: row["key"] for row in account.articles if row["url"] in PAGES}
    assert sorted(mine.values()) == sorted(PAGES)
    assert {story: keys(account.stories()[story]) for story in mine} == {story: {key} for story, key in mine.items()}


def test_the_example_of_a_search_counts_what_postgresql_counts(filled: Stack, account: Account) -> None:
    words = guided("search")
    assert words[1:] == ['Halvani "not a house" -prisoners', "--facet", "language=en", "--facet", "date=2024-05"]
    said = account.where(lambda row: mentions(row) and ("not", "a", "house") in phrases(row))
    expected = [row for row in said if "prisoners" not in plain_words(row["title"], row["body"]) and in_may(row)]
    assert 0 < len(expected) < len(said)
    answer = filled.ask(*words)
    assert_same(answer, expected)
    for facet in ("outlet", "publisher", "kind", "interviewee"):
        assert {v["value"]: v["count"] for v in answer["facets"][facet]} == counted(expected, facet), facet


def mentions(row: Row) -> bool:
    return has_words({"halvani", "halvanis"})(row)


def phrases(row: Row) -> set[tuple[str, ...]]:
    return runs_of_three(row["title"]) | runs_of_three(row["body"])


def in_may(row: Row) -> bool:
    return bool(row["language"] == "en" and row["published_at"] and f"{row['published_at']:%Y-%m}" == "2024-05")


def assert_same(answer: Any, expected: list[Row]) -> None:
    assert answer["total"] == len(expected)
    assert {hit["key"] for hit in answer["hits"]} == keys(expected)


def test_the_command_finds_every_spelling_and_with_exact_the_typed_one(filled: Stack, account: Account) -> None:
    every, typed = account.where(has_words(RAQQA)), account.where(has_words({"raqa"}))
    assert keys(every) >= {AL_RAQQAH, FLOUR, BREAD}
    assert AL_RAQQAH not in keys(typed)
    assert_same(filled.ask("search", "Raqa"), every)
    assert_same(filled.ask("search", "Raqa", "--exact"), typed)
    assert filled.ask("search", "Raqa", "--stories")["total"] == len({row["story_id"] for row in every})


def test_the_example_of_a_quotation_lists_its_carriers_verbatim_first(filled: Stack, account: Account) -> None:
    _, quotation = guided("quote")
    carriers = filled.lines(*guided("quote"))
    expected = account.where(lambda row: carries(row["body"], quotation))
    assert len(expected) > 3
    exact = [carrier for carrier in carriers if carrier["exact"]]
    assert {carrier["key"] for carrier in exact} == keys(expected)
    assert carriers[: len(exact)] == exact
    times = {row["key"]: row["published_at"] for row in expected}
    assert [times[c["key"]] for c in exact] == sorted(times.values())


def carries(body: str, quotation: str) -> bool:
    """Whether a text has all the words of a quotation in a row."""
    return f" {' '.join(split_words(quotation).words)} " in f" {' '.join(split_words(body).words)} "
