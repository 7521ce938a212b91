"""Made-up interviews and pieces that quote three answers: does each find its own interview, and no other?

    python -m benchmarks.quotations [--interviews 500] [--pieces 10000] [--seed 5]

A person gives four interviews to four outlets and says three lines of 6 to 11 words again and again in all of them; the
interviews of an outlet begin and end with the same formulas. A piece has three quotations of 20 to 60 words in any order,
with 0, 3, 8 or 15 % of their words edited, among 150 to 350 words of its own; every tenth has its outlet's background
paragraph. It says neither who was asked nor by whom. Everything goes through `fold`, the whole judgement. Printed for each share of edits:

- right first: the strongest link of the piece to an interview is to the one it quotes;
- joined: the piece is in the story of that interview;
- wrong story: the piece is in the story of another interview;
- wrong quotation: it has a link to another interview that joins nothing: both have 12 equal words of a line.

Bounds are Wilson's at 95 %. The same arguments give the same figures on every machine.
"""

import argparse
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from benchmarks.planted import Wording, made_up_vocabulary
from libs.domain.documents import ArticleKind, InterviewFacts, Quote, Turn
from libs.domain.stories.fold import Folded, fold
from libs.domain.stories.links import Link
from libs.domain.stories.texts import Article, Text, make_text

Document = tuple[Article, Text]

EDITS = (0.0, 0.03, 0.08, 0.15)
INTERVIEWS_OF_A_PERSON = 4
OUTLETS = 20
BOUND = 1.959964  # standard deviations of a two-sided 95 % interval


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece by its article id, the interview that it quotes, and the share of the quoted words that is edited."""

    article_id: str
    source: str
    edits: float


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the pieces with one share of edits."""

    edits: float
    pieces: int
    right_first: int
    joined: int
    wrong_story: int
    wrong_quotation: int


