"""From a person's words to query bodies. Pure: no engine is asked here.

Free words must all occur; `"words in quotes"` as a phrase; `-word` and `-"a phrase"` must not. Name variants are
expanded by the fields' own search analyzer; with `exact` neither variants nor stems are used.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]

# Facet name on the command line -> field. The plural of the field says that an article can have several values.
FACETS: Final[Mapping[str, str]] = {
    "outlet": "outlet",
    "publisher": "publisher",
    "language": "language",
    "kind": "kind",
    "section": "section",
    "tag": "tags",
    "paywall": "paywall",
    "interviewee": "interviewee",
    "interviewer": "interviewers",
    "broadcaster": "broadcasters",
    "speaker": "speakers",
    "person": "people",
    "place": "places",
    "organisation": "organisations",
    "link_type": "link_types",
    "story": "story_id",
    "lead": "lead",
    "date": "published",
}
COUNTED: Final = tuple(name for name in FACETS if name not in ("story", "date"))
STORY_SIZE: Final = "story_size"  # a facet of stories: asked of their own alias
FACET_VALUES: Final = 50
STORIES: Final = 10_000
STORIES_A_VALUE: Final = 1_000  # takes 8 bytes each for every value of every facet in every shard
_TERM: Final = re.compile(r'(?P<no>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>\S+))')
_DATES: Final = re.compile(r"(\d{4}(?:-\d\d(?:-\d\d)?)?)?(\.\.)?(\d{4}(?:-\d\d(?:-\d\d)?)?)?")


class BadQuery(ValueError):
    """What was asked cannot be searched for; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query taken apart."""

    words: str
    phrases: tuple[str, ...]
    without: tuple[str, ...]


def parse(text: str) -> Asked:
    """Read what a person typed. An unclosed quotation mark counts as a word's."""
    words: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    for term in _TERM.finditer(unicodedata.normalize("NFC", text)):
        found = term["phrase"] if term["word"] is None else term["word"]
        if not found.strip("-\"' \t"):
            continue
        (without if term["no"] else phrases if term["word"] is None else words).append(found)
    return Asked(" ".join(words), tuple(phrases), tuple(without))


def text_query(text: str, facets: Sequence[tuple[str, str]] = (), *, exact: bool = False) -> Json:
    """The query on `articles`. Values of one facet are alternatives, facets narrow each other. Raises BadQuery."""
    return _query(text, facets, exact=exact, head="title", body="body")


def turn_query(text: str, *, speaker: str | None = None, role: str | None = None, exact: bool = False) -> Json:
    """The query on `turns`. `role` is question, answer or other; `speaker` needs only a part of a name ("Assad")."""
    if role not in (None, "question", "answer", "other"):
        raise BadQuery(f"role {role!r} is none of question, answer, other")
    found = _query(text, (), exact=exact, head=None, body="text")
    found["bool"]["filter"] += [{"term": {"role": role}}] if role else []
    if speaker:
        named = {"query": unicodedata.normalize("NFC", speaker), "operator": "and"}
        found["bool"]["filter"].append(
            {"match": {"speaker.words": named | ({"analyzer": "nf_exact"} if exact else {})}}
        )
    return found


def _query(text: str, facets: Sequence[tuple[str, str]], *, exact: bool, head: str | None, body: str) -> Json:
    asked = parse(text)
    if text.strip() and not (asked.words or asked.phrases or asked.without):
        raise BadQuery(f"nothing to search for in {text!r}")
    must = [_matches("free", asked.words, head, body, exact=exact)] if asked.words else []
    must += [_matches("phrase", phrase, head, body, exact=exact) for phrase in asked.phrases]
    without = [_matches("phrase", phrase, head, body, exact=exact) for phrase in asked.without]
    return {"bool": {"must": must or [{"match_all": {}}], "must_not": without, "filter": _filters(facets)}}


