"""How far each number that stories rest on can move before a story of the demo corpus changes.

    python -m benchmarks.parameters

Each number of `libs.domain.stories` and `libs.domain.fingerprints.grams` is moved down and up by itself, everything else
as it is, until the members, the lead or the quoted stories of any article differ; the last values before that are printed.
Nothing is looked at beyond half and double the number (`-` in the table: no change that far).
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.corpus import corpus_articles
from benchmarks.revisions import Made
from libs.domain.stories import passages
from libs.domain.stories.fold import fold
from libs.domain.stories.texts import Article, Text

MODULES = (
    "libs.domain.fingerprints.grams",
    *(
        f"libs.domain.stories.{name}"
        for name in ("passages", "pairs", "boilerplate", "grades", "identity", "retold", "leads")
    ),
)
# What follows from another number, is no number that anybody chose, or only says which format stored hashes have.
NO_PARAMETERS = frozenset({"VERSION", "SEED_WORDS", "GUARANTEED_RUN_WORDS", "DAY_SECONDS"})
IN_DOCUMENTS = frozenset({"LONG_WORD_LETTERS", "FOCUS_WORDS", "FOCUS_PER_MILLE"})  # used before anything is compared
REACH = 2  # times the number, down and up


Document = tuple[Article, Text]


@dataclass(frozen=True, slots=True)
class Room:
    """A number, and the least and greatest value at which nothing changes; none: no change as far as was looked."""

    name: str
    value: int
    least: int | None
    greatest: int | None


def parameters() -> dict[str, int]:
    """The numbers by name, where they are defined first."""
    found: dict[str, int] = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, int) and name not in NO_PARAMETERS:
                found.setdefault(name, value)
    return found


@contextmanager
def moved(name: str, value: int) -> Iterator[None]:
    """Everything with another value of the number, wherever it is used."""
    numbers = parameters() | {name: value}
    followed = {
        name: value,
        "SEED_WORDS": numbers["GRAM_WORDS"],
        "GUARANTEED_RUN_WORDS": numbers["GRAM_WORDS"] + numbers["WINDOW"] - 1,
    }
    modules = [m for key, m in sys.modules.items() if key.startswith("libs.domain.")]
    places = [(vars(module), n) for module in modules for n in followed if n in vars(module)]
    before = [names[n] for names, n in places]
    try:
        for names, n in places:
            names[n] = followed[n]
        passages.small_edits.cache_clear()
        yield
    finally:
        for (names, n), kept in zip(places, before, strict=True):
            names[n] = kept
        passages.small_edits.cache_clear()


def result(documents: Sequence[Document]) -> object:
    """What people see of stories: members, leads, and who quotes which."""
    folded = fold(documents)
    stories = sorted((story.story_id, story.lead, story.members) for story in folded.stories.values())
    return (stories, sorted(folded.quoted.items()))


def room(name: str, value: int, same: Callable[[int], bool]) -> Room:
    """How far `value` can move; `same` says whether another value gives the same result."""
    return Room(name, value, _edge(value, max(1, value // REACH), same), _edge(value, value * REACH, same))


def _edge(value: int, limit: int, same: Callable[[int], bool]) -> int | None:
    """The last value on the way to `limit` before a change; none when there is no change up to it.

    By halves: a change that is undone further on is seen only where the middle or the limit falls into it.
    """
    if value == limit:
        return None
    good, bad = value, limit
    if same(limit):
        bad = (value + limit) // 2
        if bad == value or same(bad):
            return None
    while abs(bad - good) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if same(middle) else (good, middle)
    return good


def rooms(articles: Sequence[Made]) -> Iterator[Room]:
    """Each number's room, one after another: this takes minutes."""
    documents = [made.document() for made in articles]
    expected = result(documents)
    for name, value in parameters().items():

        def same(other: int, name: str = name) -> bool:
            with moved(name, other):
                anew = [made.document() for made in articles] if name in IN_DOCUMENTS else documents
                return result(anew) == expected

        yield room(name, value, same)


def main() -> int:
    print("| number | value | no change down to | up to |\n|---|---|---|---|")
    for r in rooms(corpus_articles()):
        least, greatest = ("-" if v is None else v for v in (r.least, r.greatest))
        print(f"| `{r.name}` | {r.value} | {least} | {greatest} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
