"""A client that asks robots.txt first, for each hop, and knows how long to leave a host alone afterwards."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from libs.adapters.http.client import ACCEPT_PAGE, Fetched, HttpClient, Validators
from libs.adapters.http.failures import FetchFailed
from libs.adapters.http.robots import Robots, client_for_robots
from libs.contracts.fetching import Answer, FetchKind, KnownUrl

ACCEPT_FEED = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Pace:
    """The pause after a request: a slow host is left alone longer, as it seems to have trouble."""

    least_seconds: float = 0.5
    most_seconds: float = 10.0
    times_its_own: float = 2.0

    def after(self, took_seconds: float, asked_seconds: float) -> float:
        """Seconds until the host may be asked again; `asked_seconds` is its own wish (Crawl-delay)."""
        adaptive = min(max(self.times_its_own * took_seconds, self.least_seconds), self.most_seconds)
        return max(adaptive, asked_seconds)


@dataclass(frozen=True, slots=True)
class PoliteHttp:
    """What the fetcher asks pages and feeds with."""

    client: HttpClient
    pace: Pace = field(default_factory=Pace)
    robots: Robots = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "robots", Robots(client_for_robots(self.client)))

    async def fetch(self, url: str, *, kind: str, validators: Validators | None = None) -> Fetched:
        """Fetch a `page` or a `feed`. Raises FetchFailed."""
        await self.robots.permit(self.client.read_target(url))  # on its own time, the page's begins after it
        accept = ACCEPT_FEED if kind == "feed" else ACCEPT_PAGE
        return await self.client.get(url, validators=validators, accept=accept, permit=self.robots.permit)

    async def ask(self, url: str, *, kind: FetchKind, known: KnownUrl | None) -> Answer:
        """`fetch` in the words of the due-time table."""
        validators = Validators(known.etag, known.last_modified) if known else None
        found = await self.fetch(url, kind=kind, validators=validators)
        return Answer(
            final_url=found.final_url,
            body=found.body,
            received_at=datetime.now(UTC),
            status=found.status,
            content_type=found.content_type,
            etag=found.validators.etag,
            last_modified=found.validators.last_modified,
            wire_bytes=found.wire_bytes,
            not_modified=found.not_modified,
        )

    def pause_seconds(self, url: str, took_seconds: float) -> float:
        """How long to leave the host of `url` alone after a request that took `took_seconds`."""
        try:
            target = self.client.read_target(url)
        except FetchFailed:
            return 0.0
        rules = self.robots.cached(target)
        return self.pace.after(took_seconds, rules.delay_seconds if rules else 0.0)
