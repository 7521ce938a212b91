"""Who leads many articles, and times that cannot be read."""

import math
import random

import pytest

from libs.domain.documents import InterviewFacts
from libs.domain.interviews.names import same_outlet
from libs.domain.stories import leads
from libs.domain.stories.identity import identity_of
from libs.domain.stories.leads import credits_other, lead_of
from libs.domain.stories.texts import Article, moment

NAMES = ["Harbour Radio", "Daily Tide", "Northern News Agency", "Northern News"]


def _any_article(rng: random.Random, n: int) -> Article:
    urls = [f"https://{k}.example/" for k in range(4)]
    return Article(
        str(n),
        rng.choice(urls),
        str(n),
        rng.choice(NAMES),
        rng.choice(NAMES),
        "title",
        credit=rng.choice([None, *NAMES]),
        declared_original=rng.choice([None, *urls]),
    )


def test_who_credits_another_never_leads_before_one_who_credits_nobody() -> None:
    rng = random.Random(1)
    mixed = 0
    for _ in range(500):
        members = [_any_article(rng, n) for n in range(rng.randint(2, 5))]
        crediting = {m.article_id for m in members if any(credits_other(m, other) for other in members)}
        mixed += 0 < len(crediting) < len(members)
        lead = lead_of(members, {m.article_id: 100 for m in members})
        assert (lead.article_id in crediting) == (len(crediting) == len(members))
    assert mixed > 100


def test_two_thousand_copies_compare_names_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def counted(a: str, b: str) -> bool:
        nonlocal asked
        asked += 1
        return same_outlet(a, b)

    monkeypatch.setattr(leads, "same_outlet", counted)
    copies = [
        Article(str(n), f"https://{n}.example/", str(n), f"Tide {n}", f"House {n}", "title", credit="Northern News")
        for n in range(2000)
    ]
    lead_of(copies, {a.article_id: 100 for a in copies})
    assert asked <= 2 * len(copies)


@pytest.mark.parametrize("published", ["next week", "2024-13-01", "", None])
def test_a_time_that_nobody_can_read_is_unknown(published: str | None) -> None:
    assert moment(published) == math.inf
    article = Article("1", "u", "s", "o", "p", "t", facts=InterviewFacts(aired=published))
    assert identity_of([article]).aired == frozenset()
