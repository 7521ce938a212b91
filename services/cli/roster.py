"""The services that `newsfold up` runs, in the order of the flow, and the settings that they know."""

from collections.abc import Mapping

from libs.runtime.service_settings import settings_classes
from libs.runtime.settings import refuse_unknown

SERVICES = ("fetcher", "normalizer", "deduplicator", "indexer", "reconciler")
ON_DEMAND = ("monitor",)  # run only when asked for: `--scale monitor=1`


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a `NEWSFOLD_*` variable that no service knows."""
    refuse_unknown(settings_classes(), environment)
