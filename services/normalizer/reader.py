"""Reads pages in child processes and turns what can go wrong there into reasons."""

import time
from collections.abc import Awaitable, Callable

from libs.contracts.reasons import Reason
from libs.domain.documents import ExtractedPage
from libs.domain.extraction import extract_page
from libs.runtime.failures import Quarantine
from libs.runtime.metrics import Metrics
from libs.runtime.sandbox import Sandbox, SandboxCrash, SandboxMemory, SandboxTimeout

# One of each thing that needs a table or a pattern: a byline, a date, names, quotations, an interview, comments.
SAMPLE = b"""<html lang=en><head><title>Ada Brook to Radio Warm: it is warm</title></head><body><article>
<h1>Ada Brook to Radio Warm: it is warm</h1><p class=byline>By Carl Dune, 3 May 2024, 10:15</p>
<p>The engineer Ada Brook told Radio Warm in an interview on Friday that the tables are loaded once. One two three, one
two three, one two three, one two three, one two three.</p>
<p>"It is warm," she said. "It will stay warm." "We wait for the first page," Brook added, "and then for the next."</p>
<p>In an interview with the Warm Times, presenter Evan Ford asked her whether that was all. "It is," she said.</p>
<p><b>Is it warm?</b></p><p>Yes, it is warm, and it was warm before, and we all like that very much indeed.</p>
<p><b>Will it stay warm?</b></p><p>It will, as far as anybody can tell from here, and for as long as we can say.</p>
</article><h3>Comments</h3><div class=comment><b>Gil</b> 4 May 2024, 11:00<p>Good to know.</p></div></body></html>"""


def read_page(raw: bytes, url: str, content_type: str | None, published_hint: str | None) -> ExtractedPage:
    """Runs in the child."""
    page: ExtractedPage = extract_page(raw, url=url, content_type=content_type, published_hint=published_hint)
    return page


def warm_up() -> None:
    """Loads the child's models and tables before its memory is limited."""
    extract_page(SAMPLE, url="https://warm-up.invalid/a/b", content_type="text/html")


def sandboxed(
    sandbox: Sandbox[ExtractedPage], metrics: Metrics
) -> Callable[[bytes, str, str | None, str | None], Awaitable[ExtractedPage]]:
    """`extract_page` behind the sandbox. Raises Quarantine with `parse_timeout`, `parse_memory` or `parse_crash`."""

    async def extract(raw: bytes, url: str, content_type: str | None, published_hint: str | None) -> ExtractedPage:
        started = time.monotonic()
        try:
            return await sandbox.run(raw, url, content_type, published_hint)
        except SandboxTimeout as error:
            raise _killed(metrics, "time", Reason.PARSE_TIMEOUT, error) from error
        except SandboxMemory as error:
            raise _killed(metrics, "memory", Reason.PARSE_MEMORY, error) from error
        except (SandboxCrash, RecursionError) as error:
            raise _killed(metrics, "crash", Reason.PARSE_CRASH, error) from error
        finally:
            metrics.parse_seconds.observe(time.monotonic() - started)

    return extract


def _killed(metrics: Metrics, limit: str, reason: Reason, error: Exception) -> Quarantine:
    metrics.parser_killed.labels(limit).inc()
    return Quarantine(reason, str(error))
