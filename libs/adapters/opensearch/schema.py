"""What the indices look like: reads `schemas/*.json` and gives the body to create an index with.

Every index has the same strict fields; only the analyzer `nf_stem` differs between language groups. `nf_exact` folds
case, accents and Arabic forms and stems nothing; `nf_variants` is the same plus the name variants and is used for
queries only, so that switching it off needs no second field (`"analyzer": "nf_exact"` in the query).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from libs.domain.variants import VariantGroup, synonym_rules

SCHEMAS: Final = Path(__file__).with_name("schemas")
ALIASES: Final = ("articles", "turns", "stories", "alerts")
OTHER_LANGUAGES: Final = "xx"
# An article of 500 KB is highlighted up to its last word; measured with offsets in the postings.
MAX_HIGHLIGHTED_CHARACTERS: Final = 2_000_000
# A deletion is remembered so long, so that a slow writer's older state cannot bring a document back.
REMEMBER_DELETES: Final = "1h"
# An export walks in pages of up to 10,000 hits, the engine's default.
MAX_FIELDS: Final = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class IndexNames:
    """How aliases and physical indices are called. `prefix` lets several installations share one cluster.

    `articles` is what people query; `articles-en` is where the indexer writes; `articles-en-000001` holds the data.
    An alias that is not kept by language is both queried and written.
    """

    prefix: str = ""

    def alias(self, kind: str) -> str:
        return f"{self.prefix}{kind}"

    def write_alias(self, kind: str, group: str) -> str:
        return f"{self.prefix}{kind}-{group}" if by_language(kind) else self.alias(kind)

    def physical(self, kind: str, group: str, generation: int) -> str:
        return f"{self.write_alias(kind, group)}-{generation:06d}"


def _read(name: str) -> Json:
    """A schema file, each time as values of the caller's own."""
    loaded: Json = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@cache
def language_groups() -> tuple[str, ...]:
    """The language codes with a stemmer of their own, and `xx` for all others."""
    return tuple(_read("languages"))


def group_of(language: str | None) -> str:
    """The language group of an article's language code (ISO 639-1, or unknown)."""
    return language if language in language_groups() else OTHER_LANGUAGES


@cache
def by_language(kind: str) -> bool:
    """Whether an alias spans one index per language group."""
    return bool(_read(kind)["by_language"])


def groups_of(kind: str) -> tuple[str, ...]:
    """The language groups that an alias is made of; one that is not kept by language has only `xx`."""
    return language_groups() if by_language(kind) else (OTHER_LANGUAGES,)


def properties(kind: str) -> Json:
    """The mapped fields of an alias. A saved search may name every field of an article, so alerts have those too."""
    own: Json = _read(kind)["properties"]
    return {**_read("articles")["properties"], **own} if kind == "alerts" else own


def mappings(kind: str) -> Json:
    return {"dynamic": "strict", "properties": properties(kind)}


def analysis(group: str, variants: Sequence[VariantGroup]) -> Json:
    """The analyzers of a language group with a list of name variants."""
    shared, own = _read("analysis"), _read("languages")[group]
    rules = {**shared["filter"]["nf_variants"], "synonyms": synonym_rules(variants)}
    stem = {"type": "custom", "char_filter": ["nf_chars"], "tokenizer": "standard", "filter": own["chain"]}
    return {
        "char_filter": shared["char_filter"],
        "filter": {**shared["filter"], "nf_variants": rules, **own["filter"]},
        "analyzer": {**shared["analyzer"], "nf_stem": stem},
    }


def index_body(kind: str, group: str, variants: Sequence[VariantGroup], *, refresh_interval: str = "5s") -> Json:
    """The request body that creates a physical index of `kind` for a language group."""
    settings = {
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        "refresh_interval": refresh_interval,
        "gc_deletes": REMEMBER_DELETES,
        "mapping.total_fields.limit": MAX_FIELDS,
        "highlight.max_analyzed_offset": MAX_HIGHLIGHTED_CHARACTERS,
        "analysis": analysis(group, variants),
    }
    return {"settings": {"index": settings}, "mappings": mappings(kind)}
