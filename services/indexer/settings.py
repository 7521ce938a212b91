"""Settings of the indexer."""

from pydantic import Field

from libs.runtime.settings import Settings


class IndexerSettings(Settings):
    """How documents are written."""

    indexer_slots: int = Field(2, ge=1, le=16, description="Batches that one indexer has in hand at once.")
