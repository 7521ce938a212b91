"""Every query of docs/search.md gives the documents, totals and counts that PostgreSQL gives when counted again."""

import asyncio
import json
import math
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio
from corpus_population import corpus_pieces
from search_guide import (
    GUIDE,
    RAQQA,
    blocks,
    body_has,
    buckets,
    counted,
    has_words,
    hit_keys,
    keys,
    plain_words,
    read_account,
    runs_of_three,
    voices_of,
)
from search_population import events, populate

from libs.adapters.opensearch.schema import ALIASES, properties
from libs.adapters.opensearch.search import SEARCH_TYPE
from libs.runtime.outcomes import Emit

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]
BLOCKS = blocks()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(newsroom, corpus_dir):
    """The small newsroom and the demo corpus, in PostgreSQL and in the index."""
    pieces = corpus_pieces(corpus_dir)
    await populate(newsroom.engine, pieces)
    for batch in events(pieces):
        assert all(isinstance(outcome, Emit) for outcome in await newsroom.index(batch))
    await newsroom.client.indices.refresh(index=f"{newsroom.names.prefix}*")
    return newsroom


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def account(stack):
    return await read_account(stack.engine)


@pytest_asyncio.fixture(loop_scope="module")
async def ask(stack):
    async def ask(name: str, **replaced: str):
        index, body = BLOCKS[name].query(stack.names, **replaced)
        where = {"index": index} if index else {}
        return await stack.client.search(**where, body=body, params={"search_type": SEARCH_TYPE} if index else {})

    return ask


def total(answer) -> int:
    return answer["hits"]["total"]["value"]


async def test_full_text(ask, account):
    answer = await ask("full-text")
    expected = account.where(has_words({"ceasefire", "ceasefires"}, {"halvani", "halvanis"}))
    assert len(expected) > 3
    assert total(answer) == len(expected)
    assert hit_keys(answer) == keys(expected)
    assert all(hit["highlight"] for hit in answer["hits"]["hits"])


async def test_name_variants_and_their_off_switch(ask, account):
    on, off = await ask("variants-on"), await ask("variants-off")
    every, typed = account.where(body_has(RAQQA)), account.where(body_has({"raqa"}))
    assert len(every) > len(typed) > 0
    assert (hit_keys(on), total(on)) == (keys(every), len(every))
    assert (hit_keys(off), total(off)) == (keys(typed), len(typed))


async def test_facets(ask, account):
    answer = await ask("facets")
    rows = account.where(lambda row: row["published_at"] is not None and row["published_at"].year == 2024)
    assert len(rows) > 50
    assert total(answer) == len(rows)
    for facet, column in {
        **{name: name for name in ("outlet", "publisher", "language", "kind", "interviewee")},
        "broadcaster": "broadcasters",
        "link_type": "link_types",
    }.items():
        assert buckets(answer, facet) == counted(rows, column), facet
    months = Counter(row["published_at"].strftime("%Y-%m-01T00:00:00.000Z") for row in rows)
    assert buckets(answer, "month") == dict(months)
    assert answer["aggregations"]["stories"]["value"] == len({row["story_id"] for row in rows})


async def test_stories_led_by_their_source(ask, account):
    answer = await ask("stories-led-by-source")
    several = {story: rows for story, rows in account.stories().items() if len({row["publisher"] for row in rows}) >= 2}
    assert len(several) > 10
    assert total(answer) == len(several)
    ranked = sorted(several, key=lambda story: (-len(several[story]), story))[:20]
    hits = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert [hit["story_id"] for hit in hits] == ranked
    for hit in hits:
        rows = several[hit["story_id"]]
        (lead,) = [row for row in rows if row["lead"]]
        assert (hit["lead_article_id"], hit["title"], hit["size"]) == (lead["article_id"], lead["title"], len(rows))
        assert {v["publisher"]: (v["outlets"], v["articles"]) for v in hit["voices"]} == voices_of(rows)
        assert hit["publisher_count"] == len(hit["voices"])
    assert buckets(answer, "size") == Counter(len(rows) for rows in several.values())
    publishers = Counter(p for rows in several.values() for p in {row["publisher"] for row in rows})
    assert buckets(answer, "publishers") == publishers


async def test_members_of_a_story(ask, account):
    story, rows = max(account.stories().items(), key=lambda item: (len(item[1]), item[0]))
    answer = await ask("members-of-a-story", STORY=story)
    assert total(answer) == len(rows) > 5
    sources = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert [source["lead"] for source in sources] == [True] + [False] * (len(rows) - 1)
    assert {source["key"] for source in sources} == keys(rows)
    found = {
        b["key"]: (sorted(o["key"] for o in b["outlet"]["buckets"]), b["doc_count"])
        for b in answer["aggregations"]["publisher"]["buckets"]
    }
    assert found == voices_of(rows)


