"""The processes of Newsfold, in the order in which a page passes through them.

fetcher -> normalizer -> deduplicator -> indexer

`reconciler` republishes whatever has no end; `cli` is the command `newsfold`.
"""
