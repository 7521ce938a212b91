"""Changes the set of texts and makes its links agree with it: the first half of the work under the lock.

In: what a batch of revisions carries now. Out: the texts whose stories must be judged anew. After it the links are what
`libs.domain.stories.fold` would find for the whole set, though only what the batch touches was looked at.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from libs.domain.fingerprints.grams import contains, gram_set
from libs.domain.stories.boilerplate import (
    CROWD,
    Witness,
    all_boilerplate,
    aside,
    boilerplate_shown_by,
    crowd_shown_by,
    key,
    strangers,
)
from libs.domain.stories.grades import dull_words
from libs.domain.stories.links import link
from libs.domain.stories.pairs import Pair, compare
from libs.domain.stories.records import Carrier, StoredLink, StoredText
from libs.domain.stories.texts import Marked
from services.deduplicator.ports import Book, Tally
from services.deduplicator.tell import tell, unlinked

PairKey = tuple[str, str]
# How many texts of a fingerprint are looked at for new witnesses, when an old one is withdrawn; then ever more.
WITNESS_SAMPLE = 6


async def weave(
    book: Book, carriers: Sequence[Carrier], made: Sequence[StoredText], tally: Tally | None = None
) -> set[str]:
    """Register what articles carry, take out what nobody carries any more, and bring all links up to date."""
    before = await book.carried({c.article_id for c in carriers})
    await book.carry(carriers)
    carried = {c.text_id for c in carriers}
    old = set(before.values())
    left, changed = await _abandoned(book, old)
    dirty = carried | old | changed
    live = await book.live(carried)
    fresh = {t.text.text_id: t for t in made if t.text.text_id not in live}
    dirty |= await _add(book, [fresh[text_id] for text_id in sorted(fresh)], tally or Tally())
    dirty |= await tell(book, (carried | old) - left)
    await book.hearing.want((carried | old) - left)
    return dirty - left


async def unweave(book: Book, article_ids: Collection[str]) -> set[str]:
    """Take out what withdrawn articles carry; answers as `weave` does, with all that stood in a story with them."""
    old = set((await book.carried(article_ids)).values())
    mates = await book.story_mates(old)
    await book.uncarry(article_ids)
    left, changed = await _abandoned(book, old)
    told = await tell(book, old - left)
    await book.hearing.want(old - left)
    return (old | mates | changed | told) - left


async def _abandoned(book: Book, text_ids: Collection[str]) -> tuple[set[str], set[str]]:
    """Take out those of these texts that nobody carries any more; answer them, and the texts that this changed."""
    left = set(text_ids) - {text_id for text_id, held in (await book.carriers(text_ids)).items() if held}
    return left, await _retire(book, left)


async def _add(book: Book, fresh: Sequence[StoredText], tally: Tally) -> set[str]:
    """Put new texts into the set with their links; judge boilerplate."""
    if not fresh:
        return set()
    prints = {value for t in fresh for value in t.marked.hashes.tolist()}
    known = await book.boilerplate(prints)
    having = await book.having(prints - known.keys())
    fresh = [replace(t, dull_words=_dull(t.marked, known)) for t in fresh]
    await book.add_texts(fresh)
    pairs = await _compare(book, _pairs_of(fresh, having, known), fresh)
    tally.compared += len(pairs)
    found = await _new_boilerplate(book, fresh, pairs, known)
    await book.put_boilerplate(found)
    changed = await _grade_anew(book, await _set_dull(book, found))
    by_key = {(p.a, p.b): p for p in pairs.values()}
    return changed | await _grade(book, by_key, {})


def _pairs_of(
    fresh: Sequence[StoredText], having: Mapping[int, Collection[str]], dull: Collection[int]
) -> set[PairKey]:
    """Every two texts that share a fingerprint outside `dull`, at least one of them new.

    `having` has the texts that were there before.
    """
    hashes = np.concatenate([t.marked.hashes for t in fresh])
    owners = np.repeat(np.arange(len(fresh)), [len(t.marked.hashes) for t in fresh])
    distinct, counts = np.unique(hashes, return_counts=True)
    met = np.union1d(distinct[counts > 1], gram_set(having))
    new: dict[int, list[str]] = {}
    for n in np.flatnonzero(contains(met, hashes)).tolist():
        new.setdefault(int(hashes[n]), []).append(fresh[owners[n]].text.text_id)
    pairs: set[PairKey] = set()
    for value, mine in new.items():
        if value in dull:
            continue
        pairs.update(key(one, other) for one in mine for other in having.get(value, ()))
        pairs.update(key(*couple) for couple in combinations(mine, 2))
    return pairs


async def _compare(book: Book, wanted: Collection[PairKey], fresh: Iterable[StoredText]) -> dict[PairKey, Pair]:
    """Compare pairs word by word; texts that are not in hand are read."""
    at_hand = {t.text.text_id: t for t in fresh}
    missing = {text_id for couple in wanted for text_id in couple} - at_hand.keys()
    at_hand |= await book.texts(missing)
    marks = {text_id: t.marked for text_id, t in at_hand.items()}
    return await asyncio.to_thread(
        lambda: {(a, b): compare(at_hand[a].text, at_hand[b].text, marks) for a, b in sorted(wanted)}
    )


async def _new_boilerplate(
    book: Book, fresh: Sequence[StoredText], pairs: Mapping[PairKey, Pair], known: Mapping[int, Witness]
) -> dict[int, Witness]:
    found = await _crowds(book, pairs, known)
    partners: dict[str, set[str]] = {}
    for (one, other), pair in pairs.items():
        if strangers(pair):
            partners.setdefault(one, set()).add(other)
            partners.setdefault(other, set()).add(one)
    met = {t.text.text_id: partners[t.text.text_id] for t in fresh if len(partners.get(t.text.text_id, ())) >= 2}
    among = {key(p.a, p.b): p for p in await book.strangers_among(set().union(*met.values()))} | dict(pairs)
    for text_id, mine in met.items():
        found |= boilerplate_shown_by(text_id, mine, among, known.keys() | found.keys())
    return found


async def _crowds(book: Book, pairs: Mapping[PairKey, Pair], known: Mapping[int, Witness]) -> dict[int, Witness]:
    """Crowds around new texts and around those that they share something with."""
    of_text: dict[str, dict[PairKey, Pair]] = {}
    for k, pair in pairs.items():
        if aside(pair):
            for text_id in k:
                of_text.setdefault(text_id, {})[k] = pair
    for pair in await book.asides_of({text_id: CROWD - len(held) for text_id, held in of_text.items()}):
        for text_id in of_text.keys() & {pair.a, pair.b}:
            of_text[text_id].setdefault(key(pair.a, pair.b), pair)
    found: dict[int, Witness] = {}
    for text_id in sorted(of_text):
        found |= crowd_shown_by(text_id, of_text[text_id].values(), known.keys() | found.keys())
    return found


async def _set_dull(book: Book, changed: Collection[int]) -> set[str]:
    """Count the boilerplate words of every text that has one of these fingerprints; answer those texts."""
    if not changed:
        return set()
    having = await book.having(changed)
    texts = await book.texts(set().union(*having.values()))
    known = await book.boilerplate({value for t in texts.values() for value in t.marked.hashes.tolist()})
    await book.set_dull({text_id: _dull(t.marked, known) for text_id, t in texts.items()})
    return set(texts)


def _dull(marked: Marked, boilerplate: Collection[int]) -> int:
    if not boilerplate:
        return 0
    places = zip(marked.positions.tolist(), marked.hashes.tolist(), strict=True)
    return dull_words(at for at, value in places if value in boilerplate)


async def _grade_anew(book: Book, text_ids: Collection[str]) -> set[str]:
    """Grade all links of these texts again, as they have more or less boilerplate than before."""
    old = {(s.link.a, s.link.b): s for s in await book.links(text_ids) if s.pair.passages}
    return await _grade(book, {k: s.pair for k, s in old.items()}, old)


async def _grade(book: Book, pairs: Mapping[PairKey, Pair], old: Mapping[PairKey, StoredLink]) -> set[str]:
    """Write the links of these pairs; answer the texts whose links changed in what stories are made of."""
    if not pairs:
        return set()
    dull = await book.dull({i for k in pairs for i in k})
    known = await book.boilerplate({p.hash for pair in pairs.values() for p in pair.prints})
    graded = {k: link(p, known, dull_a=dull[p.a], dull_b=dull[p.b]) for k, p in sorted(pairs.items())}
    await book.drop_links([k for k, made in graded.items() if made is None and k in old and not old[k].wordless])
    await book.put_links(
        [
            replace(old.get(k) or unlinked(pairs[k]), link=made or unlinked(pairs[k]).link, pair=pairs[k])
            for k, made in graded.items()
            if made is not None or (k in old and old[k].wordless)
        ]
    )
    return {
        text_id
        for k, made in graded.items()
        if (made and made.type) or (k in old and old[k].link.type) or k in old
        for text_id in k
    }


async def _retire(book: Book, text_ids: Collection[str]) -> set[str]:
    """Take texts out; boilerplate that only they showed becomes plain words again."""
    if not text_ids:
        return set()
    ends = {text_id for s in await book.links(text_ids) for text_id in (s.link.a, s.link.b)}
    gone = await book.texts(text_ids)
    await book.retire(text_ids)
    known = await book.boilerplate({value for t in gone.values() for value in t.marked.hashes.tolist()})
    orphans = {value for value, witness in known.items() if set(witness) & set(text_ids)}
    return (ends | await _judge_again(book, orphans)) - set(text_ids)


async def _judge_again(book: Book, hashes: Collection[int]) -> set[str]:
    """Look for other witnesses of boilerplate; what has none is not boilerplate any more."""
    if not hashes:
        return set()
    having = await book.having(hashes)
    found: dict[int, Witness] = {}
    sample, left = WITNESS_SAMPLE, set(hashes)
    while left:
        held = {value: sorted(having.get(value, ()))[:sample] for value in left}
        wanted = {key(*couple) for texts in held.values() for couple in combinations(texts, 2)}
        shown = all_boilerplate(await _compare(book, wanted, ()))
        found |= {value: shown[value] for value in left & shown.keys()}
        left = {value for value in left - found.keys() if len(having.get(value, ())) > sample}
        sample *= 2
    await book.put_boilerplate(found)
    plain = set(hashes) - found.keys()
    await book.drop_boilerplate(plain)
    if not plain:
        return set()
    pairs = await _compare(
        book, {key(*c) for value in plain for c in combinations(sorted(having.get(value, ())), 2)}, ()
    )
    texts = await _set_dull(book, plain)
    changed = await _grade_anew(book, texts)
    by_key = {(p.a, p.b): p for p in pairs.values()}
    old = {(s.link.a, s.link.b): s for s in await book.links_between(by_key)}
    return changed | texts | await _grade(book, by_key, old)
