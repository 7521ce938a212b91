"""Groups of texts to stories: ids, leads, and which stories a text quotes without retelling them.

In: articles by the text they carry, groups, links. Out: values only; nothing depends on order or on earlier results.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from libs.domain.stories.grades import LinkType
from libs.domain.stories.grouping import Group
from libs.domain.stories.identity import Identity
from libs.domain.stories.leads import lead_of
from libs.domain.stories.links import Link
from libs.domain.stories.texts import Article


@dataclass(frozen=True, slots=True)
class Story:
    """`members` are article ids, first published first."""

    story_id: str
    lead: str
    members: tuple[str, ...]


def founding_id(url: str, segment: str) -> str:
    """The id of the story whose first member is the article with this URL and segment: 32 hex digits."""
    return hashlib.sha256(f"story\n{url}\n{segment}".encode()).hexdigest()[:32]


def story_of(
    group: Group,
    carriers: Mapping[str, Sequence[Article]],
    words: Mapping[str, int],
    pins: Mapping[str, int] = MappingProxyType({}),
) -> Story:
    """The story of the articles that carry the texts of `group`.

    `words` is the length of each text, `pins` as in `lead_of`.
    """
    articles = sorted((a for text_id in group for a in carriers[text_id]), key=lambda a: a.rank)
    length = {a.article_id: words[text_id] for text_id in group for a in carriers[text_id]}
    lead = lead_of(articles, length, pins)
    return Story(
        founding_id(articles[0].url, articles[0].segment), lead.article_id, tuple(a.article_id for a in articles)
    )


def quoted_stories(
    links: Iterable[Link], story_of_text: Mapping[str, str], identities: Mapping[str, Identity]
) -> dict[str, set[str]]:
    """For each text, the stories that it quotes: those on the source's side of its `quotes` links.

    Between two stories the source is the one among whose linked texts the interview is printed, else the one that has
    the earlier of them. Without a time on either side nothing is said.
    """
    between: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        one, other = story_of_text[link.a], story_of_text[link.b]
        if link.type is LinkType.QUOTES and one != other:
            between.setdefault((min(one, other), max(one, other)), []).append(link)
    quoted: dict[str, set[str]] = {}
    for couple, quotes in between.items():
        source = _source(couple, quotes, story_of_text, identities)
        for text_id in {t for link in quotes for t in (link.a, link.b)}:
            if source is not None and story_of_text[text_id] != source:
                quoted.setdefault(text_id, set()).add(source)
    return quoted


def _source(
    couple: tuple[str, str],
    quotes: Sequence[Link],
    story_of_text: Mapping[str, str],
    identities: Mapping[str, Identity],
) -> str | None:
    sides = {
        story: [identities[t] for x in quotes for t in (x.a, x.b) if story_of_text[t] == story] for story in couple
    }
    holds = {story: any(i.holds_interview for i in side) for story, side in sides.items()}
    if holds[couple[0]] != holds[couple[1]]:
        return max(couple, key=lambda story: holds[story])
    first = {story: min(i.published for i in side) for story, side in sides.items()}
    return None if first[couple[0]] == first[couple[1]] else min(couple, key=lambda story: first[story])
