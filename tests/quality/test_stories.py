"""What the judgement reaches on the labelled corpus and the seeds, from clean texts. Floors, to be raised only."""

import json
import random

from libs.domain.stories.fold import fold
from libs.domain.stories.grades import LinkType, grade
from libs.domain.stories.pairs import Pair, compare
from libs.domain.stories.texts import make_text, mark
from tests.quality.clean_corpus import corpus_documents, corpus_folder, corpus_script, seed_body

BCUBED_F1_FLOOR = 0.93  # .949 when written; .863 by shared words alone


def _seeds(one: str, other: str) -> Pair:
    texts = [make_text(seed_body(name)) for name in (one, other)]
    return compare(*texts, {t.text_id: mark(t) for t in texts})


def _cut(pair: Pair) -> list[tuple[int, int]]:
    return [(p.words, p.exact_words) for p in sorted(pair.passages, key=lambda p: p.b)]


def test_transcript_and_first_rewrite_share_eighty_words_in_a_row() -> None:
    pair = _seeds("000", "001")
    graded = grade(pair, frozenset())
    assert (graded.longest_run, graded.weight, graded.type) == (80, 227, LinkType.COPY)


def test_the_second_rewrite_has_the_order_reversed_and_one_name_spelt_otherwise() -> None:
    pair = _seeds("000", "004")
    graded = grade(pair, frozenset())
    assert (graded.longest_run, graded.weight, graded.type) == (56, 108, LinkType.REWRITE)
    assert _cut(pair) == [(56, 56), (27, 27), (26, 25)]
    assert next(p.a[0] for p in sorted(pair.passages, key=lambda p: p.b)) > pair.passages[0].a[0]


def test_two_interviews_of_one_man_share_no_passage() -> None:
    assert not _seeds("000", "003").passages


def test_corpus_reaches_its_floor_without_a_wrong_join() -> None:
    score, documents = corpus_script("score"), corpus_documents()
    stories = fold(documents.values()).stories.values()
    result = {key: story.story_id for story in stories for key in story.members}
    table = score.labels(score.load_articles(), "initial")
    items = [i for i in score.items_of(table) if "single_quote" not in i.kinds]
    report = score.report(items, score.assign(items, result)[0])
    assert report["bcubed_f1"] >= BCUBED_F1_FLOOR
    assert report["bcubed_precision"] == 1.0, json.dumps(report["wrong_joins_per_negative_kind"], indent=1)


def test_a_single_quotation_names_its_story_and_is_a_member_of_none() -> None:
    folded = fold(corpus_documents().values())
    home = {key: story for story in folded.stories.values() for key in story.members}
    interviews = {}
    for path in (corpus_folder() / "articles").glob("*.json"):
        page = json.loads(path.read_text(encoding="utf-8"))
        interviews[page["url"]] = (page["kind"], page["interview"])
    singles = {url: interview for url, (kind, interview) in interviews.items() if kind == "single_quote"}
    assert len(singles) == 8
    for url, interview in singles.items():
        assert home[url].members == (url,)
        (quoted,) = folded.quoted[url]
        assert interviews[folded.stories[quoted].lead] == ("transcript", interview)


def test_corpus_gives_the_same_stories_in_any_order() -> None:
    documents = list(corpus_documents().values())
    expected = fold(documents)
    for seed in range(3):
        random.Random(seed).shuffle(documents)
        assert fold(documents) == expected
