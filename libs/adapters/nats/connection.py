"""A connection for a short piece of work: tried once, and its failures say what the server said."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import nats.errors
from nats.aio.client import Client

from libs.runtime.failures import DependencyDown
from libs.runtime.login import is_refusal, login


@asynccontextmanager
async def open_nats(url: str) -> AsyncIterator[Client]:
    """Raises the client's errors; DependencyDown when nothing answers, when key or certificate are not taken, or when the
    server refused what was asked, which it says beside the answer.

    A request that is refused gets no answer: the client alone would report a time-out.
    """
    refused: list[str] = []
    failed: list[str] = []

    async def note(error: Exception) -> None:
        # nats-py's own callback writes a stack trace to stderr
        failed.append(str(error) or type(error).__name__)
        if is_refusal(error):
            refused.append(str(error))

    try:
        # without the two numbers the client tries for two minutes, whatever `allow_reconnect` says
        client = await nats.connect(
            **login(url),
            connect_timeout=5,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0.1,
            error_cb=note,
        )
    except (nats.errors.Error, OSError) as error:  # of these, what TLS does not like
        raise DependencyDown("nats", failed[-1] if failed else str(error)) from error
    try:
        yield client
    except (nats.errors.TimeoutError, nats.errors.NoRespondersError) as error:
        if not refused:
            raise
        raise DependencyDown("nats", f"{refused[-1]} (this user's rights are in docs/security.md)") from error
    finally:
        await client.close()
