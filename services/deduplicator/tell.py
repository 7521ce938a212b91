"""Which texts may tell of one interview though they share no words: by what they say of it, or by what their sentences mean.

In: texts whose carriers or verdicts changed. Out: the texts whose links changed by that. Grouping decides what becomes
of such a link; here it is only kept or dropped.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from libs.domain.stories.boilerplate import key
from libs.domain.stories.grades import Grade
from libs.domain.stories.identity import Identity, identity_of
from libs.domain.stories.links import Link
from libs.domain.stories.meaning import Share
from libs.domain.stories.meant import meant_shares
from libs.domain.stories.pairs import Pair
from libs.domain.stories.persons import person_keys
from libs.domain.stories.records import StoredLink
from libs.domain.stories.retold import may_be_one_interview
from libs.domain.stories.texts import Text, longer_first
from services.deduplicator.ports import Book

PairKey = tuple[str, str]


async def tell(book: Book, text_ids: Collection[str]) -> set[str]:
    """Bring up to date who may tell of the same interview as these texts."""
    mine = {i: identity_of(held) for i, held in (await book.carriers(text_ids)).items()}
    keys = {i: person_keys(x.interviewees) if x.in_focus and x.outlets else frozenset() for i, x in mine.items()}
    await book.tell({i: (keys[i], x.published) for i, x in mine.items()})
    candidates = await _candidates(book, {i: x for i, x in mine.items() if keys[i]})
    shares = await _meant(book, mine)
    wanted = await _pairs(book, candidates | shares.keys())
    old = {(s.link.a, s.link.b): s for s in await book.candidates_of(text_ids)}
    by_words = {(s.link.a, s.link.b): s for s in await book.links_between(wanted.keys() - old.keys())}
    now = {k: (key(*k) in candidates, shares.get(key(*k))) for k in wanted}
    begun = [
        replace(old.get(k) or by_words.get(k) or unlinked(pair), candidate=now[k][0], share=now[k][1])
        for k, pair in wanted.items()
        if k not in old or (old[k].candidate, old[k].share) != now[k]
    ]
    ended = [replace(s, candidate=False, share=None) for k, s in old.items() if k not in wanted]
    await book.put_links([s for s in ended if s.pair.passages] + begun)
    await book.drop_links([(s.link.a, s.link.b) for s in ended if not s.pair.passages])
    return {i for s in ended + begun for i in (s.link.a, s.link.b)}


def unlinked(pair: Pair) -> StoredLink:
    """A pair that nothing links so far, neither words nor anything else."""
    return StoredLink(Link(pair.a, pair.b, Grade(None, 0, 0, 0, 0, ()), pair), pair, candidate=False)


async def _candidates(book: Book, mine: Mapping[str, Identity]) -> set[PairKey]:
    """Pairs of these texts with any live text that may be one interview by what both say of it."""
    like = await book.told_like(mine)
    others = {i for found in like.values() for i in found}
    identities = {i: identity_of(held) for i, held in (await book.carriers(others)).items()} | dict(mine)
    return {
        key(one, other)
        for one, found in like.items()
        for other in found - {one}
        if may_be_one_interview(mine[one], identities[other])
    }


async def _meant(book: Book, mine: Mapping[str, Identity]) -> dict[PairKey, Share]:
    """Pairs of these texts with any live text for which meaning speaks."""
    verdicts = await book.hearing.verdicts(mine)
    if not verdicts.shares:
        return {}
    others = {i for k in verdicts.shares for i in k} - mine.keys()
    identities = {i: identity_of(held) for i, held in (await book.carriers(others)).items()} | dict(mine)
    return meant_shares(identities, verdicts)


async def _pairs(book: Book, wanted: Collection[PairKey]) -> dict[PairKey, Pair]:
    """The pairs as links have them, the longer text first."""
    texts = await book.texts({i for couple in wanted for i in couple})
    pairs = (_wordless(texts[one].text, texts[other].text) for one, other in sorted(wanted))
    return {(p.a, p.b): p for p in pairs}


def _wordless(one: Text, other: Text) -> Pair:
    """A pair of texts that are not compared word by word."""
    a, b = longer_first(one, other)
    return Pair(a.text_id, b.text_id, len(a), len(b), (), (), (), 1000)
