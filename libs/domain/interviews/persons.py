"""Names of persons in running text, and the fullest spelling of each.

In: text. Out: names as printed. There is no list of people: capitals, titles and position decide, and in scripts without
capitals only what stands behind a verb of speech or a title.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from libs.domain.interviews.names import person_words, plain, same_person
from libs.domain.interviews.outlets import outlets_in
from libs.domain.interviews.vocabulary import load

_CAPITAL = r"[^\W\d_a-zß-öø-ÿа-яё\u0600-\u06ff\u0590-\u05ff]"
_PART = rf"(?:(?:[aA]l|[eE]l|[aA]d|[aA]r|[aA]s|[dDlLO])[-’'‑])?{_CAPITAL}[\w’'‑-]*"
_INITIAL = rf"{_CAPITAL}\."
_PARTICLE = r"(?:de la|de los|von der|van der|van den|van|von|de|del|della|di|da|dos|du|bin|ibn|ben|al|el|ter|zu|y)"
NAME = rf"(?:{_INITIAL}|{_PART})(?:[ \u00a0](?:{_PARTICLE}[ \u00a0])?(?:{_INITIAL}|{_PART})){{0,4}}"
_DECLINED = re.compile(r"[уюеыи]$")
_PATRONYMIC = re.compile(r"(?:вич|вн|ичн)(?:а|у|ы|е|ем|ой)?$|^.\.$")
_RUSSIAN = re.compile(r"[\u0400-\u04ff]")
_NAME = re.compile(rf"(?<![\w’'-]){NAME}")
_WORD = re.compile(r"\S+")
_WORD_BEFORE = re.compile(r"(?<![\w-])([\w-]+)[\s«“\"'‘]+$")
_ATTRIBUTIVE = re.compile(r"[’']s$|-[^\W\d_A-ZА-Я]+ed$")  # possessives and "Russia-backed"
_ARTICLE = re.compile(r"(?<!\w)(?:der|die|dem|den|des|vom|zum|zur|beim|eine?[mnrs]?)[ \u00a0]$")
_CONTRACTED = re.compile(r"[A-Za-zÀ-ÿ]{1,2}[’'][a-zà-ÿ]")  # "L’horloger", "It’s"
_ELIDED = re.compile(r"[dl][’'](?=[A-ZÀ-Þ])")  # "d’Olivier Castaing": a French preposition, no part of the name
_POSSESSIVE = re.compile(r"[’']s?$")


def names_in(text: str) -> list[tuple[str, int, int]]:
    """Runs of capitalised words that may be a person: (name, start, end), titles and first words of sentences cut off."""
    found = []
    for match in _NAME.finditer(text):
        long = match[0].count(" ") > 1
        articled = long and _ARTICLE.search(text[max(0, match.start() - 8) : match.start()]) is not None
        if (person := _as_person(match[0], articled=articled)) and not _media_before(text, match.start()):
            name, offset = person
            start = match.start() + offset
            found.append((name, start, start + len(name)))
    return found


def _media_before(text: str, start: int) -> bool:
    """ "the magazine Science Lantern"."""
    before = _WORD_BEFORE.search(text[max(0, start - 30) : start])
    return before is not None and plain(before[1]) in _media()


@lru_cache(maxsize=8192)
def _as_person(printed: str, *, articled: bool) -> tuple[str, int] | None:
    """The name in a run of capitalised words, and its offset there. `articled`: a German article stands before it, so
    that the first of three words is a noun ("der Meister Onno Freerk")."""
    words = list(_WORD.finditer(printed))
    titled = False
    while words and (_is_lead_in(words[0][0]) or (titled and words[0][0].isupper())):
        titled = titled or plain(words[0][0]) in _plain("titles")
        articled = articled or _ARTICLE.fullmatch(words[0][0].lower() + " ") is not None
        words.pop(0)
    if articled and not titled and len(words) > 2 and not words[1][0][0].islower():
        words.pop(0)
    if not titled and len(words) > 2 and plain(words[0][0]) in _plain("occupation"):
        words.pop(0)
    if len(words) == 3 and _RUSSIAN.search(words[0][0]) and not any(_PATRONYMIC.search(w[0]) for w in words[1:]):
        words.pop(0)  # "Стеклодув Ада Куликова", "Беседовал Борис Тарнов"
    if titled and len(words) > 2 and _RUSSIAN.search(words[0][0]) and not words[0][0].endswith("."):
        words = words[-2:]  # "глава МИД России Сергей Лавров": offices have no capital to end them
    inner = max((i for i, word in enumerate(words[:-1]) if plain(word[0]) in _plain("office")), default=-1)
    words = words[inner + 1 :]  # "Estmark Railways Chief Tobias Renneke"
    if not words or any(_is_thing(word[0]) for word in words):
        return None
    begin, end = words[0].start(), words[-1].end()
    begin += len(found[0]) if (found := _ELIDED.match(printed[begin:end])) else 0
    name = _POSSESSIVE.sub("", printed[begin:end]).rstrip(".,-")
    if not person_words(name) or len(plain(name)) < 2:
        return None
    return name, begin


def _is_lead_in(word: str) -> bool:
    """Titles, words that are capitalised for standing first, possessives and "Russia-backed"."""
    if _ATTRIBUTIVE.search(word) or _CONTRACTED.match(word):
        return True
    key = plain(word)
    return key in _plain("titles") or key in _plain("sentence_start") or key in _plain("demonym")


def _is_thing(word: str) -> bool:
    return plain(_POSSESSIVE.sub("", word)) in _plain("thing")


def fullest(name: str, known: Iterable[str]) -> str:
    """The longest spelling among `known` that is the same person, with more words first; the name itself if none."""
    same = [other for other in known if same_person(name, other)]
    best = max([name, *same], key=lambda other: (_weight(other), other == name))
    return _nominative(best, same) if _RUSSIAN.search(best) else best


def resolve(name: str, known: Sequence[str]) -> str | None:
    """The person a printed subject means: a full name, a family name or a given name of one of `known`; else `None`."""
    if len(person_words(name)) > 1:
        return fullest(name, known) if any(same_person(name, other) for other in known) else None
    found = fullest(name, known)
    if len(person_words(found)) > 1:
        return found
    given = {fullest(other, known) for other in known if plain(person_words(other)[0]) == plain(name)}
    if len(given) == 1:
        return given.pop()
    if name in known:  # a lone name beyond doubt
        return name
    return name if re.search(r"[\u0600-\u06ff]", name) else None  # no capitals to tell a name by: the verb did


def _weight(name: str) -> tuple[int, int, int]:
    words = person_words(name)
    return len(words), sum(len(word.strip(".")) for word in words), -sum(word.isupper() for word in words)


def _nominative(name: str, others: Iterable[str]) -> str:
    """Of the forms of a Russian name the undeclined: the shorter, and "Анна" before "Анну"."""
    count, whole = len(person_words(name)), "." not in name
    forms = [
        o for o in others if len(person_words(o)) == count > 1 and ("." not in o) == whole and same_person(o, name)
    ]
    return min([name, *forms], key=lambda form: (len(form), sum(map(bool, map(_DECLINED.search, form.split())))))


def without_title(name: str) -> str:
    """A name without leading titles, spelt as printed: "President Bashar al-Assad" is "Bashar al-Assad"."""
    words = name.split()
    while len(words) > 1 and plain(words[0]) in _plain("titles"):
        words.pop(0)
    return " ".join(words)


def people(texts: Sequence[str]) -> list[str]:
    """The names of two words and more in some texts, each spelling once, in order."""
    found = dict.fromkeys(name for text in texts for name, _, _ in names_in(text))
    return [name for name in found if len(person_words(name)) > 1 and not outlets_in(name)]


@cache
def _media() -> frozenset[str]:
    words = load("names")
    kinds = (*words["media_neutral"], *words["media_radio"], *words["media_television"])
    return frozenset(plain(word) for word in kinds if len(word) > 3)


@cache
def _plain(key: str) -> frozenset[str]:
    source = "names" if key == "titles" else "persons"
    return frozenset(plain(word) for word in load(source)[key])
