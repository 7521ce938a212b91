"""The demo corpus served over HTTP and taken in by its feeds: the same articles as from the mirror, and their traces."""

import json
import threading
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.collector import Collector, Received, collecting
from support.fixtures import Stacks, build_sites

STAGES = {"fetcher", "normalizer", "deduplicator", "indexer"}
JOINING = ("copy", "rewrite", "identity")  # the links that make a story


@dataclass(frozen=True, slots=True)
class Served:
    """Web sites that are served on loopback, each as a folder."""

    port: int
    feeds: tuple[str, ...]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    port = server.server_address[1]
    build_sites(tmp_path, "--link-base", f"http://127.0.0.1:{port}")
    feeds = sorted(
        f"http://127.0.0.1:{port}/{path.relative_to(tmp_path).as_posix()}"
        for path in tmp_path.rglob("*")
        if path.is_file() and is_feed(path)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Served(port, tuple(feeds))
    server.shutdown()
    thread.join()
    server.server_close()


def is_feed(path: Path) -> bool:
    head = path.read_bytes()[:600]
    return b"<rss" in head or (b"<feed" in head and b"<?xml" in head)


def partition(articles: Mapping[str, Any], keys: Set[str]) -> set[frozenset[str]]:
    """The stories as far as `keys` make them: members that only a page beyond `keys` joins count as apart."""
    together = {key: {key} for key in keys}
    for key in keys:
        for link in articles[key]["links"]:
            other = link["key"]
            if link["type"] in JOINING and other in keys and articles[other]["story_id"] == articles[key]["story_id"]:
                joined = together[key] | together[other]
                together.update(dict.fromkeys(joined, joined))
    return {frozenset(keys) for keys in together.values()}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def test_pages_from_feeds_give_what_the_mirror_gave(
    stacks: Stacks, undisturbed: bytes, served: Served, collector: Collector
) -> None:
    mirrored = {article["key"]: article for article in map(json.loads, undisturbed.splitlines())}
    stack = stacks.fresh(
        {
            "NEWSFOLD_FETCHER_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSFOLD_FETCHER_ALLOW_PORTS": str(served.port),
            "NEWSFOLD_FETCHER_HOST_PAUSE_SECONDS": "0",
            **collector.environment,
        }
    )
    stack.up()
    assert len(served.feeds) >= 10
    stack.command("ingest", "feed", *served.feeds)
    stack.wait()
    fetched = {mirror_key(key, served): mirrored_links(article, served) for key, article in stack.articles().items()}
    stack.verify()
    stacks.close()

    assert len(fetched) > len(mirrored) / 3
    assert fetched.keys() <= mirrored.keys()
    for name in ("title", "body"):
        assert {k: a[name] for k, a in fetched.items()} == {k: mirrored[k][name] for k in fetched}
    stories = partition(fetched, fetched.keys())
    assert stories == partition(mirrored, fetched.keys())
    assert any(len(story) > 3 for story in stories)
    assert len(stories) == len({article["story_id"] for article in fetched.values()})
    check_traces(collector, pages=len({key.partition("#")[0] for key in fetched}))


def check_traces(collector: Collector, *, pages: int) -> None:
    """Every page is one trace from its fetch to the index, with nothing missing in between."""
    fetches = [span for span in collector.spans if span.name == "fetch"]
    assert len(fetches) >= pages
    whole = [fetch for fetch in fetches if reached(collector, fetch) >= STAGES]
    assert len(whole) >= pages
    assert sum("newsfold.page_id" in span.attributes for span in collector.spans) >= pages


def reached(collector: Collector, fetch: Received) -> set[str]:
    """The stages whose spans hang under a fetch, each under the one before."""
    found, wave = {fetch.service}, {fetch.span_id}
    while wave:
        children = [span for span in collector.of(fetch.trace_id) if span.parent_id in wave]
        found |= {span.service for span in children}
        wave = {span.span_id for span in children}
    return found


def mirror_key(key: str, served: Served) -> str:
    return key.replace(served.base, "https://")


def mirrored_links(article: dict[str, Any], served: Served) -> dict[str, Any]:
    links = [{**link, "key": mirror_key(link["key"], served)} for link in article["links"]]
    return {**article, "links": links}
