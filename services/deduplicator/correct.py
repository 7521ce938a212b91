"""The use case: an editor merges, splits, pins or withdraws, or takes such a decision back.

In: what is asked, with who and why. Out: the decision's number and everything that it changed. It is recorded and its
effect written in one transaction under the deduplicators' lock, so what it rests on cannot change meanwhile; every later
batch and every rebuild follow it. What makes no sense is refused, in words for the editor, and changes nothing.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.pipeline import Lane
from libs.domain.stories.corrections import CorrectionKind
from libs.domain.stories.records import Cause, Made, Subject, Touched
from services.deduplicator.ports import Book, Stories
from services.deduplicator.regroup import regroup
from services.deduplicator.stage import prepare
from services.deduplicator.weave import unweave, weave


class Refused(Exception):
    """The decision makes no sense as things stand; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision to make: about articles, for a merge also about whole `stories`. Names are ids."""

    kind: CorrectionKind
    articles: tuple[str, ...]
    who: str
    why: str
    trace_id: str  # 32 hex digits; stands on everything that it changes
    stories: tuple[str, ...] = ()
    erase: bool = False  # of a withdrawal: texts and bytes go too, and the pages are refused


@dataclass(frozen=True, slots=True)
class Revoking:
    """A decision to take back."""

    number: int
    who: str
    why: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of it: the articles that the decision names, and ids of what changed."""

    number: int
    kind: CorrectionKind
    articles: tuple[str, ...]
    apart: tuple[str, ...]
    touched: Touched
    blobs: tuple[str, ...] = ()  # sha256 of bytes that are to be removed


@dataclass(frozen=True, slots=True)
class _Sides:
    """What a decision will name."""

    articles: frozenset[str]
    apart: frozenset[str] = frozenset()


async def correct(stories: Stories, asked: Asked) -> Corrected:
    """Make a decision. Raises Refused."""
    async with stories.book() as book:
        if asked.erase:
            return await _erase(stories, book, asked)
        sides = await _CHECK[asked.kind](book, asked)
        number = await book.edits.make(asked.kind, sides.articles, sides.apart, asked.who, asked.why)
        cause = Cause(Lane.LIVE, asked.trace_id, None, number)
        if asked.kind is CorrectionKind.WITHDRAW:
            touched = await _withdraw(book, sides.articles, asked, cause)
        else:
            touched = await regroup(book, await _texts(book, sides), (), cause)
        return Corrected(number, asked.kind, tuple(sorted(sides.articles)), tuple(sorted(sides.apart)), touched)


async def revoke(stories: Stories, asked: Revoking) -> Corrected:
    """Take a decision back: things stand as if it had never been made. Raises Refused."""
    async with stories.book() as book:
        made = await book.edits.find(asked.number)
        if made is None:
            raise Refused(f"there is no correction {asked.number}")
        if made.revoked:
            raise Refused(f"correction {asked.number} was taken back before")
        if made.erased:
            raise Refused(f"correction {asked.number} erased what it withdrew: nothing is left to bring back")
        await book.edits.revoke(made.number, asked.who, asked.why)
        cause = Cause(Lane.LIVE, asked.trace_id, None, made.number)
        if made.kind is CorrectionKind.WITHDRAW:
            touched = await _readmit(stories, book, made, cause)
        else:
            sides = _Sides(frozenset(made.articles), frozenset(made.apart))
            touched = await regroup(book, await _texts(book, sides), (), cause)
        return Corrected(made.number, made.kind, made.articles, made.apart, touched)


async def _texts(book: Book, sides: _Sides) -> set[str]:
    return set((await book.carried(sides.articles | sides.apart)).values())


async def _withdraw(book: Book, article_ids: Collection[str], asked: Asked, cause: Cause) -> Touched:
    await book.edits.withdraw(article_ids, asked.who, asked.why, cause.trace_id)
    return await regroup(book, await unweave(book, article_ids), (), cause, released=article_ids)


