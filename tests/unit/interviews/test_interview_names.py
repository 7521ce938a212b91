"""Names of persons and outlets, compared across titles, transcriptions and scripts."""

import pytest

from libs.domain.interviews.lone import lone_names
from libs.domain.interviews.names import person_words, same_outlet, same_person


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Halvani", "Idris Halvani"),
        ("Minister Halvani", "Idris Halvani"),
        ("Edris al-Halwani", "Idris Halvani"),
        ("Yuliana Chereshnik", "Julianna Czereśnik"),
        ("Juliana Tschereschnik", "Iouliana Tcherechnik"),
        ("Юлиана Черешник", "Yuliana Chereshnik"),
        ("يوليانا تشيريشنيك", "Yuliana Chereshnik"),
        ("إدريس هلفاني", "Idris Halvani"),
        ("Joaquín Valdrán", "Joaquim Valdrão"),
        ("B. Corvoy", "Bastien Corvoy"),
        ("Dora Maskell", "Theodora Maskell"),
        ("President Bashar al-Assad", "Assad"),
        ("بشار الأسد", "Bashar Al-Assad"),
        ("Владимир Путин", "Vladimir Poutine"),
        ("Angela Merkel", "أنغيلا ميركل"),
    ],
)
def test_spellings_of_one_person_match_both_ways(a: str, b: str) -> None:
    assert same_person(a, b)
    assert same_person(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Marie Le Pen", "Marine Le Pen"),
        ("Hafez al-Assad", "Bashar al-Assad"),
        ("George Bush", "Jeb Bush"),
        ("Maria Brown", "Mario Brown"),
        ("J. Smith", "Robert Smith"),
        ("Idris", "Idris Halvani"),
        ("President", "Assad"),
        ("", "Assad"),
    ],
)
def test_different_or_unknown_persons_do_not_match(a: str, b: str) -> None:
    assert not same_person(a, b)
    assert not same_person(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Russia 24", "Rossiya 24 channel"),
        ("Россия 24", "Russia 24"),
        ("NTV", "the NTV channel"),
        ("НТВ", "NTV"),
        ("Radio Sefar", "Sefar radio"),
        ("Radio Sefar", "إذاعة سفر"),
        ("Anadil TV", "television channel Anadil"),
        ("Anadil TV", "تلفزيون أناديل"),
        ("Nine Lights Television", "Nine Lights channel"),
        ("Rundfunk Grauwald", "радиокомпания «Рундфунк Граувальд»"),
        ("Rundfunk Grauwald", "روندفونك غراوفالد"),
        ("Severny Mayak", "Северный маяк"),
        ("Europe 1", "Europe 1 radio"),
    ],
)
def test_spellings_of_one_outlet_match_both_ways(a: str, b: str) -> None:
    assert same_outlet(a, b)
    assert same_outlet(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Europe 1", "Europe 2"),
        ("Radio Sefar", "Sefar TV"),
        ("Channel 4", "Channel 5"),
        ("TF1", "LCI"),
        ("BBC", "ABC"),
        ("Radio Ambrose", "Radio Calenda"),
        ("the channel", "the station"),
    ],
)
def test_different_outlets_do_not_match(a: str, b: str) -> None:
    assert not same_outlet(a, b)
    assert not same_outlet(b, a)


def test_titles_and_articles_are_no_part_of_a_name() -> None:
    assert person_words("His Excellency President Bashar al-Assad") == ("Bashar", "Assad")
    assert person_words("Mme Odile Varennac") == ("Odile", "Varennac")


def test_lone_family_names_come_in_the_order_of_mention() -> None:
    text = (
        "In an interview, Mr Sorland spoke of his meeting with Minister Bertold, Chancellor Odrick, Senator Vashti,"
        " President Macrin and Minister Quell."
    )
    assert lone_names([text], []) == ["Sorland", "Bertold", "Odrick", "Vashti", "Macrin", "Quell"]
