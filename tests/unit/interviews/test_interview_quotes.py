"""Quotations in every style, and who said them."""

from typing import Any

import pytest

STYLES = {
    "curly": "“We will go on,” said Anna Berg.",
    "straight": '"We will go on," said Anna Berg.',
    "single curly": "‘We will go on with the farmers’ help,’ said Anna Berg.",
    "single straight": "'We won't go on,' said Anna Berg.",
    "French": "« Nous irons au bout », a déclaré Anna Berg.",
    "German": "„Wir machen weiter so“, sagte Anna Berg.",
    "German guillemets": "»Wir machen weiter so«, sagte Anna Berg.",
    "Spanish": "«Vamos a seguir así», dijo Anna Berg.",
    "Russian": "«Мы пойдём дальше», — сказала Анна Берг.",
    "Russian, speaker inside": "«Мы пойдём дальше, — говорит Анна Берг. — До конца».",
    "before": "Anna Berg said: “We will go on.”",
    "according to": "According to Anna Berg, “we will go on”.",
    "apposition": "“We will go on,” Anna Berg, a leader of the party, told the paper.",
}


@pytest.mark.parametrize("style", STYLES)
def test_each_style_gives_one_quotation_with_its_speaker(read: Any, style: str) -> None:
    (quote,) = read("Anna Berg met us." if "а" not in STYLES[style] else "Анна Берг здесь.", STYLES[style]).quotes
    assert quote.speaker in ("Anna Berg", "Анна Берг")
    assert quote.text[0].isalnum()


def test_arabic_quotations_follow_their_verb(read: Any) -> None:
    found = read("قال وزير الخارجية إدريس هلفاني إن الوضع جيد. وأضاف: «لن نعود إلى الحرب أبداً».")
    assert [(q.speaker, q.text) for q in found.quotes] == [("إدريس هلفاني", "لن نعود إلى الحرب أبداً")]


@pytest.mark.parametrize(
    "text",
    [
        "The “moderate opposition” lost.",
        "He hosts “The Evening Desk” here.",
        "A ‘no’ is a no.",
        "The dog's 'bone' is gone.",
    ],
)
def test_scare_quotes_and_names_of_programmes_are_no_quotations(read: Any, text: str) -> None:
    assert read(text).quotes == ()


def test_a_quotation_over_paragraphs_is_one_part_a_paragraph_with_one_speaker(read: Any) -> None:
    found = read("Anna Berg said: “We begin here today.", "“And we end there tonight.”", "Nothing more.")
    assert [(q.speaker, q.text) for q in found.quotes] == [
        ("Anna Berg", "We begin here today."),
        ("Anna Berg", "And we end there tonight."),
    ]


def test_a_block_quotation_belongs_to_the_sentence_that_announces_it(read: Any) -> None:
    found = read(
        "Anna Berg is mayor. In the evening Berg said:", ("There will be no pause at all.", "blockquote"), "It rained."
    )
    assert [(q.speaker, q.text) for q in found.quotes] == [("Anna Berg", "There will be no pause at all.")]


def test_a_block_quotation_without_markup_is_found_behind_its_announcement(read: Any) -> None:
    found = read("In the evening mayor Anna Berg said:", "There will be no pause at all.", "It rained.")
    assert [(q.speaker, q.text) for q in found.quotes] == [("Anna Berg", "There will be no pause at all.")]


def test_pronouns_and_offices_point_to_the_last_speaker(read: Any) -> None:
    found = read(
        "“We will go on,” said Anna Berg.",
        "“It is late now,” she added. “Good night to you.”",
        "“Sleep well, all of you,” the mayor said.",
    )
    assert [q.speaker for q in found.quotes] == ["Anna Berg"] * 4


def test_a_person_named_in_between_is_who_the_pronoun_means(read: Any) -> None:
    found = read(
        "“We will go on,” said Anna Berg.", "Carl Ott told the press that it was over. “It is over now,” he said."
    )
    assert [q.speaker for q in found.quotes] == ["Anna Berg", "Carl Ott"]


@pytest.mark.parametrize(
    "text",
    [
        "“The roads are closed,” officials said.",
        "“The roads are closed,” the ministry said.",
        "The sign reads “the roads are closed” today.",
    ],
)
def test_the_speaker_is_unknown_where_the_text_names_no_person(read: Any, text: str) -> None:
    (quote,) = read("The town is dark.", text).quotes
    assert quote.speaker is None


def test_a_mark_that_is_never_closed_leaves_the_next_quotation_whole(read: Any) -> None:
    found = read("It cost 5« too much. «Vamos a seguir así», dijo Anna Berg.", "A “mark. She said: “We will go on.”")
    assert [quote.text for quote in found.quotes] == ["Vamos a seguir así", "mark. She said: “We will go on."]


def test_guillemets_nest(read: Any) -> None:
    found = read("«Мы читали «Северный маяк» каждый день», — сказала Анна Берг.")
    assert [quote.text for quote in found.quotes] == ["Мы читали «Северный маяк» каждый день"]
