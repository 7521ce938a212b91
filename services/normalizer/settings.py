"""Settings of the normalizer."""

from pydantic import Field

from libs.runtime.settings import Settings

MIB = 1024**2


class NormalizerSettings(Settings):
    """How pages are read."""

    normalizer_workers: int = Field(2, ge=1, le=64, description="Child processes that read pages.")
    normalizer_timeout_seconds: float = Field(20, gt=0, description="Seconds that one page may take to read.")
    normalizer_memory_bytes: int = Field(
        1536 * MIB, ge=256 * MIB, description="Address space of a child process, in bytes."
    )