class Newspapers:
    """Makes interviews and pieces of made-up words."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._words = Wording(self._rng, made_up_vocabulary(self._rng))
        self._opening = [self._words(12) for _ in range(OUTLETS)]
        self._closing = [self._words(9) for _ in range(OUTLETS)]
        self._background = [self._words(40) for _ in range(OUTLETS)]
        self._numbers = count()

    def interviews(self, number: int) -> dict[str, tuple[Document, list[list[str]]]]:
        """Interviews with their answers, by article id."""
        made: dict[str, tuple[Document, list[list[str]]]] = {}
        for n in range(number):
            if n % INTERVIEWS_OF_A_PERSON == 0:
                lines = [self._words(self._rng.randint(6, 11)) for _ in range(3)]
            person = f"Person {n // INTERVIEWS_OF_A_PERSON}"
            answers = [self._answer(lines) for _ in range(self._rng.randint(12, 20))]
            made[f"interview{n}"] = self._interview(f"interview{n}", person, n % OUTLETS, answers), answers
        return made

    def _answer(self, lines: Sequence[Sequence[str]]) -> list[str]:
        words = self._words(self._rng.randint(40, 120))
        if self._rng.random() < 0.3:
            at = self._rng.randrange(len(words))
            words[at:at] = self._rng.choice(lines)
        return words

    def _interview(self, name: str, person: str, outlet: int, answers: Sequence[Sequence[str]]) -> Document:
        body, turns = "", []
        for n, answer in enumerate(answers):
            question = [*(self._opening[outlet] if n == 0 else ()), *self._words(15)]
            body += " ".join(question) + "\n\n"
            said = " ".join(answer)
            turns.append(Turn("answer", person, said, len(body), len(body) + len(said)))
            body += said + "\n\n"
        body += " ".join(self._closing[outlet])
        facts = InterviewFacts(person, (f"outlet{outlet}",), questions=len(answers))
        article = replace(_article(name, f"outlet{outlet}", day=1), kind=ArticleKind.INTERVIEW, facts=facts)
        return article, make_text(body, turns)

    def piece(self, name: str, answers: Sequence[Sequence[str]], edits: float) -> Document:
        """A piece with quotations out of three of `answers`."""
        said = [
            " ".join(self._words.edited(self._part(answer), edits)) for answer in self._rng.sample(list(answers), 3)
        ]
        own = self._words(self._rng.randint(150, 350))
        outlet = self._rng.randrange(OUTLETS)
        body, quotes = "", []
        for n, quotation in enumerate(said):
            body += " ".join(own[n * len(own) // 4 : (n + 1) * len(own) // 4]) + "\n\n"
            quotes.append(Quote(quotation, None, len(body), len(body) + len(quotation)))
            body += quotation + "\n\n"
        rest = [*own[3 * len(own) // 4 :], *(self._background[outlet] if next(self._numbers) % 10 == 0 else ())]
        return _article(name, f"outlet{outlet}", day=2), make_text(body + " ".join(rest), (), quotes)

    def _part(self, answer: Sequence[str]) -> Sequence[str]:
        size = min(len(answer), self._rng.randint(20, 60))
        start = self._rng.randint(0, len(answer) - size)
        return answer[start : start + size]


def _article(name: str, outlet: str, *, day: int) -> Article:
    url = f"https://{outlet}.example/{name}"
    return Article(name, url, "0", outlet, outlet, name, f"2024-05-{day:02}", "en")


def made_set(interviews: int, pieces: int, seed: int) -> tuple[list[Document], list[Piece]]:
    """All documents, and the pieces among them; every share of edits has as many."""
    newspapers = Newspapers(seed)
    sources = newspapers.interviews(interviews)
    names = list(sources)
    documents, told = [document for document, _ in sources.values()], []
    for n in range(pieces):
        piece = Piece(f"piece{n}", names[n % len(names)], EDITS[n * len(EDITS) // pieces])
        documents.append(newspapers.piece(piece.article_id, sources[piece.source][1], piece.edits))
        told.append(piece)
    return documents, told


def measure(interviews: int, pieces: int, seed: int) -> list[Found]:
    """Judge a set and count what became of its pieces, by the share of edits."""
    documents, told = made_set(interviews, pieces, seed)
    folded = fold(documents)
    to_interviews = _links_to_interviews(folded)
    home = {article_id: set(story.members) for story in folded.stories.values() for article_id in story.members}
    printed = {article.article_id for article, _ in documents if article.kind is ArticleKind.INTERVIEW}

    def result(edits: float) -> Found:
        mine = [p for p in told if p.edits == edits]
        first = sum(next(iter(to_interviews.get(p.article_id, {})), None) == p.source for p in mine)
        joined = sum(p.source in home[p.article_id] for p in mine)
        story = sum(bool((home[p.article_id] & printed) - {p.source}) for p in mine)
        quotation = sum(bool(to_interviews.get(p.article_id, {}).keys() - {p.source}) for p in mine)
        return Found(edits, len(mine), first, joined, story, quotation)

    return [result(edits) for edits in EDITS]


def _links_to_interviews(folded: Folded) -> dict[str, dict[str, Link]]:
    """Of each piece, the interviews that it has a link to, the strongest first."""
    of_text = {text_id: article_id for article_id, text_id in folded.text_of.items()}
    found: dict[str, dict[str, Link]] = {}
    for link in sorted((x for x in folded.links if x.type), key=lambda x: x.strength):
        ends = sorted((of_text[link.a], of_text[link.b]))
        if [name.startswith("interview") for name in ends] == [True, False]:
            found.setdefault(ends[1], {})[ends[0]] = link
    return found


def bounds(hits: int, of: int) -> tuple[float, float]:
    """The share `hits` / `of` may be within these (Wilson 1927)."""
    share, z2 = hits / of, BOUND * BOUND
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = BOUND / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def table(found: Sequence[Found]) -> Iterator[str]:
    """The lines of a table for people."""
    yield "| words edited | pieces | right first | at least | joined | at least | wrong story | at most | wrong quotation |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in found:
        right, joined = bounds(row.right_first, row.pieces)[0], bounds(row.joined, row.pieces)[0]
        yield (
            f"| {row.edits:.0%} | {row.pieces} | {row.right_first} | {right:.4f} | {row.joined} | {joined:.4f} "
            f"| {row.wrong_story} | {bounds(row.wrong_story, row.pieces)[1]:.4f} | {row.wrong_quotation} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interviews", type=int, default=500)
    parser.add_argument("--pieces", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    print("\n".join(table(measure(args.interviews, args.pieces, args.seed))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
