"""Asks robots.txt before a page, as RFC 9309 says: 4xx allows all, 5xx or silence forbids all for the time being."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from protego import Protego

from libs.adapters.http.client import HttpClient
from libs.adapters.http.failures import FetchFailed
from libs.adapters.http.targets import Target
from libs.contracts.reasons import Reason

PRODUCT = "newsfold"  # the token that robots.txt groups name
READ_BYTES = 500 * 1024  # RFC 9309 2.5: at least 500 KiB must be parsed
CACHED_SECONDS = 12 * 3600  # RFC 9309 2.4: not longer than a day
UNREACHABLE_CACHED_SECONDS = 300
ORIGINS = 10_000
MAX_DELAY_SECONDS = 60.0
# RFC 9309 2.3.1: more than five redirects, or an answer that is no file, count as "no rules"
_NO_RULES = frozenset({Reason.FETCH_TOO_MANY_REDIRECTS, Reason.FETCH_REDIRECT_LOOP, Reason.FETCH_GONE})
_OF_THE_ORIGIN = frozenset({Reason.FETCH_ADDRESS_DENIED, Reason.FETCH_DNS, Reason.FETCH_CONNECT, Reason.FETCH_TLS})


@dataclass(frozen=True, slots=True)
class Rules:
    """What an origin allows. `parsed` None: everything, or nothing when `unreachable` says why."""

    parsed: Protego | None
    expires: float  # monotonic
    unreachable: FetchFailed | None = None

    @property
    def delay_seconds(self) -> float:
        """The pause between requests that the origin asks for."""
        delay = self.parsed.crawl_delay(PRODUCT) if self.parsed is not None else None
        return min(float(delay or 0), MAX_DELAY_SECONDS)


@dataclass(slots=True)
class Robots:
    """The rules of the origins asked lately."""

    client: HttpClient
    _rules: OrderedDict[str, Rules] = field(default_factory=OrderedDict)

    async def permit(self, target: Target) -> None:
        """Return if `target` may be asked. Raises FetchFailed(`fetch_robots`), transient when nobody can tell."""
        rules = await self.rules(target)
        if rules.unreachable is not None:
            raise _unreachable(rules.unreachable, target)
        if rules.parsed is not None and not rules.parsed.can_fetch(target.url, PRODUCT):
            raise FetchFailed(Reason.FETCH_ROBOTS, f"robots.txt of {target.origin} forbids {target.path[:200]}")

    async def rules(self, target: Target) -> Rules:
        """The rules of `target`'s origin, asked for at most twice a day."""
        cached = self._rules.get(target.origin)
        if cached is None or cached.expires < time.monotonic():
            cached = await self._ask(target.origin)
            self._rules[target.origin] = cached
        self._rules.move_to_end(target.origin)
        while len(self._rules) > ORIGINS:
            self._rules.popitem(last=False)
        return cached

    def cached(self, target: Target) -> Rules | None:
        """The rules of `target`'s origin if they are known already."""
        return self._rules.get(target.origin)

    async def _ask(self, origin: str) -> Rules:
        now = time.monotonic()
        try:
            answer = await self.client.get(f"{origin}/robots.txt", accept="text/plain, */*", cut_at_bytes=READ_BYTES)
        except FetchFailed as failed:
            if failed.reason in _NO_RULES or (failed.status is not None and 400 <= failed.status < 500):
                return Rules(None, now + CACHED_SECONDS)
            return Rules(None, now + UNREACHABLE_CACHED_SECONDS, unreachable=failed)
        return Rules(read_rules(answer.body), now + CACHED_SECONDS)


def read_rules(data: bytes) -> Protego:
    """Parse robots.txt; a byte order mark would make the parser overlook the first group."""
    return Protego.parse(data[:READ_BYTES].decode("utf-8-sig", errors="replace"))


def _unreachable(failed: FetchFailed, target: Target) -> FetchFailed:
    """Why a page is not asked for when its origin's rules cannot be had.

    Trouble with the origin itself is the page's as well and keeps its name.
    """
    if failed.reason in _OF_THE_ORIGIN and failed.url is not None and failed.url.startswith(f"{target.origin}/"):
        return FetchFailed(failed.reason, failed.detail, transient=failed.transient)
    return FetchFailed(Reason.FETCH_ROBOTS, f"robots.txt cannot be had: {failed}", transient=True)


def client_for_robots(client: HttpClient, *, total_seconds: float = 15.0) -> HttpClient:
    """`client` with a deadline that leaves the page itself some of its own."""
    return replace(client, limits=replace(client.limits, total_seconds=min(total_seconds, client.limits.total_seconds)))
