"""Opens OpenSearch for services and the command line.

The client never repeats a request by itself (`max_retries=0`): whether a bulk may be sent again is decided once, in
`bulk.py`, where every item's answer is read.
"""

from typing import Final
from urllib.parse import unquote, urlsplit

from opensearchpy import AsyncOpenSearch

from libs.runtime.tls import context_of

REQUEST_TIMEOUT_SECONDS: Final = 30
CONNECTIONS: Final = 8


def open_client(url: str, *, request_timeout_seconds: int = REQUEST_TIMEOUT_SECONDS) -> AsyncOpenSearch:
    """A client for `http(s)://[user:password@]host:port`. For https the certificate is always verified, see
    `libs.runtime.tls`."""
    parts = urlsplit(url)
    credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    host = parts.hostname or ""
    address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or 9200}{parts.path}"
    return AsyncOpenSearch(
        hosts=[address],
        http_auth=credentials,
        ssl_context=context_of(url),
        timeout=request_timeout_seconds,
        max_retries=0,
        retry_on_timeout=False,
        http_compress=False,
        maxsize=CONNECTIONS,
        trust_env=False,
    )
