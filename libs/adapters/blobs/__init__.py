"""The blob store: captured bytes by their sha256. `open_blobs` is the one way in."""

from libs.adapters.blobs.folder import BLOB_MAX_BYTES, BlobCorrupt, FolderBlobs, open_blobs

__all__ = ["BLOB_MAX_BYTES", "BlobCorrupt", "FolderBlobs", "open_blobs"]
