"""Where a text carries a quotation, and what it changed."""

from hypothesis import given
from hypothesis import strategies as st

from libs.domain.alignment import align
from libs.domain.fingerprints.words import split_words

FILLER = "Nothing of this kind was heard before in the old town hall. "
WORDS = st.lists(st.sampled_from(["ab", "cd", "ef", "gh", "ij", "kl", "mn", "op"]), min_size=1, max_size=12)


def test_case_punctuation_and_apostrophes_are_no_changes():
    found = align("We don’t pay twice, do we?", FILLER * 9 + 'She said: "WE DON\'T pay twice; do we". ' + FILLER)
    assert found is not None
    assert found.exact
    assert found.share_kept == 1.0


def test_inserted_deleted_and_replaced_words_are_told_apart():
    text = FILLER + "A ceasefire is really a door, never a house. " + FILLER
    found = align("A ceasefire is a wide door, not a house", text)
    assert found is not None
    assert (found.inserted, found.deleted, found.replaced) == (("really",), ("wide",), (("not", "never"),))
    assert text[found.start : found.end] == "A ceasefire is really a door, never a house"
    assert (found.kept, found.words) == (7, 9)


def test_another_spelling_at_the_edge_is_a_replacement_and_another_word_a_cut():
    assert align("the road to Idlib", FILLER + "the road to Idleb is open").replaced == (("Idlib", "Idleb"),)
    cut = align("the road to Idlib", FILLER + "the road to nowhere")
    assert (cut.deleted, cut.replaced) == (("Idlib",), ())


def test_scripts_without_spaces_and_right_to_left_are_aligned():
    assert align("我们明天开门", "他说:“我们明天早上开门。”").inserted == ("早", "上")
    assert align("عاد الخبازون إلى المدينة", "وقال: عاد الخبازون اليوم إلى المدينة").inserted == ("اليوم",)


def test_no_common_word_is_no_alignment():
    assert align("harbour bread", FILLER) is None
    assert align("harbour", "") is None


@given(before=WORDS, quotation=WORDS, after=WORDS)
def test_a_quotation_that_stands_in_the_text_is_found_exactly(before, quotation, after):
    found = align(" ".join(quotation), " ".join([*before, *quotation, *after]))
    assert found is not None
    assert found.exact


@given(quotation=WORDS, text=WORDS)
def test_the_counts_agree_with_the_words(quotation, text):
    joined = " ".join(text)
    found = align(" ".join(quotation), joined)
    if found is None:
        assert not set(quotation) & set(text)
        return
    assert found.kept + len(found.deleted) + len(found.replaced) == len(quotation)
    carried = split_words(joined[found.start : found.end])
    assert found.kept + len(found.inserted) + len(found.replaced) == len(carried)
