"""Who was asked and who asked, from titles and introductions of interviews whose labels name nobody."""

from typing import Any

import pytest

PLAIN: dict[str, list[Any]] = {
    "en": [("How are you?", "strong"), "I am well.", ("And you rest?", "strong"), "We do.", ("What is next?", "strong"), "My bed."],
    "fr": [("Comment allez-vous ?", "strong"), "Je vais bien.", ("Et vous dormez ?", "strong"), "Nous dormons.", ("Et après ?", "strong"), "Mon lit."],
    "de": [("Wie geht es Ihnen?", "strong"), "Ich bin wohlauf.", ("Und Sie ruhen?", "strong"), "Wir ruhen.", ("Was kommt nun?", "strong"), "Mein Bett."],
    "es": [("¿Cómo está usted?", "strong"), "Yo estoy bien.", ("¿Y descansa?", "strong"), "Nosotros sí.", ("¿Y luego?", "strong"), "Mi cama."],
    "it": [("Come sta lei?", "strong"), "Io sto bene.", ("E riposa?", "strong"), "Noi sì.", ("E poi?", "strong"), "Il mio letto."],
    "pt": [("Como está você?", "strong"), "Eu estou bem.", ("E descansa?", "strong"), "Nós sim.", ("E depois?", "strong"), "Minha cama."],
    "nl": [("Hoe gaat het met u?", "strong"), "Ik ben wel.", ("En u rust?", "strong"), "Wij rusten.", ("En dan?", "strong"), "Mijn bed."],
    "ru": [("Как вы?", "strong"), "Я здоров.", ("И вы отдыхаете?", "strong"), "Мы отдыхаем.", ("А дальше?", "strong"), "Моя кровать."],
    "ar": [("كيف أنت اليوم؟", "strong"), "أنا بخير.", ("وهل ترتاح؟", "strong"), "نحن نرتاح.", ("وماذا بعد؟", "strong"), "عندنا عمل."],
}  # fmt: skip

# language, title, introduction, interviewee, interviewers, broadcasters
HEADS: list[tuple[str, str, str, str | None, tuple[str, ...], tuple[str, ...]]] = [
    ("en", "Interview with the glassblower Ada Quill", "She has worked alone since March.", "Ada Quill", (), ()),
    ("en", "A conversation with Ada Quill", "The furnace is never cold.", "Ada Quill", (), ()),
    ("en", "The furnace is never cold", "Glassblower Ada Quill talked to Bo Tarn of Radio Sefar.", "Ada Quill", ("Bo Tarn",), ("Radio Sefar",)),
    ("en", "The furnace is never cold", "Bo Tarn of Radio Sefar visited the glassblower Ada Quill in her workshop.", "Ada Quill", ("Bo Tarn",), ("Radio Sefar",)),
    ("fr", "Rencontre avec la verrière Ada Quillon", "Le four ne refroidit jamais.", "Ada Quillon", (), ()),
    ("fr", "Entretien avec le maire Paul Tarin", "Il parle de l’eau et des routes.", "Paul Tarin", (), ()),
    ("fr", "Trois questions à Ada Quillon", "Le four ne refroidit jamais.", "Ada Quillon", (), ()),
    ("fr", "Le four ne refroidit jamais", "La verrière Ada Quillon s’est confiée à Paul Tarin, de Radio Sefar.", "Ada Quillon", ("Paul Tarin",), ("Radio Sefar",)),
    ("fr", "Le four ne refroidit jamais", "Invitée de Radio Sefar, Ada Quillon parle de son métier. Propos recueillis par Paul Tarin.", "Ada Quillon", ("Paul Tarin",), ("Radio Sefar",)),
    ("de", "Interview mit der Glasbläserin Ada Quill", "Der Ofen wird nie kalt.", "Ada Quill", (), ()),
    ("de", "Ada Quill im Gespräch", "Der Ofen wird nie kalt.", "Ada Quill", (), ()),
    ("de", "Der Ofen wird nie kalt", "Die Glasbläserin Ada Quill spricht im Interview mit Bo Tarn vom Sender Radio Sefar über ihren Beruf.", "Ada Quill", ("Bo Tarn",), ("Radio Sefar",)),
    ("de", "Der Ofen wird nie kalt", "Ada Quill bläst seit dreißig Jahren Glas. Das Gespräch führte Bo Tarn.", "Ada Quill", ("Bo Tarn",), ()),
    ("de", "Fünf Fragen an Ada Quill", "Der Ofen wird nie kalt.", "Ada Quill", (), ()),
    ("es", "Entrevista con la vidriera Ada Quintela", "El horno nunca se enfría.", "Ada Quintela", (), ()),
    ("es", "Entrevista a Ada Quintela", "El horno nunca se enfría.", "Ada Quintela", (), ()),
    ("es", "El horno nunca se enfría", "La vidriera Ada Quintela habló con Bruno Tárrega, de Radio Sefar.", "Ada Quintela", ("Bruno Tárrega",), ("Radio Sefar",)),
    ("it", "Intervista a Ada Quilici", "Il forno non si spegne mai.", "Ada Quilici", (), ()),
    ("pt", "Entrevista com Ada Quintela", "O forno nunca esfria.", "Ada Quintela", (), ()),
    ("nl", "Interview met Ada Quillen", "De oven wordt nooit koud.", "Ada Quillen", (), ()),
    ("ru", "Интервью с Адой Куликовой", "Ада Куликова выдувает стекло тридцать лет.", "Ада Куликова", (), ()),
    ("ru", "Печь не остывает никогда", "Стеклодув Ада Куликова поговорила с Борисом Тарновым, корреспондентом «Радио Сефар».", "Ада Куликова", ("Борисом Тарновым",), ("Радио Сефар",)),
    ("ru", "Печь не остывает никогда", "Ада Куликова выдувает стекло тридцать лет. Беседовал Борис Тарнов.", "Ада Куликова", ("Борис Тарнов",), ()),
    ("ar", "حوار مع صانعة الزجاج سلمى حداد", "لا يبرد الفرن أبداً.", "سلمى حداد", (), ()),
    ("ar", "مقابلة مع سلمى حداد عن الزجاج", "لا يبرد الفرن أبداً.", "سلمى حداد", (), ()),
    ("ar", "حوار مع سلمى حداد", "أجرى الحوار: كريم منصور", "سلمى حداد", ("كريم منصور",), ()),
]  # fmt: skip


