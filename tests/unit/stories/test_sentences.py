"""What is said in an article, sentence by sentence."""

from libs.domain.documents import Quote, Turn
from libs.domain.stories.sentences import sentences

ONE = "The harbour will be closed until the spring."
TWO = "Nobody has asked the fishermen what they want!"


def _quote(body: str, text: str) -> Quote:
    return Quote(text, None, body.index(text), body.index(text) + len(text))


def test_answers_are_cut_into_sentences_and_questions_left_out() -> None:
    body = f"Why is that so, and since when?\n\n{ONE} {TWO}"
    at = body.index(ONE)
    turns = [Turn("question", None, "", 0, 31), Turn("answer", None, "", at, len(body))]
    assert sentences(body, turns, ()) == (ONE, TWO)


def test_of_a_report_only_quotations_count() -> None:
    body = f"The mayor spoke. “{ONE}” he said, and left. “{TWO}”"
    assert sentences(body, (), [_quote(body, ONE), _quote(body, TWO)]) == (ONE, TWO)


def test_with_a_single_quoted_sentence_everything_counts() -> None:
    body = f"The mayor spoke on Monday in the old town hall. “{ONE}” That was all that anybody heard of it."
    found = sentences(body, (), [_quote(body, ONE)])
    assert len(found) == 3
    assert body.startswith(found[0])
    assert body.endswith(found[-1])


def test_a_short_piece_goes_with_the_one_before_it() -> None:
    body = f"No. {ONE} Never! {TWO}"
    assert sentences(body, (), ()) == (f"No. {ONE} Never!", TWO)


def test_scripts_without_spaces_are_cut_too() -> None:
    assert len(sentences("港口将关闭到春天。没有人问过渔民。", (), ())) == 2


def test_no_words_no_sentences() -> None:
    assert sentences("… !", (), ()) == ()
