"""Ends the process at a named point, for tests: `NEWSFOLD_FAILPOINT=stage:point`.

Points, in order: `received`, `result_ready`, `committed`, `published`, `before_ack`. The process ends as if killed,
without any clean-up. The supervisor hands the variable to the first start of a service only.
"""

import os
import signal

POINTS = ("received", "result_ready", "committed", "published", "before_ack")
VARIABLE = "NEWSFOLD_FAILPOINT"


def hit(stage: str, point: str) -> None:
    """End this process by SIGKILL if the environment asks for it here."""
    if os.environ.get(VARIABLE) == f"{stage}:{point}":
        os.kill(os.getpid(), signal.SIGKILL)