async def _erase(stories: Stories, book: Book, asked: Asked) -> Corrected:
    """Withdraw what is not withdrawn yet, and remove every word of it. Said again it removes what came since."""
    _known(asked.articles, await book.edits.subjects(asked.articles))
    if await book.edits.whole_pages(asked.articles) != set(asked.articles):
        raise Refused("erasing is about a page with all its articles: name it without a segment")
    articles = frozenset(asked.articles)
    number = await book.edits.erased(articles)
    if number is None:
        number = await book.edits.make(CorrectionKind.WITHDRAW, articles, (), asked.who, asked.why)
    states = await stories.revisions(await book.edits.states(articles))
    texts = await asyncio.to_thread(lambda: {prepare(state).carrier.text_id for state in states.values()})
    await book.edits.withdraw(articles, asked.who, asked.why, asked.trace_id)
    cause = Cause(Lane.LIVE, asked.trace_id, None, number)
    touched = await regroup(book, await unweave(book, articles), (), cause, released=articles)
    blobs = await book.edits.erase(number, articles, texts)
    return Corrected(number, CorrectionKind.WITHDRAW, tuple(sorted(articles)), (), touched, blobs)


async def _readmit(stories: Stories, book: Book, made: Made, cause: Cause) -> Touched:
    """Bring articles back, but those that another decision keeps out."""
    others = await book.edits.standing(CorrectionKind.WITHDRAW, made.articles)
    back = [a for a in made.articles if a not in others]
    revisions = await stories.revisions(await book.edits.readmit(back))
    prepared = await asyncio.to_thread(lambda: [prepare(revisions[i]) for i in sorted(revisions)])
    if not prepared:
        return Touched()
    dirty = await weave(book, [p.carrier for p in prepared], [p.text for p in prepared])
    touched = await regroup(book, dirty, back, cause)
    await book.record({revision_id: Touched() for revision_id in revisions})
    return touched


# --- what makes sense


async def _merge(book: Book, asked: Asked) -> _Sides:
    named = await _subjects(book, asked.articles)
    found = {*asked.stories, *(s.story_id for s in named.values() if s.story_id)}
    members = await book.edits.members(found)
    if missing := sorted(found - members.keys()):
        raise Refused(f"nothing is in story {missing[0]} any more")
    if len(members) < 2:
        raise Refused("these are one story already; name articles or stories of two")
    return _Sides(frozenset(a for held in members.values() for a in held))


async def _split(book: Book, asked: Asked) -> _Sides:
    named = await _subjects(book, asked.articles)
    within = {s.story_id or "" for s in named.values()}
    if len(within) > 1:
        raise Refused(f"they are in {len(within)} stories; a split is about the articles of one")
    members = set((await book.edits.members(within)).get(next(iter(within)), ()))
    stay = members - named.keys()
    if not stay:
        raise Refused("these are all the articles of their story; name those that are to leave it")
    subjects = await book.edits.subjects(stay)
    equal = {s.text_id: s for s in subjects.values()}
    for one in named.values():
        if (other := equal.get(one.text_id)) is not None:
            raise Refused(f"{one.key} and {other.key} have the same words and cannot be two stories; name both")
    return _Sides(frozenset(named), frozenset(stay))


async def _pin(book: Book, asked: Asked) -> _Sides:
    named = await _subjects(book, asked.articles)
    if len(named) != 1:
        raise Refused(f"{len(named)} articles are named; a story has one lead")
    (one,) = named.values()
    if one.gone:
        raise Refused(f"{one.key} is gone from its site and cannot lead")
    if one.lead and await book.edits.standing(CorrectionKind.PIN, named):
        raise Refused(f"{one.key} is pinned as the lead of its story already")
    return _Sides(frozenset(named))


async def _out(book: Book, asked: Asked) -> _Sides:
    found = await book.edits.subjects(asked.articles)
    _known(asked.articles, found)
    left = frozenset(i for i, s in found.items() if not s.withdrawn)
    if not left:
        raise Refused(f"{_keys(found.values())} was withdrawn before")
    return _Sides(left)


_CHECK = {
    CorrectionKind.MERGE: _merge,
    CorrectionKind.SPLIT: _split,
    CorrectionKind.PIN: _pin,
    CorrectionKind.WITHDRAW: _out,
}


async def _subjects(book: Book, article_ids: Sequence[str]) -> dict[str, Subject]:
    """The articles that are named, all of which stand in a story."""
    found = await book.edits.subjects(article_ids)
    _known(article_ids, found)
    for one in found.values():
        if one.withdrawn:
            raise Refused(f"{one.key} is withdrawn")
        if one.story_id is None or one.text_id is None:
            raise Refused(f"{one.key} is not judged yet: `newsfold wait` waits for it")
    return found


def _known(article_ids: Sequence[str], found: Mapping[str, Subject]) -> None:
    if missing := sorted(set(article_ids) - found.keys()):
        raise Refused(f"there is no article {missing[0]}")


def _keys(subjects: Collection[Subject]) -> str:
    return ", ".join(sorted(s.key for s in subjects))
