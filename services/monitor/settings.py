"""Settings of the monitor."""

from pydantic import Field

from libs.runtime.settings import Settings


class MonitorSettings(Settings):
    """How often it looks."""

    monitor_period_seconds: float = Field(15, gt=0, description="Seconds between two looks at the engines.")
    monitor_account_seconds: float = Field(
        300, gt=0, description="Seconds between two looks at whole tables: sums, rules of the ledger, silent sources."
    )
    monitor_canary_seconds: float = Field(
        60, ge=0, description="Seconds between two canary articles, which must become searchable; 0 sends none."
    )
