"""`verify` notices a text that somebody changed past Newsfold, in PostgreSQL or in OpenSearch alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from opensearchpy import OpenSearch

from tests.integration.cli.conftest import OTHER, Newsfold

pytestmark = pytest.mark.engines


@contextmanager
def other_body(newsfold: Newsfold, revision_id: str) -> Iterator[None]:
    """In PostgreSQL alone."""

    def put(body: str) -> None:
        with psycopg.connect(newsfold.state().urls["postgres_url"]) as connection:
            connection.execute("UPDATE revisions SET body = %s WHERE revision_id = %s", (body, revision_id))

    (article,) = newsfold.lines("article", OTHER)
    put("Somebody else's words.")
    try:
        yield
    finally:
        put(article["body"])


@contextmanager
def other_document(newsfold: Newsfold, article_id: str) -> Iterator[None]:
    """In OpenSearch alone, at the same projection number."""
    url = urlsplit(newsfold.state().urls["opensearch_url"])
    client = OpenSearch(hosts=[f"{url.scheme}://{url.hostname}:{url.port}"])
    answer = client.search(index="articles", body={"query": {"ids": {"values": [article_id]}}, "version": True})
    (hit,) = answer["hits"]["hits"]

    def put(source: dict[str, Any]) -> None:
        same = {"version": hit["_version"], "version_type": "external_gte"}
        client.index(index=hit["_index"], id=article_id, body=source, params={**same, "refresh": "true"})

    put({**hit["_source"], "body": "Somebody else's words."})
    try:
        yield
    finally:
        put(hit["_source"])
        client.close()


def test_a_body_that_was_changed_in_postgresql_alone_is_a_difference(newsfold: Newsfold) -> None:
    (article,) = newsfold.lines("article", OTHER)
    revision = article["revisions"][-1]["revision_id"]
    with other_body(newsfold, revision):
        (report,) = newsfold.lines("verify", code=1)
        quick = newsfold("verify", "--quick")

    assert {("revisions", revision), ("articles", article["article_id"])} == {
        (difference["kind"], difference["id"]) for difference in report["differences"]
    }
    assert quick.returncode == 0
    assert newsfold("verify").returncode == 0


def test_a_body_that_was_changed_in_opensearch_alone_is_a_difference(newsfold: Newsfold) -> None:
    (article,) = newsfold.lines("article", OTHER)
    with other_document(newsfold, article["article_id"]):
        (report,) = newsfold.lines("verify", code=1)

    assert [(d["kind"], d["id"], d["found"]) for d in report["differences"]] == [
        ("articles", article["article_id"], "another body")
    ]
    assert newsfold("verify").returncode == 0
