"""How work can go wrong: three words, each with its own consequence.

    Failure
    ├── Retry            the same message again, later; attempts are counted
    ├── Quarantine       set aside with its original bytes and a reason; a person decides
    └── DependencyDown   nobody's fault: pulling pauses until the dependency answers, no attempt is burned

Everything else that a stage raises is unexpected: it is retried, and quarantined when it keeps happening.
"""

from collections.abc import Callable, Sequence

from libs.contracts.reasons import Reason


class Failure(Exception):
    """Root of the three."""


class Retry(Failure):
    """Try this message again. `after_seconds` None means by the schedule of the failure policy."""

    def __init__(self, reason: Reason, detail: str = "", after_seconds: float | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason, self.detail, self.after_seconds = reason, detail, after_seconds


class Quarantine(Failure):
    """Set this message aside: trying again cannot help."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason, self.detail = reason, detail


class DependencyDown(Failure):
    """`dependency` (nats, postgres, opensearch, blobs) does not answer or refuses all work."""

    def __init__(self, dependency: str, detail: str = "") -> None:
        super().__init__(f"{dependency} is down: {detail}" if detail else f"{dependency} is down")
        self.dependency, self.detail = dependency, detail


# Turns an exception of a library into a Failure, or answers None: not mine.
Classifier = Callable[[BaseException], Failure | None]


def classify(error: BaseException, classifiers: Sequence[Classifier]) -> Failure | None:
    """The Failure that `error` is or stands for; None when it is unexpected."""
    if isinstance(error, Failure):
        return error
    return next((failure for judge in classifiers if (failure := judge(error)) is not None), None)
