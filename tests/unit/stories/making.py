"""Makes articles of made-up words, so that what they share is known exactly."""

import random
from dataclasses import replace
from typing import Any

from libs.domain.documents import ArticleKind, InterviewFacts, Quote, Turn
from libs.domain.stories.texts import Article, Text, make_text

Document = tuple[Article, Text]


def words(rng: random.Random, count: int) -> str:
    """`count` words that stand nowhere else."""
    return " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(count))


def edited(rng: random.Random, text: str, share: float) -> str:
    """`text` with about `share` of its words replaced."""
    return " ".join(words(rng, 1) if rng.random() < share else word for word in text.split())


def document(name: str, body: str, *, quoted: tuple[str, ...] = (), **fields: Any) -> Document:
    """An article at `https://<name>.example/`; every string of `quoted` stands in the body in quotation marks."""
    quotes = tuple(Quote(q, None, body.index(q), body.index(q) + len(q)) for q in quoted)
    article = Article(name, f"https://{name}.example/", "0", outlet=name, publisher=name, title=name)
    return replace(article, **fields), make_text(body, (), quotes)


def interview(name: str, answers: list[str], rng: random.Random, **fields: Any) -> Document:
    """A printed interview: a question of ten words before each answer."""
    body, turns = "", []
    for answer in answers:
        body += words(rng, 10) + "\n\n"
        turns.append(Turn("answer", None, answer, len(body), len(body) + len(answer)))
        body += answer + "\n\n"
    facts = fields.pop("facts", InterviewFacts(questions=len(answers)))
    article = Article(name, f"https://{name}.example/", "0", outlet=name, publisher=name, title=name)
    return replace(article, kind=ArticleKind.INTERVIEW, facts=facts, **fields), make_text(body, turns)


def agency_copies(rng: random.Random, copies: int, cuts: int) -> list[tuple[str, str]]:
    """Names and bodies of copies: `cuts` ways to shorten one text under an own first line, printed again and again."""
    paragraphs = [words(rng, 50) for _ in range(8)]
    printed = []
    for _ in range(cuts):
        kept = paragraphs[: rng.randint(4, 8)]
        printed.append(f"{words(rng, 15)} {' '.join(kept)}")
    return [(f"paper{n:04}", printed[n % cuts]) for n in range(copies)]


def pages_with_footer(rng: random.Random, hosts: int) -> list[tuple[str, str]]:
    """Names and bodies of one or two pages of each host, all with the same 60 words at the end."""
    footer = words(rng, 60)
    return [
        (f"p{host}x{n}", f"{words(rng, rng.randint(40, 300))} {footer}")
        for host in range(hosts)
        for n in range(rng.randint(1, 2))
    ]
