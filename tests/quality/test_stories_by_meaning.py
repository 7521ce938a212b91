"""What sentence meaning adds on the labelled corpus, from clean texts, with the encoders themselves. Floors: ADR 0012."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from libs.adapters.encoders import EncodersMissing, open_encoders
from libs.domain.stories.fold import fold
from libs.domain.stories.identity import Relation
from libs.domain.stories.links import JOINING_SHARES
from libs.domain.stories.meant import Verdicts
from tests.quality.clean_corpus import clean_articles, corpus_documents, corpus_script
from tests.support.hearing import Spoken, verdicts_on

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True)
class Score:
    """A judgement of the corpus against its labels; single quotations are members where they share a story."""

    story_of: dict[str, str]
    bcubed_f1: float
    with_transcript: dict[str, int]
    wrong: dict[str, int]
    quotes_joined: int


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    try:
        encoders = open_encoders()
    except EncodersMissing as error:
        pytest.skip(str(error))
    documents = corpus_documents()
    spoken = {c.key: Spoken(c.body, c.read.turns, c.read.quotes) for c in clean_articles()}
    return verdicts_on(((*document, spoken[key]) for key, document in documents.items()), encoders)


def _score(verdicts: Verdicts) -> Score:
    script = corpus_script("score")
    stories = fold(corpus_documents().values(), verdicts=verdicts).stories.values()
    story_of = {key: story.story_id for story in stories for key in story.members}
    items = script.items_of(script.labels(script.load_articles(), "initial"))
    quotes = {i.key for i in items if "single_quote" in i.kinds}
    items = [i for i in items if i.key not in quotes]
    report: dict[str, Any] = script.report(items, script.assign(items, story_of)[0])
    recall = report["recall_per_kind"]
    return Score(
        story_of,
        report["bcubed_f1"],
        {kind: round(recall[kind]["items"] * recall[kind]["with_transcript"]) for kind in recall},
        {kind: row["wrongly_joined"] for kind, row in report["wrong_joins_per_negative_kind"].items()},
        sum(len(story.members) > 1 for story in stories for key in story.members if key in quotes),
    )


def test_who_is_named_in_both_joins_by_what_is_said(verdicts: Verdicts) -> None:
    score = _score(verdicts)
    assert score.bcubed_f1 >= 0.98  # .993 when written, .949 without
    assert score.with_transcript["retranslated"] >= 10  # of 11; the last one has five sentences
    assert score.with_transcript["translation"] >= 12  # of 12
    assert set(score.wrong.values()) == {0}, json.dumps(score.wrong)
    assert score.quotes_joined == 0


def test_by_the_person_asked_alone_less_is_found(verdicts: Verdicts) -> None:
    score = _score(Verdicts({}, verdicts.shares))
    assert score.bcubed_f1 >= 0.96  # .969 when written
    assert (score.with_transcript["retranslated"], score.with_transcript["translation"]) >= (7, 11)
    assert set(score.wrong.values()) == {0}, json.dumps(score.wrong)
    assert score.quotes_joined == 0


@pytest.mark.parametrize(
    ("relation", "per_mille"),
    [(Relation.MATCH, 200), (Relation.MATCH, 360), (Relation.UNKNOWN, 320), (Relation.UNKNOWN, 440)],
)
def test_a_threshold_can_move_without_changing_a_story(
    verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch, relation: Relation, per_mille: int
) -> None:
    expected = _score(verdicts).story_of
    monkeypatch.setitem(JOINING_SHARES, relation, per_mille)
    assert _score(verdicts).story_of == expected
