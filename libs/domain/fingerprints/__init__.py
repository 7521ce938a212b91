"""Fingerprints of texts: words with their offsets, hashes of word runs, winnowing. Pure and versioned."""
