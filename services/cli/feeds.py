"""Reads feeds and sitemaps: always in a child process, as the fetcher does; a remote one with its own client."""

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from libs.adapters.http.settings import WebSettings
from libs.adapters.http.web import open_web
from libs.contracts.fetching import FetchKind, NothingReceived
from libs.domain.feeds import Feed, FeedInvalid, FeedItem, read_feed
from libs.domain.hints import hint_of
from libs.domain.urls import canonicalize
from libs.runtime.sandbox import Sandbox, SandboxError
from services.cli.failures import CommandFailed

LIST_MAX_BYTES = 50 * 1024**2  # as large as a sitemap may be (sitemaps.org)


def feed_sandbox() -> Sandbox[Feed]:
    """One child that reads feeds, within the fetcher's limits. Close it."""
    settings = WebSettings()
    return Sandbox(
        read_feed,
        workers=1,
        timeout_seconds=settings.fetcher_feed_seconds,
        memory_bytes=settings.fetcher_feed_memory_bytes,
    )


def told_times(lists: Iterable[tuple[Path, str]]) -> Callable[[str], str | None]:
    """When the page of a URL was published, as these files, each with its own URL, say. What is no list says nothing."""
    listing: dict[str, list[FeedItem]] = {}
    with closing(feed_sandbox()) as sandbox:
        for path, url in lists:
            with suppress(OSError, FeedInvalid, SandboxError):
                if path.stat().st_size <= LIST_MAX_BYTES:
                    for item in sandbox.call(path.read_bytes(), url).items:
                        listing.setdefault(canonicalize(item.url), []).append(item)
    return lambda page: hint_of(listing.get(canonicalize(page), ()))


async def read_remote_feed(url: str) -> dict[str, Any]:
    """`{"url", "title", "items": [{"url", "title", "published", "updated"}]}`. Raises CommandFailed with the reason."""
    sandbox = feed_sandbox()
    try:
        answer = await open_web(WebSettings()).ask(url, kind=FetchKind.FEED, known=None)
        feed = await sandbox.run(answer.body, answer.final_url)
    except (NothingReceived, FeedInvalid, SandboxError) as error:
        raise CommandFailed(f"{url}: {error}") from error
    finally:
        sandbox.close()
    return {"url": answer.final_url, "title": feed.title, "items": [asdict(item) for item in feed.items]}
