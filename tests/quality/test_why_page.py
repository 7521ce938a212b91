"""What docs/stories.md shows of `newsfold why` is what the code says of the demo corpus."""

from collections.abc import Callable

import pytest

from benchmarks.answers import PAGE, answers, replaced
from benchmarks.corpus import corpus_articles
from libs.adapters.postgres.engine import open_postgres


@pytest.mark.engines
async def test_the_page_shows_what_is_answered(postgres_database: Callable[[], str]) -> None:
    engine = open_postgres(postgres_database(), application="tests")
    try:
        part = await answers(engine, corpus_articles())
    finally:
        await engine.dispose()
    page = PAGE.read_text(encoding="utf-8")
    assert part.count("\n```text\n") == 60
    assert page == replaced(page, part), "python -m benchmarks.answers writes the page anew"
