"""Made-up articles for `benchmarks.stories`: sources, rewrites that take a few runs of words, copies, footers.

    python -m benchmarks.planted COUNT FILE.jsonl

Words are drawn from 30,000 by Zipf's law; an article has 600. Of ten articles, one retells an earlier one: 3 to 5 runs
of 30 to 60 of its words among 420 others (then the line has `"source"`, the id of that article); one is a near copy with
3 % of its words exchanged; half of all have one of twenty footers. The same count gives the same file.
"""

import argparse
import itertools
import json
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

VOCABULARY = 30_000
REMEMBERED = 2000  # sources that can still be retold


def made_up_vocabulary(rng: random.Random) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(rng.choices(letters, k=rng.randint(2, 10))) for _ in range(VOCABULARY)]


class Wording:
    """Draws words from a vocabulary by Zipf's law."""

    def __init__(self, rng: random.Random, vocabulary: Sequence[str]) -> None:
        self._rng, self._vocabulary = rng, vocabulary
        self._weights = list(itertools.accumulate(1 / (n + 3) for n in range(len(vocabulary))))

    def __call__(self, number: int) -> list[str]:
        return self._rng.choices(self._vocabulary, cum_weights=self._weights, k=number)

    def edited(self, words: Sequence[str], share: float) -> list[str]:
        """`words` with about `share` of them exchanged (three of five edits), left out, or followed by a new one."""
        left: list[str] = []
        for word in words:
            edit = self._rng.choice(("exchanged", "exchanged", "exchanged", "left out", "followed"))
            if self._rng.random() >= share:
                left.append(word)
            elif edit != "left out":
                left += self(1) if edit == "exchanged" else [word, *self(1)]
        return left


def articles(count: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(4)
    vocabulary = made_up_vocabulary(rng)
    words = Wording(rng, vocabulary)
    footers = [words(40) for _ in range(20)]
    sources: list[tuple[str, list[str]]] = []
    for n in range(count):
        source, kind = None, rng.random()
        if kind < 0.1 and sources:
            source, told = rng.choice(sources)
            body = _retold(rng, told, words(420))
        elif kind < 0.2 and sources:
            source, told = rng.choice(sources)
            body = [rng.choice(vocabulary) if rng.random() < 0.03 else word for word in told]
        else:
            body = words(600)
            sources = [*sources[-REMEMBERED:], (f"d{n}", body)]
        if rng.random() < 0.5:
            body = body + rng.choice(footers)
        yield {
            "id": f"d{n}",
            "url": f"https://h{n % 50}.example/{n}",
            "outlet": f"h{n % 50}",
            "language": "en",
            "text": " ".join(body),
            "source": source,
            "kind": None if source is None else "retold" if kind < 0.1 else "copied",
        }


def _retold(rng: random.Random, told: Sequence[str], own: Sequence[str]) -> list[str]:
    """3 to 5 runs, each out of a part of its own of `told`, between the words of `own`."""
    runs = rng.randint(3, 5)
    part = len(told) // runs
    places = sorted(rng.sample(range(len(own)), runs))
    body = list(own[: places[0]])
    for n, (at, end) in enumerate(itertools.pairwise([*places, len(own)])):
        size = rng.randint(30, 60)
        start = n * part + rng.randrange(part - size)
        body += [*told[start : start + size], *own[at:end]]
    return body


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int)
    parser.add_argument("file", type=Path)
    args = parser.parse_args()
    with args.file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in articles(args.count))
    return 0


if __name__ == "__main__":
    sys.exit(main())
