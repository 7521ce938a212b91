"""The checks of the search guide on a small invented newsroom and the texts of the demo corpus, written as rows."""

from pathlib import Path

import pytest
import pytest_asyncio
from corpus_population import corpus_pieces
from search_population import PIECES, events, populate
from support import search_checks
from support.search_checks import GuideChecks
from support.search_guide import GUIDE, Searched, blocks, read_account

from libs.adapters.opensearch.schema import ALIASES, properties
from libs.runtime.outcomes import Emit

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def searched(desk, corpus_dir, opensearch_url):
    """The small newsroom and the demo corpus, in PostgreSQL and in the index."""
    pieces = (*PIECES, *corpus_pieces(corpus_dir))
    await populate(desk.engine, pieces)
    for batch in events(pieces):
        assert all(isinstance(outcome, Emit) for outcome in await desk.index(batch))
    await desk.client.indices.refresh(index=f"{desk.names.prefix}*")
    return Searched(desk.engine, desk.client, desk.names, opensearch_url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def account(searched):
    return await read_account(searched.engine)


class TestGuide(GuideChecks):
    """On rows."""


async def test_every_block_is_run_by_a_check():
    source = Path(search_checks.__file__).read_text(encoding="utf-8")
    assert blocks()
    assert [name for name in blocks() if f'("{name}"' not in source] == []
    assert GUIDE.read_text(encoding="utf-8").count("```") == 2 * len(blocks())


@pytest.mark.parametrize("kind", ALIASES)
async def test_every_mapped_field_is_explained_and_no_other(kind):
    section = GUIDE.read_text(encoding="utf-8").split(f"## Fields of `{kind}`")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    explained = {field for cell in cells for field in cell.replace("`", "").replace(" ", "").split(",")}
    mapped = set(properties(kind)) - (set(properties("articles")) if kind == "alerts" else set())
    assert explained == mapped
