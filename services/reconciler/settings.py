"""Settings of the reconciler."""

from pydantic import Field

from libs.runtime.settings import Settings


class ReconcilerSettings(Settings):
    """How often it looks."""

    reconciler_period_seconds: float = Field(15, gt=0, description="Seconds between two looks for lost messages.")
