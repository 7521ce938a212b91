"""Ends the process at a named point, or keeps acknowledgements back, for tests: `NEWSFOLD_FAILPOINT=stage:point`.

Points, in order: `received`, `result_ready`, `committed`, `published`, `before_ack`. The process ends as if killed,
without any clean-up. `stage:withhold_ack` keeps the acknowledgement of each first delivery back, so that the broker
delivers every message twice. Several are separated by commas. The supervisor hands the variable to the first start of a
service only.
"""

import os
import signal

POINTS = ("received", "result_ready", "committed", "published", "before_ack")
WITHHOLD_ACK = "withhold_ack"
VARIABLE = "NEWSFOLD_FAILPOINT"


def hit(stage: str, point: str) -> None:
    """End this process by SIGKILL if the environment asks for it here."""
    if _is_asked(stage, point):
        os.kill(os.getpid(), signal.SIGKILL)


def withholds_ack(stage: str, deliveries: int) -> bool:
    """Whether a message that was delivered so often is to stay without its acknowledgement."""
    return deliveries == 1 and _is_asked(stage, WITHHOLD_ACK)


def _is_asked(stage: str, point: str) -> bool:
    return f"{stage}:{point}" in os.environ.get(VARIABLE, "").split(",")
