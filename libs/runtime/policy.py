"""The failure policy in numbers, the same for every stage."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """When to try again, when to stop trying.

    `attempts` counts deliveries of a message whose handling failed. `deliveries` counts all, also those that no handler
    survived: a message that keeps ending the process is set aside without being tried again. After `alone_after`
    deliveries a message is handled by itself, so that it cannot take its neighbours along.
    """

    delays_seconds: tuple[float, ...] = (0.5, 2, 10, 30, 120)
    jitter: float = 0.2
    attempts: int = 5
    deliveries: int = 15
    alone_after: int = 2
    pause_seconds: tuple[float, ...] = (0.2, 0.5, 1, 2, 5)  # while a dependency is down

    def delay_seconds(self, delivery: int) -> float:
        """Delay after the `delivery`-th delivery (1 is the first), with jitter."""
        base = self.delays_seconds[min(delivery, len(self.delays_seconds)) - 1]
        return base * (1 + random.uniform(-self.jitter, self.jitter))

    def pause(self, tries: int) -> float:
        """Seconds to wait before asking a dependency for the `tries`-th time (0 is the first)."""
        return self.pause_seconds[min(tries, len(self.pause_seconds) - 1)]
