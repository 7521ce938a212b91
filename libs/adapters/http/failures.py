"""The one way in which a fetch fails: a reason of the closed list, and whether it may pass by itself."""

from libs.contracts.fetching import NothingReceived
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


class FetchFailed(NothingReceived):
    """Nothing usable was received over HTTP. `transient` follows from the reason unless it is given."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        transient: bool | None = None,
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(
            reason,
            detail,
            transient=reason in TRANSIENT if transient is None else transient,
            status=status,
            retry_after_seconds=retry_after_seconds,
        )
        self.url: str | None = None  # the hop at which it failed, set by the client
