"""A service as the tests run it, in a process of its own. The capture id says what its handler does.

Arguments: the file to which it appends each capture id it takes up (`+`), finishes (`-`), or sets aside (`!`).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from nats_rig import PROBE

from libs.contracts.events import ArticleNormalized, PageFetched
from libs.contracts.pipeline import PAGES_FETCHED
from libs.runtime import failpoints
from libs.runtime.outcomes import Emit, Outcome
from libs.runtime.policy import FailurePolicy
from libs.runtime.service import Service
from libs.runtime.settings import Settings
from libs.runtime.settle import Result, SetAside

JOURNAL = Path(sys.argv[1])


def note(mark: str, key: str) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(f"{mark}{key}\n")


async def probe(event: PageFetched) -> Outcome:
    note("+", event.capture_id)
    word = event.capture_id.split("-")[0]
    if word == "slow":
        await asyncio.sleep(1)
    if word == "fatal":
        os.kill(os.getpid(), signal.SIGKILL)
    failpoints.hit("probe", "result_ready")
    failpoints.hit("probe", "committed")
    note("-", event.capture_id)
    return Emit(
        (
            ArticleNormalized(
                lane=event.lane, trace_id=event.trace_id, revision_id=event.capture_id, article_id=event.capture_id
            ),
        )
    )


class JournalQuarantine:
    async def put(self, entry: SetAside) -> None:
        note("!", f"{entry.reason}:{entry.event.key if entry.event else ''}")


async def handler(events: Sequence[PageFetched]) -> Sequence[Result]:
    return await asyncio.gather(*map(probe, events), return_exceptions=True)


async def main() -> None:
    service = Service("probe", Settings())
    service.consume(
        PROBE,
        {PAGES_FETCHED: (PageFetched, handler)},
        quarantine=JournalQuarantine(),
        slots=1,
        policy=FailurePolicy(delays_seconds=(0.05,), attempts=3, deliveries=3, alone_after=1, pause_seconds=(0.05,)),
    )
    await service.run()


asyncio.run(main())