@pytest.mark.parametrize(("language", "title", "intro", "interviewee", "interviewers", "broadcasters"), HEADS)
def test_title_and_introduction_tell_who_was_asked_by_whom(
    read: Any, language: str, title: str, intro: str, interviewee: str | None, interviewers: Any, broadcasters: Any
) -> None:
    facts = read(intro, *PLAIN[language], title=title).facts
    assert (facts.interviewee, facts.interviewers, facts.broadcasters) == (interviewee, interviewers, broadcasters)


LONE: list[tuple[str, list[str], str | None]] = [
    ("English, in an interview", ["“We will not give up on this,” Macrin said in an interview with TF1 on Wednesday.", "“I hear the anger,” he added."], "Macrin"),
    ("English, with his office", ["President Macrin told TF1 on Wednesday that it stays. “We will not give up on this,” he said.", "“I hear the anger,” Macrin added."], "Macrin"),
    ("French", ["« Nous irons au bout », a assuré Macrin mercredi dans un entretien à TF1. « J’entends la colère », a-t-il ajouté."], "Macrin"),
    ("German", ["„Wir gehen weiter“, sagte Schulz am Mittwoch im ZDF-Interview. „Das ist unsere Aufgabe“, so Schulz."], "Schulz"),
    ("a capital", ["“We will answer in kind,” Moscow said in an interview with TF1 on Wednesday.", "“We hear the anger,” it added."], None),
    ("a company", ["“We will answer in kind,” Orsenco told TF1 on Wednesday.", "“We hear the anger,” the company added."], None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "paragraphs", "interviewee"), LONE)
def test_a_family_name_alone_is_the_person_asked_where_only_a_person_can_be_meant(
    read: Any, name: str, paragraphs: list[str], interviewee: str | None
) -> None:
    facts = read(*paragraphs, title="A reform is defended", published="2023-03-16").facts
    assert facts.interviewee == interviewee
    assert bool(facts.broadcasters) == (interviewee is not None)
