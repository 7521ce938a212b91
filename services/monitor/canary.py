"""The canary: an article of our own, sent on the way of all news at fixed times, which search must show.

In: instants. Out: the page's bytes, and which of the canaries that were sent search has shown. The page is always the
same one, so there is one canary article in the index, whose text tells the time of its sending.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

URL: Final = "https://canary.newsfold.invalid/status"  # RFC 2606: nobody can have this host

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Newsfold canary {stamp}</title>
<meta property="og:site_name" content="Newsfold canary">
<meta property="article:published_time" content="{instant}"></head>
<body><article>
<h1>Newsfold canary {stamp}</h1>
<p>This is no news. The installation sends this page to itself to prove that what is taken in can be found by search a
moment later, and to measure how long that takes.</p>
<p>It was sent at {stamp}. The page goes the same way as every other: its bytes are archived and recorded, its text is
read, compared with other texts and written to the search index, where the monitor looks for it.</p>
<p>When the canary is not found for five minutes an alarm is raised, because then the news is not found either. The
runbook says what to look at first. Nobody needs to do anything about this article.</p>
</article></body></html>
"""


def page(sent_at: datetime) -> bytes:
    """The page as HTML in UTF-8, different for each second. `sent_at` has a zone."""
    return _PAGE.format(stamp=f"{sent_at:%Y-%m-%d %H:%M:%S %Z}", instant=sent_at.isoformat()).encode()


@dataclass(slots=True)
class Flock:
    """The canaries that are under way, by when they were sent."""

    under_way: list[datetime] = field(default_factory=list)

    def sent(self, at: datetime) -> None:
        self.under_way.append(at)

    def shown(self, newest: datetime | None, *, now: datetime) -> float | None:
        """How many seconds the newest canary took that search shows now and did not show before; None without one."""
        arrived = [at for at in self.under_way if newest is not None and at <= newest]
        if not arrived:
            return None
        self.under_way = [at for at in self.under_way if at not in arrived]
        return (now - max(arrived)).total_seconds()

    def forget_before(self, instant: datetime) -> None:
        """Stop waiting for canaries that were sent before `instant`."""
        self.under_way = [at for at in self.under_way if at >= instant]
