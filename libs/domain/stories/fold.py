"""The whole judgement over a set of articles, in memory and from scratch: what the deduplicator must arrive at.

It composes the same functions as the stage and is its reference in tests; it compares every two texts that share a
fingerprint and keeps nothing, so it is for thousands of articles, not for an archive.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from libs.domain.stories.boilerplate import PairsOf, all_boilerplate, key
from libs.domain.stories.corrections import Correction, decided, withdrawn
from libs.domain.stories.grades import dull_words
from libs.domain.stories.grouping import group
from libs.domain.stories.identity import Identity, identity_of
from libs.domain.stories.links import Link, link, settled
from libs.domain.stories.meaning import Share
from libs.domain.stories.meant import NO_VERDICTS, PairKey, Verdicts, meaning_links, meant_shares, oriented
from libs.domain.stories.membership import Story, quoted_stories, story_of
from libs.domain.stories.pairs import compare
from libs.domain.stories.retold import identity_links, may_be_one_interview
from libs.domain.stories.texts import Article, Marked, Text, longer_first, mark


@dataclass(frozen=True, slots=True)
class Folded:
    """Stories by id, links of texts, the stories that each article quotes, and the texts' carriers."""

    stories: Mapping[str, Story]
    links: tuple[Link, ...]
    quoted: Mapping[str, tuple[str, ...]]  # by article id
    text_of: Mapping[str, str]  # article id to text id
    boilerplate: frozenset[int]


def fold(
    documents: Iterable[tuple[Article, Text]],
    corrections: Sequence[Correction] = (),
    verdicts: Verdicts = NO_VERDICTS,
) -> Folded:
    """Group articles into stories. The result is the same for every order of `documents` and `corrections`."""
    carriers: dict[str, list[Article]] = {}
    texts: dict[str, Text] = {}
    out = withdrawn(corrections)
    for article, text in documents:
        if article.article_id in out:
            continue
        texts[text.text_id] = text
        carriers.setdefault(text.text_id, []).append(article)
    marks = {text_id: mark(text) for text_id, text in texts.items()}
    pairs = _all_pairs(texts, marks)
    boilerplate = frozenset(all_boilerplate(pairs))
    identities = {text_id: identity_of(articles) for text_id, articles in carriers.items()}
    links = _links(pairs, marks, boilerplate)
    text_of = {a.article_id: text_id for text_id, articles in carriers.items() for a in articles}
    editors = decided(corrections, text_of)
    links = with_identity(links, identity_links(identities, links, _candidates(texts, identities), editors))
    links = with_identity(links, meaning_links(identities, links, _meant(texts, identities, verdicts), editors))
    lengths = {text_id: len(text) for text_id, text in texts.items()}
    stories = [story_of(g, carriers, lengths, editors.pins) for g in group(identities, links, editors)]
    story_of_text = {text_of[article_id]: s.story_id for s in stories for article_id in s.members}
    separated = editors.separated(story_of_text)
    links = [settled(x, story_of_text, separated) for x in links]
    quoted = quoted_stories(links, story_of_text, identities)
    return Folded(
        {s.story_id: s for s in stories},
        tuple(sorted(links, key=lambda x: (x.a, x.b))),
        {article_id: tuple(sorted(quoted.get(text_id, ()))) for article_id, text_id in text_of.items()},
        text_of,
        boilerplate,
    )


def _all_pairs(texts: Mapping[str, Text], marks: dict[str, Marked]) -> PairsOf:
    having: dict[int, list[str]] = {}
    for text_id, marked in marks.items():
        for value in marked.hashes.tolist():
            having.setdefault(value, []).append(text_id)
    wanted = {key(*couple) for having_it in having.values() for couple in combinations(having_it, 2)}
    return {(a, b): compare(texts[a], texts[b], marks) for a, b in sorted(wanted)}


def with_identity(by_words: Iterable[Link], by_identity: Iterable[Link]) -> list[Link]:
    """All links of a set, one for each pair: identity, also by meaning, takes the place of words."""
    return list(({(x.a, x.b): x for x in by_words} | {(x.a, x.b): x for x in by_identity}).values())


def _candidates(texts: Mapping[str, Text], identities: Mapping[str, Identity]) -> set[tuple[str, str]]:
    told = sorted(text_id for text_id, identity in identities.items() if identity.in_focus and identity.outlets)
    couples = (c for c in combinations(told, 2) if may_be_one_interview(identities[c[0]], identities[c[1]]))
    ordered = (longer_first(texts[one], texts[other]) for one, other in couples)
    return {(a.text_id, b.text_id) for a, b in ordered}


def _meant(texts: Mapping[str, Text], identities: Mapping[str, Identity], verdicts: Verdicts) -> dict[PairKey, Share]:
    shares = meant_shares(identities, verdicts)
    ordered = (longer_first(texts[one], texts[other]) for one, other in shares)
    return oriented(shares, ((a.text_id, b.text_id) for a, b in ordered))


def _links(pairs: PairsOf, marks: Mapping[str, Marked], boilerplate: frozenset[int]) -> list[Link]:
    dull = {text_id: dull_in(marked, boilerplate) for text_id, marked in marks.items()}
    found = (link(p, boilerplate, dull_a=dull[p.a], dull_b=dull[p.b]) for p in pairs.values())
    return [x for x in found if x is not None]


def dull_in(marked: Marked, boilerplate: frozenset[int] | set[int]) -> int:
    """How many words of a text are boilerplate."""
    at: Sequence[int] = marked.positions.tolist()
    return dull_words(p for p, value in zip(at, marked.hashes.tolist(), strict=True) if value in boilerplate)
