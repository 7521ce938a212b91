"""Reads feeds: always in a child process, as the fetcher does; a remote one with the fetcher's own client."""

from dataclasses import asdict
from typing import Any

from libs.adapters.http.settings import WebSettings
from libs.adapters.http.web import open_web
from libs.contracts.fetching import FetchKind, NothingReceived
from libs.domain.feeds import Feed, FeedInvalid, read_feed
from libs.runtime.sandbox import Sandbox, SandboxError
from services.cli.failures import CommandFailed


def feed_sandbox() -> Sandbox[Feed]:
    """One child that reads feeds, within the fetcher's limits. Close it."""
    settings = WebSettings()
    return Sandbox(
        read_feed,
        workers=1,
        timeout_seconds=settings.fetcher_feed_seconds,
        memory_bytes=settings.fetcher_feed_memory_bytes,
    )


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
