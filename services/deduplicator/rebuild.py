"""Makes everything that the deduplicator derives anew from the current revisions. Same ids, nothing announced twice.

It holds the deduplicators' lock until it is done; they wait. Only articles and stories whose place differs from what
was recorded get a higher projection number, for the reconciler to send on.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from libs.contracts.pipeline import Lane
from libs.domain.stories.records import Cause, Revision
from services.deduplicator.ports import Book, Stories
from services.deduplicator.regroup import regroup
from services.deduplicator.stage import Prepared, prepare
from services.deduplicator.weave import weave

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`changed` articles stand elsewhere than before; the records of `restored` stories were not what follows."""

    changed: int
    restored: int


async def rebuild(stories: Stories) -> Rebuilt:
    """Judge the whole set anew."""
    cause = Cause(Lane.REPLAY, "0" * 32, None)
    async with stories.book() as book:
        revision_ids = await book.all_current()
        await book.clear()
        texts: set[str] = set()
        for at in range(0, len(revision_ids), AT_ONCE):
            known = await stories.revisions(revision_ids[at : at + AT_ONCE])
            made = await asyncio.to_thread(_prepared, known)
            texts |= await weave(book, [p.carrier for p in made], [p.text for p in made])
        changed = await _release(book, cause)
        ordered = sorted(texts)
        for at in range(0, len(ordered), AT_ONCE):
            changed += len((await regroup(book, ordered[at : at + AT_ONCE], (), cause)).articles)
        return Rebuilt(changed, await book.restore_stories(cause))


async def _release(book: Book, cause: Cause) -> int:
    """Take withdrawn articles out of the stories in which they still stand; answer how many articles that changed."""
    released = await book.misplaced()
    left = {s.story_id for s in (await book.edits.subjects(released)).values() if s.story_id}
    fellows = [a for held in (await book.edits.members(left)).values() for a in held]
    texts = set((await book.carried(fellows)).values())
    return len((await regroup(book, texts, (), cause, released=released)).articles)


def _prepared(revisions: Mapping[str, Revision]) -> list[Prepared]:
    return [prepare(revisions[i]) for i in sorted(revisions)]
