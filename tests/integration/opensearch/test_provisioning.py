"""Provisioning: idempotent, and honest about what differs."""

import pytest
import pytest_asyncio

from libs.adapters.opensearch.provision import provision
from libs.adapters.opensearch.schema import ALIASES, groups_of, index_body
from libs.domain.variants import load_variants

pytestmark = [pytest.mark.engines, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(client, index_names):
    """What a first provisioning reported; the indices go at the end of the module."""
    report = await provision(client, names=index_names)
    yield report
    await client.indices.delete(index=",".join(await client.indices.get_alias(index=f"{index_names.prefix}*")))


async def test_makes_every_alias_once(client, index_names, live):
    assert sorted(live.created) == sorted(index_names.physical(k, g, 1) for k in ALIASES for g in groups_of(k))
    again = await provision(client, names=index_names)
    assert (again.created, again.changed, again.drift) == ((), (), ())
    for kind in ALIASES:
        assert len(await client.indices.get_alias(name=index_names.alias(kind))) == len(groups_of(kind))


async def test_check_names_what_is_missing_and_makes_nothing(client, index_names, live):
    elsewhere = type(index_names)(index_names.prefix + "other-")
    report = await provision(client, names=elsewhere, check=True)
    assert len(report.drift) == len(live.created)
    assert "run `newsfold provision`" in report.drift[0]
    assert not await client.indices.exists_alias(name=elsewhere.alias("articles"))


async def test_another_list_of_name_variants_is_drift(client, index_names, live):
    report = await provision(client, names=index_names, variants=load_variants()[1:], check=True)
    assert len(report.drift) == len(live.created)
    assert all("name variants differ" in line for line in report.drift)


async def test_a_foreign_field_and_a_loose_mapping_are_drift(client, index_names, live):
    index = index_names.physical("stories", "xx", 1)
    await client.indices.put_mapping(index=index, body={"dynamic": "true", "properties": {"mood": {"type": "keyword"}}})
    drift = (await provision(client, names=index_names, check=True)).drift
    assert [line.removeprefix(f"opensearch: {index}: ") for line in drift] == [
        "the mapping is not strict: run `newsfold reindex`",
        "field mood is unknown to this release: run `newsfold reindex`",
    ]


async def test_a_field_that_this_release_adds_is_added(client, index_names, live):
    """As if the live index came from an earlier release that knew no credit."""
    alias = index_names.write_alias("articles", "it")
    body = index_body("articles", "it", load_variants())
    del body["mappings"]["properties"]["credit"]
    older = index_names.physical("articles", "it", 2)
    await client.indices.delete(index=index_names.physical("articles", "it", 1))
    await client.indices.create(index=older, body={**body, "aliases": {alias: {}}})
    missing = await provision(client, names=index_names, check=True)
    assert any("fields credit are missing" in line for line in missing.drift)
    report = await provision(client, names=index_names)
    assert [line for line in report.changed if "fields credit added" in line]
    assert not [line for line in (await provision(client, names=index_names, check=True)).drift if older in line]


async def test_an_alias_with_two_indices_is_drift(client, index_names, live):
    alias = index_names.write_alias("articles", "pt")
    extra = index_names.physical("articles", "pt", 2)
    await client.indices.create(index=extra, body={"aliases": {alias: {}}})
    drift = (await provision(client, names=index_names, check=True)).drift
    assert any(line.startswith(f"opensearch: alias {alias} points at") for line in drift)
