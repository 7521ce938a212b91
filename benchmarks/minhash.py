"""The baseline of `benchmarks.stories`: datasketch's MinHash LSH over the same texts, in memory.

128 permutations, sets of 5 words in a row, threshold .5: signature, query and insert for each text in turn.
"""

import time
from collections.abc import Mapping
from typing import Any

from datasketch import MinHash, MinHashLSH

PERMUTATIONS = 128
SHINGLE_WORDS = 5
THRESHOLD = 0.5


def minhash(bodies: Mapping[str, str], planted: Mapping[str, str]) -> dict[str, Any]:
    """Speed, and how many of the `planted` texts (id to the id of what they retell) bring their source up."""
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    near: set[frozenset[str]] = set()
    started, processor = time.perf_counter(), time.process_time()
    for name, body in bodies.items():
        signature = MinHash(num_perm=PERMUTATIONS)
        words = body.lower().split()
        count = max(1, len(words) - SHINGLE_WORDS + 1)
        signature.update_batch([" ".join(words[n : n + SHINGLE_WORDS]).encode() for n in range(count)])
        near.update(frozenset((name, other)) for other in lsh.query(signature))
        lsh.insert(name, signature)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    return {
        "documents_per_second": round(len(bodies) / seconds, 1) if bodies else 0,
        "processor_ms_per_document": round(1000 * processor / max(1, len(bodies)), 2),
        "planted_found": sum(frozenset(couple) in near for couple in planted.items()),
    }
