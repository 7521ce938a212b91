"""Reads a remote feed once, with the fetcher's own client and in a child process as the fetcher does."""

from dataclasses import asdict
from typing import Any

from libs.adapters.http.settings import WebSettings
from libs.adapters.http.web import open_web
from libs.contracts.fetching import FetchKind, NothingReceived
from libs.domain.feeds import FeedInvalid, read_feed
from libs.runtime.sandbox import Sandbox, SandboxError
from services.cli.failures import CommandFailed


async def read_remote_feed(url: str) -> dict[str, Any]:
    """`{"url", "title", "items": [{"url", "title", "published", "updated"}]}`. Raises CommandFailed with the reason."""
    settings = WebSettings()
    sandbox = Sandbox(
        read_feed,
        workers=1,
        timeout_seconds=settings.fetcher_feed_seconds,
        memory_bytes=settings.fetcher_feed_memory_bytes,
    )
    try:
        answer = await open_web(settings).ask(url, kind=FetchKind.FEED, known=None)
        feed = await sandbox.run(answer.body, answer.final_url)
    except (NothingReceived, FeedInvalid, SandboxError) as error:
        raise CommandFailed(f"{url}: {error}") from error
    finally:
        sandbox.close()
    return {"url": answer.final_url, "title": feed.title, "items": [asdict(item) for item in feed.items]}
