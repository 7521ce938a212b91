"""Settings of the fetcher."""

from pydantic import Field

from libs.adapters.http.settings import WebSettings


class FetcherSettings(WebSettings):
    """How much is done at once, beside how others are asked."""

    fetcher_slots: int = Field(16, ge=4, le=256, description="Requests under way at once, each to another host.")
    fetcher_disk_percent: int = Field(
        90,
        ge=10,
        le=100,
        description="Intake pauses while the disk of the blobs is this full, in percent; 100 never pauses.",
    )
    fetcher_file_batch: int = Field(32, ge=1, le=500, description="Files that are archived in one commit.")
