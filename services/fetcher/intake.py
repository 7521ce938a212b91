"""Whether there is room to take more in. A disk that fills up stops intake before it stops the engines beside it.

In: how full the disk of the blobs is. Out: yes or no, told wherever an operator looks. What is in hand is finished, and
what was taken in goes on to the index.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from libs.runtime.logging import get_logger

RESUME_POINTS = 5  # percent below the limit at which intake goes on, so that it does not flutter
LOOK_SECONDS = 5.0
NEVER = 100  # percent

log = get_logger("fetcher")


@dataclass(slots=True)
class Intake:
    """One fetcher's gate."""

    used_ratio: Callable[[], Awaitable[float]]  # 0 to 1; raises OSError
    tell: Callable[[str | None], None]  # why nothing is taken in; None: it is
    percent: int  # at which intake pauses
    clock: Callable[[], float] = time.monotonic
    paused: bool = False
    _next: float = field(default=0.0)

    async def open(self) -> bool:
        """Whether work may be claimed now; looks at the disk every few seconds."""
        if self.percent < NEVER and self.clock() >= self._next:
            self._next = self.clock() + LOOK_SECONDS
            await self._look()
        return not self.paused

    async def _look(self) -> None:
        try:
            used = 100 * await self.used_ratio()
        except OSError as error:  # what cannot be read does not change what we do
            log.warning("disk_not_read", error=str(error))
            return
        limit = self.percent - RESUME_POINTS if self.paused else self.percent
        paused = used >= limit
        if paused == self.paused:
            return
        self.paused = paused
        self.tell(f"the disk of the blobs is {used:.0f} % full" if paused else None)
        log.warning("intake_paused" if paused else "intake_resumed", used_percent=round(used, 1), limit=self.percent)
