"""Settings of the deduplicator."""

from pydantic import Field

from libs.runtime.settings import Settings


class DeduplicatorSettings(Settings):
    """No threshold can be set: that would make two truths. What can is whether there is a third way to find them."""

    deduplicator_meaning: bool = Field(
        False,
        description="Compare also by sentence meaning what retells an interview in other words or another language; "
        "needs the encoders of `make meaning`. All processes that write stories must have it alike.",
    )
