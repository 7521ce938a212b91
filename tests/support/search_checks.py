"""Every query of docs/search.md gives the documents, totals and counts that PostgreSQL gives when counted again.

A module of tests inherits `GuideChecks` and gives two fixtures: `searched`, the population, and `account`, what
PostgreSQL says of it. A check first makes sure that the population has something to find.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from support.search_guide import (
    AL_RAQQAH,
    RAQQA,
    Account,
    Row,
    Searched,
    blocks,
    body_has,
    buckets,
    counted,
    has_words,
    hit_keys,
    keys,
    plain_words,
    runs_of_three,
    voices_of,
)

DEFAULT_SIZE = 10  # hits of a query, and buckets of an aggregation, that names no size


def total(answer: Row) -> int:
    return int(answer["hits"]["total"]["value"])


def assert_found(name: str, answer: Row, expected: Iterable[Row]) -> None:
    """The answer counts exactly the expected articles, and lists them all, or as many of them as the query asks for."""
    wanted, listed = keys(expected), hit_keys(answer)
    size = blocks()[name].body().get("size", DEFAULT_SIZE)
    assert total(answer) == len(wanted)
    assert listed <= wanted
    assert len(listed) == len(answer["hits"]["hits"]) == min(size, len(wanted))


def assert_counted(name: str, answer: Row, facet: str, expected: dict[Any, int]) -> None:
    """All values with their counts; where there are more than the query asks for, the most frequent of them."""
    size = blocks()[name].body()["aggs"][facet].get("terms", {}).get("size", DEFAULT_SIZE)
    found = buckets(answer, facet)
    if facet == "month" or len(expected) <= size:
        assert found == expected, facet
    else:
        assert found.items() <= expected.items(), facet
        assert sorted(found.values(), reverse=True) == sorted(expected.values(), reverse=True)[:size], facet


class GuideChecks:
    async def test_full_text(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("full-text")
        expected = account.where(has_words({"ceasefire", "ceasefires"}, {"halvani", "halvanis"}))
        assert len(expected) > 3
        assert_found("full-text", answer, expected)
        assert all(hit["highlight"] for hit in answer["hits"]["hits"])

    async def test_name_variants_and_their_off_switch(self, searched: Searched, account: Account) -> None:
        on, off = await searched.ask("variants-on"), await searched.ask("variants-off")
        every, typed = account.where(body_has(RAQQA)), account.where(body_has({"raqa"}))
        assert len(every) > len(typed) > 0
        assert_found("variants-on", on, every)
        assert_found("variants-off", off, typed)
        assert AL_RAQQAH in hit_keys(on)
        assert AL_RAQQAH not in hit_keys(off)

    async def test_facets(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("facets")
        rows = account.where(lambda row: row["published_at"] is not None and row["published_at"].year == 2024)
        assert len(rows) > 50
        assert total(answer) == len(rows)
        for facet, column in {
            **{name: name for name in ("outlet", "publisher", "language", "kind", "interviewee")},
            "broadcaster": "broadcasters",
            "link_type": "link_types",
        }.items():
            assert_counted("facets", answer, facet, counted(rows, column))
        months = Counter(row["published_at"].strftime("%Y-%m-01T00:00:00.000Z") for row in rows)
        assert_counted("facets", answer, "month", dict(months))
        assert answer["aggregations"]["stories"]["value"] == len({row["story_id"] for row in rows})

    async def test_stories_led_by_their_source(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("stories-led-by-source")
        several = {story: rows for story, rows in account.stories().items() if len(voices_of(rows)) >= 2}
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
        sizes = Counter(len(rows) for rows in several.values())
        publishers = Counter(publisher for rows in several.values() for publisher in voices_of(rows))
        assert_counted("stories-led-by-source", answer, "size", sizes)
        assert_counted("stories-led-by-source", answer, "publishers", publishers)

    async def test_members_of_a_story(self, searched: Searched, account: Account) -> None:
        story, rows = max(account.stories().items(), key=lambda item: (len(item[1]), item[0]))
        answer = await searched.ask("members-of-a-story", STORY=story)
        assert total(answer) == len(rows) > 5
        sources = [hit["_source"] for hit in answer["hits"]["hits"]]
        assert [source["lead"] for source in sources] == [True] + [False] * (len(rows) - 1)
        assert_found("members-of-a-story", answer, rows)
        found = {
            b["key"]: (sorted(o["key"] for o in b["outlet"]["buckets"]), b["doc_count"])
            for b in answer["aggregations"]["publisher"]["buckets"]
        }
        assert found == voices_of(rows)

    async def test_stories_found_through_any_member(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("stories-by-any-member")
        rows = account.where(body_has({"ceasefire"}))
        stories = {row["story_id"] for row in rows}
        assert answer["aggregations"]["stories"]["value"] == len(stories) > 1
        shown = {hit["_source"]["story_id"]: hit["inner_hits"]["members"] for hit in answer["hits"]["hits"]}
        assert shown.keys() <= stories
        assert len(shown) == len(answer["hits"]["hits"]) == min(20, len(stories))
        for story, members in shown.items():
            assert total(members) == sum(row["story_id"] == story for row in rows)
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

    async def test_turns_by_speaker(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("turns-by-speaker")
        said = [
            turn
            for turn in account.turns
            if turn["role"] == "answer"
            and "halvani" in plain_words(turn["speaker"] or "")
            and "ceasefire" in plain_words(turn["text"])
        ]
        assert total(answer) == len(said) > 0
        found = {(hit["_source"]["article_id"], hit["_source"]["n"]) for hit in answer["hits"]["hits"]}
        assert found <= {(turn["article_id"], turn["n"]) for turn in said}
        assert len(found) == min(50, len(said))
        assert_counted("turns-by-speaker", answer, "speaker", counted(said, "speaker"))
        assert_counted("turns-by-speaker", answer, "outlet", counted(said, "outlet"))

    async def test_quote_look_up(self, searched: Searched, account: Account) -> None:
        answer = await searched.ask("quote-look-up")
        wanted = runs_of_three("a ceasefire is a door, not a house")
        needed = math.floor(0.3 * len(wanted))
        expected = account.where(lambda row: len(runs_of_three(row["body"]) & wanted) >= max(1, needed))
        assert len(expected) > 3
        assert_found("quote-look-up", answer, expected)

    async def test_paging_by_point_in_time(self, searched: Searched, account: Account) -> None:
        opened = await searched.client.create_pit(index=searched.names.alias("articles"), keep_alive="5m")
        pages = [await searched.ask("first-page", PIT=opened["pit_id"])]
        body = blocks()["first-page"].body(PIT=opened["pit_id"])
        while hits := pages[-1]["hits"]["hits"]:
            pages.append(await searched.client.search(body={**body, "search_after": hits[-1]["sort"]}))
        await searched.client.delete_pit(body={"pit_id": [opened["pit_id"]]})
        listed = [hit["_source"] for page in pages for hit in page["hits"]["hits"]]
        assert sorted(row["key"] for row in listed) == sorted(keys(account.articles))
        times = {row["article_id"]: row["published_at"] for row in account.articles}
        known = [times[row["article_id"]] for row in listed if row["published"]]
        assert known == sorted(known, reverse=True)
        assert [row["published"] for row in listed[len(known) :]] == [None] * (len(listed) - len(known))

    async def test_the_complete_list_in_python(self, searched: Searched, account: Account) -> None:
        names = await searched.run("complete-list")
        assert sorted(names["keys"]) == sorted(keys(account.where(lambda row: row["language"] == "en")))

    async def test_full_text_with_curl(self, searched: Searched, account: Account) -> None:
        answer = await searched.curl("curl-full-text")
        assert total(answer) == len(account.where(body_has(RAQQA))) > 0

    async def test_a_point_in_time_with_curl(self, searched: Searched) -> None:
        answer = await searched.curl("curl-point-in-time")
        await searched.client.delete_pit(body={"pit_id": [answer["pit_id"]]})
