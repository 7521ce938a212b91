"""Groups anew what a batch touched, and writes where every article stands: the second half of the work under the lock.

In: texts whose links, carriers or stories changed. Out: the articles and stories that changed. Only the connected parts
that hold one of them are looked at; grouping itself is the pure function of `libs.domain.stories`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from libs.domain.stories.corrections import decided
from libs.domain.stories.fold import with_identity
from libs.domain.stories.grades import LinkType
from libs.domain.stories.grouping import group
from libs.domain.stories.identity import Identity, identity_of
from libs.domain.stories.links import Link, settled
from libs.domain.stories.meant import meaning_links
from libs.domain.stories.membership import Story, quoted_stories, story_of
from libs.domain.stories.records import Cause, Placing, Standing, Touched
from libs.domain.stories.retold import identity_links
from libs.domain.stories.texts import Article
from services.deduplicator.ports import Book, Tally


@dataclass(frozen=True, slots=True)
class Judged:
    """The stories of the connected parts, and the story of every text in and beside them."""

    stories: tuple[Story, ...]
    story_of_text: Mapping[str, str]
    links: tuple[Link, ...]  # inside and across, as settled


async def regroup(
    book: Book,
    dirty: Collection[str],
    renewed: Collection[str],
    cause: Cause,
    tally: Tally | None = None,
    *,
    released: Collection[str] = (),
) -> Touched:
    """Judge the stories of `dirty` texts anew; `renewed` articles have a new text, `released` ones stand nowhere now."""
    inside = await _connected(book, set(dirty) | await book.story_mates(dirty))
    carriers = _current(await book.carriers(inside))
    stored = await book.standing(carriers)
    beside = {i for s in stored for i in (s.link.a, s.link.b)} - carriers.keys()
    others = _current(await book.carriers(beside))
    before = await book.placings([*carriers, *others])
    others = {i: held for i, held in others.items() if all(a.article_id in before for a in held)}
    stored = [s for s in stored if all(i in carriers or i in others for i in (s.link.a, s.link.b))]
    identities = {i: identity_of(held) for i, held in {**carriers, **others}.items()}
    outer = {i: before[held[0].article_id].story_id or "" for i, held in others.items()}
    judged = await _judge(book, carriers, identities, stored, outer)
    types = _changed_types(stored, judged)
    await book.set_types(types)
    if tally:
        tally.links.update(x.type for x in types.values() if x.type)
    changed = {s.story_id for s in judged.stories} | {
        before[a.article_id].story_id for held in carriers.values() for a in held if a.article_id in before
    }
    placings = await _placings(book, {**carriers, **others}, judged, identities, before, changed)
    placings += [Placing(article_id, None, False, (), ()) for article_id in sorted(released)]
    leads = {s.story_id: s.lead for s in judged.stories}
    return await book.place(placings, renewed, leads, cause, _successors(carriers, judged, before))


def _successors(
    carriers: Mapping[str, Sequence[Article]], judged: Judged, before: Mapping[str, Placing]
) -> dict[str, str]:
    """For each story so far, the one in which the first of its articles stands now."""
    ranked = sorted((a.rank, a.article_id, judged.story_of_text[i]) for i, held in carriers.items() for a in held)
    found: dict[str, str] = {}
    for _, article_id, story_id in ranked:
        if article_id in before and (old := before[article_id].story_id) is not None:
            found.setdefault(old, story_id)
    return found


def _current(carriers: Mapping[str, list[Article]]) -> dict[str, list[Article]]:
    """The texts that some article carries which is not withdrawn."""
    return {text_id: held for text_id, held in carriers.items() if held}


def _changed_types(stored: Sequence[Standing], judged: Judged) -> dict[tuple[str, str], Link]:
    """The links whose type or reasons are not yet as they stand after grouping."""
    now = {(s.link.a, s.link.b): s.link for s in stored} | {(x.a, x.b): x for x in judged.links}
    was = {(s.link.a, s.link.b): s.now for s in stored}
    return {k: x for k, x in now.items() if (x.type, x.grade.reasons) != was[k]}


async def _connected(book: Book, seeds: Collection[str]) -> set[str]:
    """Everything that joining links, candidates for identity, verdicts or merges connect with the seeds."""
    found, edge = set(seeds), set(seeds)
    while edge:
        edge = await book.joined_to(edge) - found
        found |= edge
    return found


async def _judge(
    book: Book,
    carriers: Mapping[str, Sequence[Article]],
    identities: Mapping[str, Identity],
    stored: Sequence[Standing],
    outer: Mapping[str, str],
) -> Judged:
    inner = [s for s in stored if s.link.a in carriers and s.link.b in carriers]
    by_words = [s.link for s in inner if s.worded]
    candidates = {(s.link.a, s.link.b) for s in inner if s.candidate}
    mine = {text_id: identities[text_id] for text_id in carriers}
    text_of = {a.article_id: text_id for text_id, held in carriers.items() for a in held}
    editors = decided(await book.corrections(carriers), text_of)
    shares = {(s.link.a, s.link.b): s.share for s in inner if s.share}
    links = with_identity(by_words, identity_links(mine, by_words, candidates, editors))
    links = with_identity(links, meaning_links(mine, links, shares, editors))
    texts = await book.lengths(carriers)
    stories = tuple(story_of(g, carriers, texts, editors.pins) for g in group(mine, links, editors))
    story_of_text = {text_of[article_id]: s.story_id for s in stories for article_id in s.members}
    across = [s.link for s in stored if s.link.a in outer or s.link.b in outer]
    separated = editors.separated(story_of_text)
    now = [settled(x, story_of_text, separated) for x in links]
    return Judged(stories, {**outer, **story_of_text}, tuple(now + across))


async def _placings(
    book: Book,
    carriers: Mapping[str, Sequence[Article]],
    judged: Judged,
    identities: Mapping[str, Identity],
    before: Mapping[str, Placing],
    changed: Collection[str | None],
) -> list[Placing]:
    """Where the articles inside stand, and what changes for those beside that quote or are quoted."""
    quoted = quoted_stories(judged.links, judged.story_of_text, identities)
    leads = {s.lead for s in judged.stories}
    inside = {article_id for s in judged.stories for article_id in s.members}
    types = await book.link_types(carriers)
    placings = []
    for text_id, held in carriers.items():
        for article in held:
            mine = set(quoted.get(text_id, ()))
            if article.article_id not in inside:
                mine |= set(before[article.article_id].quoted_stories) - set(changed)
            copies = {LinkType.COPY.value} if len(held) > 1 else set()
            placings.append(
                Placing(
                    article.article_id,
                    judged.story_of_text[text_id],
                    article.article_id in leads
                    or (article.article_id not in inside and before[article.article_id].lead),
                    tuple(sorted(mine)),
                    tuple(sorted(types[text_id] | copies)),
                )
            )
    return placings
