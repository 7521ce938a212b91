"""Which fingerprints are boilerplate: words that several articles share which share nothing else.

In: pairs. Out: fingerprints that weigh nothing. A fingerprint is boilerplate when texts have it outside answers and
quotations and are either
- three strangers to each other: by pairs they share little of their length, nothing but what all three share, and the
  rest of their words is about different things; or
- a crowd: one text and CROWD others that share only one or two such passages with it, a small part of either,
  whatever they are about.
That is a statement about the set of texts alone; more texts can only make more boilerplate, so what is found once stays
until a text is withdrawn.

Not boilerplate by this: copies of one agency text (they share most of it), follow-ups that repeat an answer (spoken),
retellings of one event (their own words are kin). A newcomer needs two strangers, not a closed day or a host.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from libs.domain.fingerprints.grams import GUARANTEED_RUN_WORDS
from libs.domain.stories.grades import COPY_PER_MILLE, REWRITE_PER_MILLE
from libs.domain.stories.pairs import Pair

# Of the long words outside shared passages, two unrelated English news texts share 7.4 % of the smaller set (median;
# upper quartile 11 %), retellings of one interview 13 % and more (demo corpus). Strangers need to be found, not all
# recognised, so the bar is low.
STRANGER_KINSHIP_PER_MILLE = 100

# So many texts that each share little and nothing else with one text are no retellings of it, even if all are about one
# thing: a report that takes less than a quarter of its words out of an agency text is no rewrite by itself.
CROWD = 10
CROWD_PASSAGES = 2  # an outlet's word about itself, and its footer

PairsOf = Mapping[tuple[str, str], Pair]  # by text ids, the smaller id first
Witness = tuple[str, ...]  # the texts that show a fingerprint to be boilerplate


def key(one: str, other: str) -> tuple[str, str]:
    """How a pair of text ids is looked up."""
    return (one, other) if one < other else (other, one)


def strangers(pair: Pair) -> bool:
    """Whether the two texts could share boilerplate only: little of their length, and other subjects."""
    return (
        pair.kinship < STRANGER_KINSHIP_PER_MILLE
        and 1000 * pair.exact_words < COPY_PER_MILLE * pair.shorter_words
        and any(p.told for p in pair.prints)
    )


def aside(pair: Pair) -> bool:
    """Whether the two texts share only one or two passages of the narrative, less than a rewrite would."""
    long = [p for p in pair.passages if p.exact_words >= GUARANTEED_RUN_WORDS]
    return (
        1 <= len(long) <= CROWD_PASSAGES
        and 1000 * pair.exact_words < REWRITE_PER_MILLE * pair.shorter_words
        and _nothing_else(pair, _told(pair))
    )


def crowd_shown_by(text_id: str, pairs: Iterable[Pair], known: Collection[int]) -> dict[int, Witness]:
    """The fingerprints, not yet `known`, that a crowd of texts shares with this one; `pairs` are those of this text."""
    having: dict[int, set[str]] = {}
    for pair in pairs:
        if aside(pair):
            for value in _told(pair):
                having.setdefault(value, set()).add(pair.b if pair.a == text_id else pair.a)
    return {
        value: (text_id, *sorted(held)[:CROWD])
        for value, held in having.items()
        if len(held) >= CROWD and value not in known
    }


def boilerplate_shown_by(
    text_id: str, partners: Collection[str], pairs: PairsOf, known: Collection[int]
) -> dict[int, Witness]:
    """The fingerprints, not yet `known`, that this text shows to be boilerplate, with the three texts that show it.

    `pairs` has this text with each of `partners`, and all stranger pairs among the partners.
    """
    mine = {p: _told(pairs[key(text_id, p)]) for p in sorted(partners) if strangers(pairs[key(text_id, p)])}
    wanted = set().union(*mine.values()) - set(known) if mine else set()
    found: dict[int, Witness] = {}
    for one, other in _couples(mine, pairs):
        if len(found) == len(wanted):
            break
        kernel = mine[one] & mine[other] & _told(pairs[key(one, other)])
        fresh = (kernel & wanted) - found.keys()
        if fresh and all(
            _nothing_else(pairs[key(*couple)], kernel) for couple in ((text_id, one), (text_id, other), (one, other))
        ):
            found |= dict.fromkeys(fresh, (text_id, one, other))
    return found


def all_boilerplate(pairs: PairsOf) -> dict[int, Witness]:
    """The boilerplate of a whole set of texts, given all its pairs that share a fingerprint."""
    partners: dict[str, set[str]] = {}
    for one, other in pairs:
        partners.setdefault(one, set()).add(other)
        partners.setdefault(other, set()).add(one)
    found: dict[int, Witness] = {}
    for text_id in sorted(partners):
        found |= crowd_shown_by(text_id, [pairs[key(text_id, p)] for p in sorted(partners[text_id])], found)
        found |= boilerplate_shown_by(text_id, partners[text_id], pairs, found)
    return found


def _couples(partners: Iterable[str], pairs: PairsOf) -> Iterator[tuple[str, str]]:
    ordered = sorted(partners)
    for n, one in enumerate(ordered):
        for other in ordered[n + 1 :]:
            pair = pairs.get(key(one, other))
            if pair is not None and strangers(pair):
                yield one, other


def _told(pair: Pair) -> set[int]:
    return {p.hash for p in pair.prints if p.told}


def _nothing_else(pair: Pair, kernel: set[int]) -> bool:
    """Whether every passage long enough to have a fingerprint for certain has one of the kernel."""
    places = [p.at for p in pair.prints if p.hash in kernel]
    return all(
        any(passage.a[0] <= at < passage.a[1] for at in places)
        for passage in pair.passages
        if passage.exact_words >= GUARANTEED_RUN_WORDS
    )
