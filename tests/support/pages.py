"""Invented pages, as many as a test wants: each an article of its own that shares no run of words with another."""

import random
from pathlib import Path

SUBJECTS = [
    "council",
    "harbour",
    "library",
    "teacher",
    "orchard",
    "bridge",
    "museum",
    "station",
    "farmer",
    "captain",
    "gardener",
    "printer",
]
VERBS = [
    "repaired",
    "opened",
    "painted",
    "counted",
    "visited",
    "measured",
    "restored",
    "answered",
    "followed",
    "carried",
    "planned",
    "sold",
]
THINGS = [
    "windows",
    "boats",
    "letters",
    "fields",
    "roofs",
    "lanterns",
    "bottles",
    "records",
    "engines",
    "baskets",
    "signs",
    "benches",
    "maps",
]
PLACES = [
    "valley",
    "market",
    "quarter",
    "hillside",
    "river",
    "coast",
    "village",
    "square",
    "forest",
    "island",
    "suburb",
    "garden",
]
LINKS = ["while", "because", "although", "before", "after", "since", "until", "where"]


def article(number: int, *, words: int = 220) -> str:
    """The HTML of a page that has an article."""
    chance = random.Random(number)
    paragraphs = []
    while sum(len(paragraph.split()) for paragraph in paragraphs) < words:
        paragraphs.append(" ".join(_sentence(chance) for _ in range(4)))
    title = f"The {chance.choice(PLACES)} {chance.choice(VERBS)} {chance.randrange(10_000)} {chance.choice(THINGS)}"
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>\n{body}</article></body></html>"
    )


def _sentence(chance: random.Random) -> str:
    return (
        f"The {chance.choice(SUBJECTS)} of {chance.choice(PLACES)} {chance.randrange(10_000)} {chance.choice(VERBS)} "
        f"{chance.randrange(2, 10_000)} {chance.choice(THINGS)} {chance.choice(LINKS)} the {chance.choice(SUBJECTS)} "
        f"{chance.choice(VERBS)} {chance.choice(THINGS)} in the {chance.choice(PLACES)}."
    )


def write_mirror(folder: Path, host: str, numbers: range) -> Path:
    """A mirrored web of one host with a page for each number."""
    (folder / host).mkdir(parents=True)
    for number in numbers:
        (folder / host / f"page-{number}.html").write_text(article(number), encoding="utf-8")
    return folder
