"""How far each number that stories rest on can move before a story of the demo corpus changes.

    python -m benchmarks.parameters

Each number of `libs.domain.stories` and `libs.domain.fingerprints.grams` is moved down and up by itself, everything else
as it is, until the members, the lead or the quoted stories of any article differ; the last values before that are printed.
Nothing is looked at beyond a tenth and ten times the number (`-` in the table: no change that far).
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

MODULES = (
    "libs.domain.fingerprints.grams",
    *(
        f"libs.domain.stories.{name}"
        for name in ("passages", "pairs", "boilerplate", "grades", "identity", "retold", "leads")
    ),
)
# What follows from another number, is no number that anybody chose, or only says which format stored hashes have.
NO_PARAMETERS = frozenset({"VERSION", "SEED_WORDS", "GUARANTEED_RUN_WORDS", "DAY_SECONDS"})
REACH = 10  # times the number, down and up


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


def result(articles: Sequence[Made]) -> object:
    """What people see of stories: members, leads, and who quotes which."""
    folded = fold([made.document() for made in articles])
    stories = sorted((story.story_id, story.lead, story.members) for story in folded.stories.values())
    return (stories, sorted(folded.quoted.items()))


def room(name: str, value: int, same: Callable[[int], bool]) -> Room:
    """How far `value` can move; `same` says whether another value gives the same result."""
    return Room(name, value, _edge(value, max(1, value // REACH), same), _edge(value, value * REACH, same))


def _edge(value: int, limit: int, same: Callable[[int], bool]) -> int | None:
    """The last value on the way to `limit` at which nothing changes, by halves; none when it is the limit.

    A change that is undone further on is not seen, unless a step lands on it.
    """
    step = 1 if limit > value else -1
    good, reach = value, 1
    while good != limit:
        asked = good + step * reach
        asked = min(asked, limit) if step == 1 else max(asked, limit)
        if same(asked):
            good, reach = asked, reach * 2
        elif reach == 1:
            return good
        else:
            limit, reach = asked - step, 1
    return None if good in (max(1, value // REACH), value * REACH) else good


def rooms(articles: Sequence[Made]) -> Iterator[Room]:
    expected = result(articles)
    for name, value in parameters().items():

        def same(other: int, name: str = name) -> bool:
            with moved(name, other):
                return result(articles) == expected

        yield room(name, value, same)


def main() -> int:
    print("| number | value | no change down to | up to |\n|---|---|---|---|")
    for r in rooms(corpus_articles()):
        least, greatest = ("-" if v is None else v for v in (r.least, r.greatest))
        print(f"| `{r.name}` | {r.value} | {least} | {greatest} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
