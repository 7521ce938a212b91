"""Search on the small newsroom: what people ask and what they must get."""

import pytest
from search_population import BRIDGE, HARBOUR, PIECES

from libs.adapters.opensearch.querying import BadQuery
from libs.adapters.opensearch.quotes import QuoteLookup
from libs.adapters.opensearch.search import Found, Search

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]
PUBLISHERS = [
    {"publisher": "spar", "outlets": ["North Spar", "Spar Evening"], "articles": 2},
    {"publisher": "corva", "outlets": ["Corva Wire"], "articles": 1},
    {"publisher": "vestnik", "outlets": ["Вестник"], "articles": 1},
]


@pytest.fixture
def search(newsroom) -> Search:
    return Search(newsroom.client, newsroom.names)


def keys(found: Found) -> set[str]:
    return {hit["key"] for hit in found.hits}


async def test_finds_every_spelling_of_a_name_and_only_the_typed_one_with_exact(search):
    everywhere = {"https://courier.example/raqqa.html", "https://spar.example/flour", "https://almarfa.example/khubz"}
    assert keys(await search.articles("Raqa")) == everywhere
    assert keys(await search.articles("Raqa", exact=True)) == {"https://spar.example/flour"}


async def test_finds_names_of_several_words_within_phrases(search):
    assert keys(await search.articles('"attack of the Daesh"')) == {"https://spar.example/flour"}
    assert not (await search.articles('"attack of the Daesh"', exact=True)).hits


async def test_words_may_stand_partly_in_the_title_and_names_partly_in_other_spellings(search):
    assert keys(await search.articles("reaches Daesh drivers")) == {"https://spar.example/flour"}
    assert not (await search.articles("reaches Daesh drivers", exact=True)).hits


async def test_finds_inflected_words_in_the_article_s_own_language(search):
    assert keys(await search.articles("promise harbours")) == {"https://spar.example/harbour"}
    assert keys(await search.articles("рыбак солдатов")) == {"https://vestnik.example/gavan"}
    assert keys(await search.articles("eleve ecole")) == {"https://rivage.example/eleves"}


async def test_leaves_out_what_the_query_excludes(search):
    assert keys(await search.articles("bread harbour -heavy")) == {
        "https://wire.example/dolen",
        "https://spar.example/harbour",
    }


async def test_withdrawn_articles_are_not_found(search):
    assert "https://quillon.example/withdrawn" not in keys(await search.articles("harbour"))


async def test_facets_narrow_and_are_counted(search):
    found = await search.articles("", [("publisher", "spar"), ("publisher", "corva"), ("date", "2025-03")])
    assert keys(found) == {
        "https://wire.example/dolen",
        "https://spar.example/harbour",
        "https://evening.example/harbour",
    }
    assert found.facets["outlet"] == (
        {"value": "Corva Wire", "count": 1},
        {"value": "North Spar", "count": 1},
        {"value": "Spar Evening", "count": 1},
    )
    assert keys(await search.articles("", [("story_size", "2+"), ("language", "ru")])) == {
        "https://vestnik.example/gavan"
    }


@pytest.mark.parametrize("facet", [("colour", "red"), ("date", "yesterday"), ("story_size", "big"), ("lead", "maybe")])
async def test_a_wrong_facet_is_refused_with_a_reason(search, facet):
    with pytest.raises(BadQuery, match=facet[0]):
        await search.articles("", [facet])


async def test_a_story_found_through_any_member_is_led_by_its_source(search):
    found = await search.stories("гавань")
    assert found.total == 1
    (story,) = found.hits
    assert story["lead"]["key"] == "https://wire.example/dolen"
    assert [member["key"] for member in story["members"]] == [
        "https://evening.example/harbour",
        "https://vestnik.example/gavan",
        "https://spar.example/harbour",
    ]
    assert story["publishers"] == PUBLISHERS
    assert story["publisher_count"] == 3
    assert story["members_not_shown"] == 0


async def test_stories_are_counted_once_however_many_members_match(search):
    found = await search.stories("harbour")
    assert found.total == 2
    assert found.facets["story_size"] == ({"value": 1, "count": 1}, {"value": 4, "count": 1})
    assert {value["value"]: (value["count"], value["stories"]) for value in found.facets["language"]} == {"en": (4, 2)}


async def test_turns_are_found_by_part_of_the_speaker_s_name_and_role(search):
    found = await search.turns("harbour", speaker="dolen", role="answer")
    assert [hit["text"] for hit in found.hits] == [HARBOUR]
    assert found.facets["speaker"] == ({"value": "Mara Dolen", "count": 1},)
    assert len((await search.turns("", role="question")).hits) == 3


async def test_quote_lookup_names_verbatim_carriers_first_and_what_others_changed(newsroom):
    carriers = await QuoteLookup(newsroom.client, newsroom.names)(HARBOUR)
    assert [(c.key, c.exact) for c in carriers] == [
        ("https://wire.example/dolen", True),
        ("https://spar.example/harbour", True),
        ("https://evening.example/harbour", False),
    ]
    altered = carriers[-1]
    assert (altered.inserted, altered.deleted, altered.replaced) == (("heavy",), ("the",), (("will", "shall"),))
    assert [c.speaker for c in carriers] == ["Mara Dolen", "Mara Dolen", None]
    assert PIECES[1].text[carriers[1].start : carriers[1].end] == HARBOUR.rstrip(".")


async def test_quote_lookup_finds_short_and_single_word_quotations(newsroom):
    lookup = QuoteLookup(newsroom.client, newsroom.names)
    assert {c.key for c in await lookup("no bridge at all")} == {
        "https://wire.example/dolen",
        "https://quillon.example/opinion",
    }
    assert [c.key for c in await lookup("Sheep")] == ["https://lampwick.example/digest#1"]
    assert (await lookup(BRIDGE))[0].key == "https://wire.example/dolen"


async def test_export_lists_all_matches_newest_first_and_once(search):
    exported = [article async for article in search.export("", page=3)]
    assert sorted(article["key"] for article in exported) == sorted(p.key for p in PIECES if p.withdrawn is None)
    assert exported[0]["key"] == "https://quillon.example/opinion"
    assert [article["published"] for article in exported[-2:]] == [None, None]
    assert exported[0]["body"] == PIECES[10].text
