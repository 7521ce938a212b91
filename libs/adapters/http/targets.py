"""A URL as the parts that a request needs, read as browsers read it.

WHATWG parsing turns every spelling of an IPv4 address (decimal, octal, hexadecimal, full-width digits) into dotted
form and every domain into lower-case ASCII, so that what is judged is what is dialled.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urljoin

import can_ada

from libs.adapters.http.failures import FetchFailed
from libs.contracts.reasons import Reason

DEFAULT_PORTS = {"http": 80, "https": 443}
URL_MAX_CHARACTERS = 8192


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` has no brackets and no trailing dot; `path` is path and query, ASCII."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    @property
    def literal(self) -> IPv4Address | IPv6Address | None:
        """The address, where the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def read_target(url: str, *, ports: Collection[int], base: str | None = None) -> Target:
    """Take `url` apart; `base` makes a relative one absolute.

    Raises FetchFailed: `fetch_url_invalid`, `fetch_scheme`, or `fetch_port_denied` for a port not among `ports`.
    """
    try:
        parsed = can_ada.parse(urljoin(base, url) if base else url)
    except ValueError:
        raise FetchFailed(Reason.FETCH_URL_INVALID, f"{url[:200]!r} is no URL") from None
    scheme = parsed.protocol.removesuffix(":")
    if scheme not in DEFAULT_PORTS:
        raise FetchFailed(Reason.FETCH_SCHEME, f"{scheme}: is not fetched, only http: and https: are")
    if parsed.username or parsed.password or len(parsed.href) > URL_MAX_CHARACTERS:
        raise FetchFailed(Reason.FETCH_URL_INVALID, f"{url[:200]!r} holds a user name or is too long")
    host = parsed.hostname.strip("[]").removesuffix(".")
    if not host or host.startswith(".") or ".." in host or host.endswith("."):
        raise FetchFailed(Reason.FETCH_URL_INVALID, f"{url[:200]!r} has no usable host name")
    port = int(parsed.port) if parsed.port else DEFAULT_PORTS[scheme]
    if port not in ports:
        raise FetchFailed(Reason.FETCH_PORT_DENIED, f"port {port} is not opened by NEWSFOLD_FETCHER_ALLOW_PORTS")
    return Target(scheme, host, port, parsed.pathname + parsed.search)
