"""The one way in which a fetch fails: a reason of the closed list, and whether it may pass by itself."""

from libs.contracts.reasons import Reason

# What may be otherwise in a minute. The rest is final: asking again would be told the same.
TRANSIENT = frozenset(
    {
        Reason.FETCH_DNS,
        Reason.FETCH_CONNECT,
        Reason.FETCH_TIMEOUT,
        Reason.FETCH_PROTOCOL,
        Reason.FETCH_STATUS_5XX,
    }
)


class FetchFailed(Exception):
    """Nothing usable was received. `retry_after_seconds` is what the server asked for, None when it did not."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        transient: bool | None = None,
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.status = reason, detail, status
        self.transient = reason in TRANSIENT if transient is None else transient
        self.retry_after_seconds = retry_after_seconds
        self.url: str | None = None  # the hop at which it failed, set by the client
