"""What is erased is nowhere in PostgreSQL any more, and the account still holds."""

import random
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import LargeBinary, text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.revisions import EPOCH, Made
from libs.adapters.postgres.consistency import PostgresConsistency
from libs.adapters.postgres.engine import open_postgres
from libs.adapters.postgres.pages import PostgresPages
from libs.adapters.postgres.sources import PostgresSources
from libs.adapters.postgres.stories import PostgresStories
from libs.adapters.postgres.tables import metadata
from libs.contracts.events import PageFetched
from libs.contracts.records import Recorded
from libs.domain.documents import ExtractedArticle, ExtractedPage, Quote, Turn
from libs.domain.stories.corrections import CorrectionKind
from libs.domain.stories.texts import make_text
from services.deduplicator.correct import Asked, Corrected, Refused, Revoking, correct, revoke
from services.deduplicator.rebuild import Rebuilt, rebuild
from tests.integration.deduplicator.running import decisions, deduplicate, expected, found
from tests.unit.stories.making import words

pytestmark = pytest.mark.engines
SECRET = "Quelzaphor"


@pytest.fixture
async def engine(postgres_database: Callable[[], str]) -> AsyncIterator[AsyncEngine]:
    engine = open_postgres(postgres_database(), application="tests")
    yield engine
    await engine.dispose()


async def _erase(engine: AsyncEngine, *articles: Made) -> Corrected:
    asked = Asked(
        CorrectionKind.WITHDRAW, tuple(m.article_id for m in articles), "desk", "a court", uuid.uuid4().hex, erase=True
    )
    return await correct(PostgresStories(engine), asked)


async def _rows(engine: AsyncEngine, query: str, **bound: Any) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), bound)]


async def _everything(engine: AsyncEngine) -> str:
    """All rows of all tables as text; texts as the numbers of their words."""
    told = []
    for table in metadata.sorted_tables:
        encoded = [c.name for c in table.columns if isinstance(c.type, LargeBinary)]
        told += [f"{table.name} {row}" for row in await _rows(engine, f"SELECT to_jsonb(t) FROM {table.name} AS t")]
        for name in encoded:
            told += [str(row) for row in await _rows(engine, f"SELECT encode({name}, 'hex') FROM {table.name}")]
    return "\n".join(told)


def _saying(rng: random.Random, version: int = 0) -> Made:
    """A state of one article, with the secret in every field that holds words."""
    said = f"{SECRET} {words(rng, 40)}"
    body = f"{words(rng, 30)} {said} {words(rng, 30)}"
    start = body.index(said)
    return Made(
        "https://erased.example/",
        body,
        f"{SECRET} speaks",
        outlet="erased",
        published="2024-05-01",
        credit=SECRET,
        turns=(Turn("answer", SECRET, said, start, start + len(said)),),
        quotes=(Quote(said, SECRET, start, start + len(said)),),
        version=version,
    )


async def _with_pages(engine: AsyncEngine) -> None:
    """The captures of articles that were recorded for a test belong to their pages."""
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE captures SET page_id = a.page_id, ended_at = now(), articles = 1 FROM revisions r"
                " JOIN articles a USING (article_id) WHERE r.capture_id = captures.capture_id"
            )
        )


async def test_no_word_of_any_state_is_left_and_copies_elsewhere_stay(engine: AsyncEngine) -> None:
    rng = random.Random(1)
    first, second = _saying(rng), _saying(rng, version=1)
    copy = Made("https://copy.example/", f"{words(rng, 20)} {first.body.replace(SECRET, 'Somebody')}", outlet="copy")
    other = Made("https://other.example/", words(rng, 100), outlet="other")
    await deduplicate(engine, [first, copy, other])
    await deduplicate(engine, [second])
    await _with_pages(engine)
    async with engine.begin() as connection:
        comment = "INSERT INTO comments (article_id, n, text) VALUES (:id, 0, :said)"
        await connection.execute(text(comment), {"id": first.article_id, "said": f"I met {SECRET}"})
    codes = [make_text(m.body).codes.astype("<u4").tobytes().hex() for m in (first, second)]
    before = await _everything(engine)
    assert SECRET in before
    assert all(code in before for code in codes)

    done = await _erase(engine, first)

    after = await _everything(engine)
    assert SECRET not in after
    assert not any(code in after for code in codes)
    assert len(done.blobs) == 2
    assert await found(engine) == expected([first, second, copy, other], await decisions(engine))
    assert [
        row
        async for row in PostgresConsistency(engine).altered_revisions()
        if row[0] in (first.revision_id, second.revision_id)
    ] == []
    ends = await _rows(engine, 'SELECT "end" FROM revisions WHERE article_id = :id', id=first.article_id)
    assert ends[-1] == ("withdrawn",)
    assert await rebuild(PostgresStories(engine)) == Rebuilt(0, 0)


async def test_an_erased_page_is_refused_by_every_address_and_cannot_be_brought_back(engine: AsyncEngine) -> None:
    article = _saying(random.Random(2))
    await deduplicate(engine, [article])
    await _with_pages(engine)
    done = await _erase(engine, article)
    sources = PostgresSources(engine)
    assert await sources.refused([article.url, "https://other.example/"]) == {article.url}
    known = await sources.known(article.url)
    assert known is not None
    assert known.refused

    key = uuid.uuid4().hex
    insert = (
        "INSERT INTO captures (capture_id, asked_url, final_url, sha256, captured_at, lane, trace_id)"
        " VALUES (:key, 'https://alias.example/', :url, 'ab', :at, 'live', :key)"
    )
    async with engine.begin() as connection:
        await connection.execute(text(insert), {"key": key, "url": article.url, "at": EPOCH.replace(year=2030)})
    pages, event = PostgresPages(engine), PageFetched(lane="live", trace_id=key, capture_id=key)
    page = ExtractedPage((ExtractedArticle(title="Again", body=article.body, language="en"),))
    [recorded] = await pages.record([(event, (await pages.captures([key]))[key], page)])
    assert isinstance(recorded, Recorded)
    assert (recorded.end, recorded.reason, recorded.events) == ("rejected", "refused", ())
    assert SECRET not in await _everything(engine)

    again = await _erase(engine, article)
    assert again.number == done.number
    assert set(again.blobs) == {*done.blobs, "ab"}
    with pytest.raises(Refused, match="nothing is left"):
        await revoke(PostgresStories(engine), Revoking(done.number, "desk", "a mistake", uuid.uuid4().hex))


async def test_bytes_that_were_received_elsewhere_too_stay(engine: AsyncEngine) -> None:
    article = _saying(random.Random(3))
    same = Made("https://same.example/", article.body, outlet="same")
    await deduplicate(engine, [article, same])
    await _with_pages(engine)
    assert (await _erase(engine, article)).blobs == ()


async def test_erasing_takes_whole_pages(engine: AsyncEngine) -> None:
    rng = random.Random(4)
    one, two = (Made("https://both.example/", words(rng, 60), segment=n, outlet="both") for n in (0, 1))
    await deduplicate(engine, [one, two])
    with pytest.raises(Refused, match="without a segment"):
        await _erase(engine, one)
    assert await decisions(engine) == []
