"""Who was interviewed, by whom and when, from the article's own words."""

from typing import Any

import pytest

TELLINGS: dict[str, tuple[list[str], str, set[str], str | None]] = {
    "two channels": (
        ["“We will not give up on this,” Emil Macrin said in an interview with TF1 and France 2 on Wednesday.", "“I hear the anger,” he added."],
        "Emil Macrin", {"TF1", "France 2"}, "2023-03-15"),
    "given to, with the date of broadcast": (
        ["In an interview given to Channel 24 and NTV channels that was shown on Wednesday, Omar Assadi said “we will not stop here”.", "“We go on,” Assadi said. “I am sure of it.”"],
        "Omar Assadi", {"Channel 24", "NTV"}, "2023-03-15"),
    "told": (["Minister Ben Netan told CNN’s Jack Tapp on Wednesday that it would go on. “We have a majority now,” he said. “It will remain so,” the minister added."],
             "Ben Netan", {"CNN"}, "2023-03-15"),
    "stations far down in the text": (
        ["“Raqa is a symbol,” Omar Assadi said. “It is a symbol only.”", "“They are close to us,” he said.", "Talks go on.", "Nothing new there.",
         "“They are in the hills now,” he said in the interview in Asmir with Europe 1 radio and the TF1 and LCI television channels."],
        "Omar Assadi", {"Europe 1", "TF1", "LCI"}, None),
    "German": (["Kanzler Olaf Schulz hat sich im ZDF-Interview geäußert. „Wir werden das prüfen“, sagte er. „Das ist unsere Aufgabe“, so Schulz."], "Olaf Schulz", {"ZDF"}, None),
    "French": (["La ministre Élise Borne a déclaré jeudi sur France Inter que ce serait fait. « Nous irons au bout », a-t-elle assuré. « Je n’ai pas de doute », a ajouté la ministre."],
               "Élise Borne", {"France Inter"}, "2023-03-16"),
    "Spanish": (["El presidente, Pedro Sanz, aseguró el miércoles en una entrevista en la Cadena SER que no. «La legislatura se agotará», dijo Sanz. «Hay mucho trabajo», añadió."],
                "Pedro Sanz", {"Cadena SER"}, "2023-03-15"),
    "Russian": (["Глава МИД Сергей Ларин заявил в интервью телеканалу «Северный маяк», что нет. «Мы готовы к разговору», — сказал Ларин. «Это их выбор», — добавил министр."],
                "Сергей Ларин", {"Северный маяк"}, None),
    "Arabic": (["قال الرئيس بشار الأسد في مقابلة مع قناة الميادين مساء الأربعاء إنه باق. وأضاف الأسد: «سنحرر كل شبر من أرضنا». وأكد: «هذا حقنا أمام شعبنا»."],
               "بشار الأسد", {"الميادين"}, "2023-03-15"),
}  # fmt: skip


@pytest.mark.parametrize("telling", TELLINGS)
def test_a_retelling_gives_person_outlets_and_day(read: Any, telling: str) -> None:
    paragraphs, interviewee, broadcasters, aired = TELLINGS[telling]
    facts = read(*paragraphs, published="2023-03-16T10:00:00+01:00").facts
    assert (facts.interviewee, set(facts.broadcasters), facts.aired) == (interviewee, broadcasters, aired)


PASSING: dict[str, list[str]] = {
    "a press conference": ["“These numbers are wrong,” Anna Kow told reporters on Thursday. “We publish ours,” she said."],
    "reactions": [
        "Unions reacted to an interview that Emil Macrin gave to TF1.",
        "“He has learned nothing,” said Phil Martin, the head of the union. “We will be back,” Martin added."],
    "one sentence quoted in passing": ["The bank is open again.", "Queues were long.", "“Deposits are guaranteed by law,” Minister Odile Vare told Radio Sefar.", "The sun shone."],
    "voices from the street": ["“It was like a train,” resident John Mill told WKRN. “I have never seen it,” Mary Jon told CNN."],
    "another outlet's report": ["The daily Gazeta Sol reported on Monday that prices rose. “They rose a lot,” Ann Lee said. “Very much so,” she said."],
}  # fmt: skip


@pytest.mark.parametrize("passing", PASSING)
def test_articles_about_something_else_have_no_facts(read: Any, passing: str) -> None:
    facts = read(*PASSING[passing], published="2023-03-16").facts
    assert facts.broadcasters == ()
    assert facts.interviewee is None


def test_an_outlet_that_only_publishes_or_translates_did_not_ask(read: Any) -> None:
    intro = "The minister, Idris Halvani, gave Canal Almenar an interview. Corvane Wire publishes the text. Translation: Daily Quillon."
    facts = read(intro, "Q: Well?", "Halvani: I am.", "Q: And now?", "Halvani: We go.").facts
    assert facts.broadcasters == ("Canal Almenar",)
    assert facts.interviewee == "Idris Halvani"


def test_labels_that_are_outlets_asked(read: Any) -> None:
    facts = read("Radio Sefar: Well?", "Anna Berg: I am.", "Radio Sefar: And now?", "Anna Berg: We go.").facts
    assert facts.broadcasters == ("Radio Sefar",)
    assert facts.interviewee == "Anna Berg"


def test_persons_who_asked_are_interviewers(read: Any) -> None:
    intro = "Anna Berg, the mayor, spoke to Radio Sefar on Tuesday. The questions were put by Joris van Eem."
    facts = read(intro, "RS: Well?", "AB: I am.", "RS: And now?", "AB: We go.", published="2023-03-16").facts
    assert facts.interviewers == ("Joris van Eem",)
    assert (facts.broadcasters, facts.interviewee, facts.aired) == (("Radio Sefar",), "Anna Berg", "2023-03-14")


def test_a_weekday_is_unknown_without_a_day_of_publication(read: Any) -> None:
    paragraph = "“We will go on,” Anna Berg told Radio Sefar on Wednesday. “It is late now,” she said."
    assert read(paragraph).facts.aired is None
    assert read(paragraph, published="2023-03-15").facts.aired == "2023-03-15"
    assert read(paragraph, published="2023-03-14").facts.aired == "2023-03-08"


def test_an_empty_body_has_nothing(read: Any) -> None:
    found = read()
    assert (found.turns, found.quotes, found.facts.questions) == ((), (), 0)