async def test_stories_found_through_any_member(ask, account):
    answer = await ask("stories-by-any-member")
    rows = account.where(body_has({"ceasefire"}))
    stories = {row["story_id"] for row in rows}
    assert answer["aggregations"]["stories"]["value"] == len(stories) > 1
    assert {hit["_source"]["story_id"] for hit in answer["hits"]["hits"]} <= stories
    by_publisher = {
        b["key"]: (b["doc_count"], b["stories"]["value"])
        for b in answer["aggregations"]["stories_by_publisher"]["buckets"]
    }
    assert by_publisher == {
        publisher: (
            sum(row["publisher"] == publisher for row in rows),
            len({row["story_id"] for row in rows if row["publisher"] == publisher}),
        )
        for publisher in {row["publisher"] for row in rows}
    }


async def test_turns_by_speaker(ask, account):
    answer = await ask("turns-by-speaker")
    said = [
        turn
        for turn in account.turns
        if turn["role"] == "answer"
        and "halvani" in plain_words(turn["speaker"] or "")
        and "ceasefire" in plain_words(turn["text"])
    ]
    assert total(answer) == len(said) > 0
    found = {(hit["_source"]["article_id"], hit["_source"]["n"]) for hit in answer["hits"]["hits"]}
    assert found == {(turn["article_id"], turn["n"]) for turn in said}
    assert buckets(answer, "speaker") == counted(said, "speaker")
    assert buckets(answer, "outlet") == counted(said, "outlet")


async def test_quote_look_up(ask, account):
    answer = await ask("quote-look-up")
    wanted = runs_of_three("a ceasefire is a door, not a house")
    needed = math.floor(0.3 * len(wanted))
    expected = account.where(lambda row: len(runs_of_three(row["body"]) & wanted) >= max(1, needed))
    assert len(expected) > 3
    assert (hit_keys(answer), total(answer)) == (keys(expected), len(expected))


async def test_paging_by_point_in_time(ask, stack, account):
    opened = await stack.client.create_pit(index=stack.names.alias("articles"), keep_alive="5m")
    pages = [await ask("first-page", PIT=opened["pit_id"])]
    _, body = BLOCKS["first-page"].query(stack.names, PIT=opened["pit_id"])
    while hits := pages[-1]["hits"]["hits"]:
        pages.append(await stack.client.search(body={**body, "search_after": hits[-1]["sort"]}))
    await stack.client.delete_pit(body={"pit_id": [opened["pit_id"]]})
    listed = [hit["_source"] for page in pages for hit in page["hits"]["hits"]]
    assert sorted(row["key"] for row in listed) == sorted(keys(account.articles))
    times = {row["article_id"]: row["published_at"] for row in account.articles}
    known = [times[row["article_id"]] for row in listed if row["published"]]
    assert known == sorted(known, reverse=True)
    assert [row["published"] for row in listed[len(known) :]] == [None] * (len(listed) - len(known))


async def test_the_complete_list_in_python(stack, account, opensearch_url):
    code = BLOCKS["complete-list"].text
    code = code.replace("http://127.0.0.1:9200", opensearch_url)
    code = code.replace('index = "articles"', f'index = "{stack.names.alias("articles")}"')
    names: dict[str, object] = {}
    await asyncio.to_thread(exec, compile(code, "docs/search.md", "exec"), names)
    assert sorted(names["keys"]) == sorted(keys(account.where(lambda row: row["language"] == "en")))


async def curl(stack, opensearch_url: str, name: str) -> dict:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    text = BLOCKS[name].text.replace("\\\n", " ").replace("http://127.0.0.1:9200", opensearch_url)
    words = shlex.split(text.replace("/articles/", f"/{stack.names.alias('articles')}/"))
    ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    answer, _ = await ran.communicate()
    return json.loads(answer)


async def test_full_text_with_curl(stack, account, opensearch_url):
    answer = await curl(stack, opensearch_url, "curl-full-text")
    assert answer["hits"]["total"]["value"] == len(account.where(body_has(RAQQA)))


async def test_a_point_in_time_with_curl(stack, opensearch_url):
    answer = await curl(stack, opensearch_url, "curl-point-in-time")
    await stack.client.delete_pit(body={"pit_id": [answer["pit_id"]]})


async def test_every_block_is_run_by_a_test_of_this_module():
    source = Path(__file__).read_text(encoding="utf-8")
    assert BLOCKS
    assert [name for name in BLOCKS if f'"{name}"' not in source] == []
    assert GUIDE.read_text(encoding="utf-8").count("```") == 2 * len(BLOCKS)


@pytest.mark.parametrize("kind", ALIASES)
async def test_every_mapped_field_is_explained_and_no_other(kind):
    section = GUIDE.read_text(encoding="utf-8").split(f"## Fields of `{kind}`")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    explained = {field for cell in cells for field in cell.replace("`", "").replace(" ", "").split(",")}
    mapped = set(properties(kind)) - (set(properties("articles")) if kind == "alerts" else set())
    assert explained == mapped