def _matches(kind: str, words: str, head: str | None, body: str, *, exact: bool) -> Json:
    """The words as spelt (with variants) or their stems; free words may stand partly in the title, partly in the text."""
    fields = [body] if head is None else [f"{head}^2", body]
    queries = [_match(kind, words, fields, exact=exact)]
    if not exact and kind == "free":
        queries.append(_match(kind, words, [_stemmed(field) for field in fields], exact=False))
    return {"dis_max": {"tie_breaker": 0.3, "queries": queries}}


def _stemmed(field: str) -> str:
    name, boost, factor = field.partition("^")
    return f"{name}.stem{boost}{factor}"


def _match(kind: str, words: str, fields: Sequence[str], *, exact: bool) -> Json:
    how: Json = {"type": "cross_fields", "operator": "and"} if kind == "free" else {"type": "phrase"}
    return {
        "multi_match": {"query": words, "fields": list(fields), **how, **({"analyzer": "nf_exact"} if exact else {})}
    }


def _filters(facets: Sequence[tuple[str, str]]) -> list[Json]:
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in facets:
        if name not in FACETS:
            raise BadQuery(f"no facet {name!r}; there are {', '.join((*FACETS, STORY_SIZE))}")
        values[name].append(unicodedata.normalize("NFC", value))
    return [_filter(name, wanted) for name, wanted in values.items()]


def _filter(name: str, values: Sequence[str]) -> Json:
    field = FACETS[name]
    match name:
        case "date":
            return {"bool": {"should": [{"range": {field: _dates(value)}} for value in values]}}
        case "lead" | "paywall" if not set(values) <= {"true", "false"}:
            raise BadQuery(f"facet {name} is true or false")
    return {"terms": {field: list(values)}}


def _dates(value: str) -> Json:
    """`2024`, `2024-05`, `2024-05-14`, and `2024-05..2024-06`, open at either end; all inclusive, in UTC."""
    found = _DATES.fullmatch(value)
    if not value or found is None or (not found[2] and found[3]) or value == "..":
        raise BadQuery(f"date {value!r} is not like 2024-05-14, 2024-05 or 2024-05-01..2024-05-14")
    first, last = found[1], found[3] if found[2] else found[1]
    limits = {"gte": first and _rounded(first), "lte": last and _rounded(last)}
    return {limit: date for limit, date in limits.items() if date}


def _rounded(date: str) -> str:
    """Date mathematics: `/M` makes `gte` begin and `lte` end at the edge of the month."""
    return f"{date}||/{ {4: 'y', 7: 'M', 10: 'd'}[len(date)] }"


def story_size_query(values: Sequence[str]) -> Json:
    """The query on `stories` for sizes like `3`, `2+` or `2-5`, which are alternatives. Raises BadQuery."""
    return {"bool": {"should": [{"range": {"size": _sizes(value)}} for value in values]}}


def _sizes(value: str) -> Json:
    found = re.fullmatch(r"(\d{1,9})(\+|-(\d{1,9}))?", value)
    if found is None:
        raise BadQuery(f"story_size {value!r} is not like 3, 2+ or 2-5")
    if found[2] == "+":
        return {"gte": int(found[1])}
    return {"gte": int(found[1]), "lte": int(found[3] or found[1])}


def facet_counts(names: Sequence[str] = COUNTED, *, stories: bool = False) -> Json:
    """Aggregations that count articles for every facet's values; with `stories` also the stories they belong to."""
    counted: Json = {
        name: {"terms": {"field": FACETS[name], "size": FACET_VALUES, "order": [{"_count": "desc"}, {"_key": "asc"}]}}
        for name in names
    }
    counted["date"] = {"date_histogram": {"field": "published", "calendar_interval": "month", "min_doc_count": 1}}
    if stories:
        for aggregation in counted.values():
            aggregation["aggs"] = {"stories": story_count(STORIES_A_VALUE)}
    return counted


def story_count(exact_to: int = STORIES) -> Json:
    """How many stories there are; exact up to `exact_to`, some per cent off above."""
    return {"cardinality": {"field": "story_id", "precision_threshold": exact_to}}


def highlight(*fields: str, fragments: int = 3) -> Json:
    return {"type": "unified", "fields": {field: {"number_of_fragments": fragments} for field in fields}}
