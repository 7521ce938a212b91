"""Turns: every way to mark who speaks, and texts that are no interviews."""

from typing import Any

import pytest

from libs.domain.documents import ArticleKind

STYLES: dict[str, tuple[list[Any], str]] = {
    "numbered questions and a name": (
        ["Question 1: Is it over?", "Minister Berg: No.", "Question 2: When?", "Minister Berg: Soon."], "qaqa"),
    "name of asker and of person": (["Ann Lee: How are you?", "Bo Chu: Well.", "Ann Lee: And now?", "Bo Chu: We go."], "qaqa"),
    "initials with full stops": (["IH. How are you?", "PV. I am well.", "IH. And now?", "PV. We go."], "qaqa"),
    "Q. and A.": (["Q. How are you?", "A. I am well.", "Q. And now?", "A. We go."], "qaqa"),
    "a dash behind the label": (["Host. — Is it fair?", "Berg. — It is.", "Host. — Really?", "Berg. — Yes."], "qaqa"),
    "label alone on its line": (["Question 1:\nIs it over?", "Mayor Lee:\nNo.", "Question 2:\nWhen?", "Mayor Lee:\nSoon."], "qaqa"),
    "label alone in its paragraph": (
        ["Question 1:", "How is it?", "Mayor Lee:", "It is good.", "Question 2:", "And now?", "Mayor Lee:", "We go."], "qaqa"),
    "bold names without punctuation": (
        [(f"{who} {text}", "paragraph", who) for who, text in
         [("Ann Lee", "How are you?"), ("Bo Chu", "Well."), ("Ann Lee", "And now?"), ("Bo Chu", "We go.")]], "qaqa"),
    "aside in the label": (["Lee: Why?", "Berg (laughs): I do not know.", "Lee: And now?", "Berg: I go."], "qaqa"),
    "two askers": (
        ["Ann Lee: How?", "Bo Chu: Slowly, and with a good deal of help.", "Tom Ott: Why?", "Bo Chu: It was late, we were few.",
         "A. Lee: When?", "B. Chu: In May, if the weather lets us.", "T. Ott: Where?", "B. Chu: At home, like everybody."], "qaqaqaqa"),
    "bold questions": (
        [("How worried are you?", "strong"), "I am calm.", ("You look tired.", "strong"), "We are.", ("What is next?", "strong"), "My bed."], "qaqaqa"),
    "italic questions": (
        ["The mayor met us.", ("How are you?", "em"), "I am well.", ("And the town?", "em"), "We dry.", ("And now?", "em"), "My bed."], "qaqaqa"),
    "question set apart in the paragraph of its answer": (
        [(f"{q} {a}", "paragraph", q) for q, a in
         [("How are you?", "I am well."), ("What do you plan?", "We build."), ("You never rest.", "I do.")]], "qaqaqa"),
    "definition list of questions": (
        [("How are you?", "term"), ("I am well.", "definition"), ("You rest?", "term"), ("We do.", "definition"),
         ("And now?", "term"), ("My bed.", "definition"), "The town has 300 people."], "qaqaqa"),
    "definition list of labels": (
        [("Frage", "term"), ("Wie geht es?", "definition"), ("Huber", "term"), ("Gut.", "definition"), ("Frage", "term"),
         ("Und jetzt?", "definition"), ("Huber", "term"), ("Wir gehen.", "definition"), "Der Ort hat 300 Einwohner."], "qaqa"),
    "dashes on both sides": (
        ["Мы поговорили с мэром.", "— Как вы?", "— Хорошо, я работаю.", "— Что дальше?", "— Мы строим.", "— Когда?", "— В мае."], "qaqaqa"),
    "dashes before questions only": (
        ["Rencontre avec le maire.", "– Comment allez-vous ?", "Je vais bien.", "– Et après ?", "Nous bâtissons.", "– Quand ?", "En mai."], "qaqaqa"),
    "questions in guillemets": (
        ["Entretien avec le maire.", "« Comment ça va ? »", "Je vais bien.", "« Et après ? »", "Nous bâtissons.", "« Quand ? »", "En mai, je crois."], "qaqaqa"),
    "plain alternation": (
        ["An interview with the coach.", "How do you feel?", "I feel good.", "What do you plan?", "We train.", "What is next?", "My bed.", "Will you stay?", "I will."],
        "qaqaqaqa"),
    "only questions labelled": (["Question: How?", "I ran.", "Question: Why?", "We were late.", "Question: When?", "In May."], "qaqaqa"),
    "Spanish letters": (["P. ¿Cómo está?", "R. Estoy bien.", "P. ¿Y ahora?", "R. Nos vamos."], "qaqa"),
    "Russian labels": (["Корр.: Как дела?", "Иванов: Хорошо.", "Корр.: А дальше?", "Иванов: Мы едем."], "qaqa"),
    "Arabic words": (["سؤال: كيف ترون الوضع؟", "جواب: الوضع جيد.", "سؤال: ماذا بعد؟", "جواب: سنبني الجسر."], "qaqa"),
    "Arabic names": (
        ["أحمد سالم: كيف ترون الوضع؟", "الوزير خالد: الوضع جيد عندنا.", "أحمد سالم: ماذا بعد؟", "الوزير خالد: سنبني."], "qaqa"),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_each_style_gives_its_questions_and_answers(read: Any, style: str) -> None:
    paragraphs, roles = STYLES[style]
    found = read(*paragraphs)
    assert "".join(turn.role[0] for turn in found.turns) == roles
    assert found.kind is ArticleKind.INTERVIEW


REPORTS: dict[str, list[Any]] = {
    "a list with colons": ["Ingredients: flour.", "Method: mix it.", "Time: one hour.", "Ingredients: eggs.", "Method: why not?", "Time: two."],
    "sources and notes": ["Source: Reuters", "Note: a text.", "Source: AFP", "Note: who knows?"],
    "dialogue in quotation marks": ["“Are you well?” asked she.", "“I am,” he said.", "“And now?” she asked.", "“We go,” he said."],
    "a list with dashes": ["What to bring:", "– a coat", "– a hat", "– a map", "– water"],
    "a story told with dashes": ["— Куда вы? — спросил он.", "— Домой, — ответила она.", "— Зачем? — спросил он.", "— Спать, — сказала она."],
    "an explainer with questions for headings": [
        "A strike begins.", ("Why do they strike?", "heading"), "The union says pay is low.", ("Which lines are closed?", "heading"),
        "All in the north.", ("When does it end?", "heading"), "On Friday, the union says."],
    "subheadings in bold": [("The lead is bold.", "strong"), "Text.", ("Who is he?", "strong"), "A man.", ("A new start", "strong"), "Text."],
    "line-ups": ["Arsenal: Raya, White.", "Chelsea: James.", "Referee: A. Taylor.", "Arsenal: happy.", "Chelsea: sad."],
    "a debate in which nobody asks": ["Mr. Chen: It is good.", "Ms. Roy: It is bad.", "Mr. Chen: It helps.", "Ms. Roy: It hurts."],
}  # fmt: skip


@pytest.mark.parametrize("report", REPORTS)
def test_ordinary_reports_have_no_turns(read: Any, report: str) -> None:
    found = read(*REPORTS[report])
    assert found.turns == ()
    assert found.kind is ArticleKind.REPORT


def test_labels_are_not_part_of_the_text_and_following_paragraphs_belong_to_the_turn_before(read: Any) -> None:
    found = read("Q: One?", "A: First.", "Second paragraph, I think.", "Q: Two?", "A: Third.")
    assert found.turns[1].text == "First.\n\nSecond paragraph, I think."


def test_two_turns_in_one_paragraph_are_parted(read: Any) -> None:
    found = read("Journalist: Did he? President Berg: No, not yet. Journalist: So you hope?", "President Berg: I do.")
    assert [(t.role, t.text) for t in found.turns] == [
        ("question", "Did he?"),
        ("answer", "No, not yet."),
        ("question", "So you hope?"),
        ("answer", "I do."),
    ]


def test_a_forgotten_label_does_not_swallow_the_next_turn(read: Any) -> None:
    found = read("Q: One?", "A: First.", "Two?", "A: Second.", "Q: Three?", "Third, I think.", "Q: Four?", "A: Fourth.")
    assert [turn.text for turn in found.turns] == [
        "One?",
        "First.",
        "Two?",
        "Second.",
        "Three?",
        "Third, I think.",
        "Four?",
        "Fourth.",
    ]
    assert [turn.role for turn in found.turns] == ["question", "answer"] * 4


@pytest.mark.parametrize(
    "closing",
    [
        "Interview: Ann Lee",
        "Das Gespräch führte Ann Lee.",
        "Propos recueillis par Ann Lee",
        ("Ann Lee is our reporter.", "em"),
        "* * *",
    ],
)
def test_the_outlets_closing_words_are_no_answer(read: Any, closing: Any) -> None:
    found = read("Q: One?", "A: First.", "Q: Two?", "A: Second.", closing)
    assert found.turns[-1].text == "Second."


def test_a_last_paragraph_without_a_speaker_is_the_outlets_when_every_turn_has_one_paragraph(read: Any) -> None:
    talk = [f"{who}: {text}" for _ in range(3) for who, text in (("Q", "And then?"), ("A", "We went on."))]
    assert read(*talk, "The tunnel costs 26 million.").turns[-1].text == "We went on."
    assert read(*talk, "And I slept well.").turns[-1].text == "We went on.\n\nAnd I slept well."


def test_labels_are_resolved_to_the_fullest_spelling(read: Any) -> None:
    intro = "Petra Vaughn-Ilic of Orsen Broadcasting met Idris Halvani, the minister, on Friday."
    found = read(intro, "PVI: Well?", "IH: I am.", "PVI: And now?", "IH: We go.")
    assert {turn.speaker for turn in found.turns} == {"Petra Vaughn-Ilic", "Idris Halvani"}


def test_words_such_as_question_name_nobody(read: Any) -> None:
    found = read("Question: Well?", "Minister Berg: I am.", "Question: And now?", "Minister Berg: We go.")
    assert [turn.speaker for turn in found.turns] == [None, "Berg", None, "Berg"]


def test_numbered_questions_are_counted_without_follow_ups_and_farewells(read: Any) -> None:
    found = read(
        "Question 1: One?", "Berg: First.", "Journalist: Really?", "Berg: Yes.", "Question 2: Two?", "Berg: Second.",
        "Journalist: Thank you.", "Berg: Thank you.",
    )  # fmt: skip
    assert found.facts.questions == 2


def test_a_farewell_is_no_question(read: Any) -> None:
    found = read(
        "Lee: One?", "Berg: First.", "Lee: Two?", "Berg: Second.", "Lee: Thank you, and sleep well.", "Berg: You too."
    )
    assert found.facts.questions == 2
    assert len(found.turns) == 6
