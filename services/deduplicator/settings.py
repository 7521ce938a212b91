"""Settings of the deduplicator."""

from libs.runtime.settings import Settings


class DeduplicatorSettings(Settings):
    """The deduplicator has no settings of its own: a threshold that could be set would make two truths."""
