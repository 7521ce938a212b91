"""The services that `newsfold up` runs, in the order of the flow, and the settings that they know."""

from collections.abc import Mapping

from libs.runtime.settings import Settings, refuse_unknown

SERVICES = ("fetcher", "normalizer", "deduplicator", "indexer", "reconciler")


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise SettingsError for a `NEWSFOLD_*` variable that no service knows."""
    from services.deduplicator.settings import DeduplicatorSettings
    from services.fetcher.settings import FetcherSettings
    from services.indexer.settings import IndexerSettings
    from services.normalizer.settings import NormalizerSettings
    from services.reconciler.settings import ReconcilerSettings

    classes = (
        Settings,
        FetcherSettings,
        NormalizerSettings,
        DeduplicatorSettings,
        IndexerSettings,
        ReconcilerSettings,
    )
    refuse_unknown(classes, environment)
