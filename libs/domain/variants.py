"""Name variants: spellings under which one place, organisation or person stands in the news.

In: a TOML file of groups (`variants.toml` beside this module, or a newsroom's own list). Out: checked groups, and the
rules for the search engine's query-time expansion. The engine answers a bad rule with a sentence that names neither
the rule nor the cause, so every list is checked here first; nothing is skipped silently.

A variant must be safe as a plain word search: "IS" is not, since lower-cased it is the English verb.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).with_name("variants.toml")
KINDS = ("place", "organisation", "person")
# Rules live in the cluster state of every index; measured without query cost up to 100,000, sensible below this.
MAX_GROUPS = 20_000
MIN_LATIN_LETTERS = 3  # shorter ones are words of some language ("IS", "UN" as French article, "EU" as Portuguese "I")
MAX_VARIANT_CHARACTERS = 80
# The engine's rule syntax: a comma separates, `=>` replaces, `#` starts a comment, a backslash escapes.
_FORBIDDEN = re.compile(r"[,#\\\n\r\t]|=>")
_WORD = re.compile(r"\w+")


class BadVariants(ValueError):
    """A list that must not reach the search engine. `problems` has one line for each fault, naming its group."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class VariantGroup:
    """Spellings that mean the same. `name` is the one to show and is itself a variant."""

    name: str
    kind: str
    variants: tuple[str, ...]

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.name, *self.variants)


def load_variants(path: Path = SHIPPED) -> tuple[VariantGroup, ...]:
    """Read and check a list. Raises BadVariants, or OSError when the file cannot be read."""
    try:
        groups = parse_groups(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadVariants([f"{path.name}: {error}"]) from error
    problems = list(find_problems(groups))
    if problems:
        raise BadVariants(problems)
    return groups


def parse_groups(data: Mapping[str, object]) -> tuple[VariantGroup, ...]:
    """Turn `[[group]]` tables into values. Raises BadVariants for a wrong shape."""
    tables = data.get("group")
    if not isinstance(tables, list) or set(data) != {"group"}:
        raise BadVariants(["expected nothing but [[group]] tables"])
    return tuple(_group(n, table) for n, table in enumerate(tables, start=1))


def _group(n: int, table: object) -> VariantGroup:
    match table:
        case {"name": str(name), "kind": str(kind), "variants": list(variants), **rest} if not rest:
            if all(isinstance(variant, str) for variant in variants):
                return VariantGroup(name, kind, tuple(variants))
    raise BadVariants([f"group {n}: needs exactly name, kind and variants, a list of strings"])


def find_problems(groups: Sequence[VariantGroup]) -> Iterator[str]:
    """Everything that is wrong with a list, a line each."""
    if len(groups) > MAX_GROUPS:
        yield f"{len(groups)} groups, at most {MAX_GROUPS} are allowed"
    owner: dict[str, str] = {}
    for group in groups:
        yield from _problems_of(group)
        for spelling in group.spellings:
            other = owner.setdefault(fold(spelling), group.name)
            if other != group.name:
                yield f"{group.name}: {spelling!r} also stands in {other}"


def _problems_of(group: VariantGroup) -> Iterator[str]:
    if group.kind not in KINDS:
        yield f"{group.name}: kind {group.kind!r} is none of {', '.join(KINDS)}"
    if len({fold(spelling) for spelling in group.spellings}) < 2:
        yield f"{group.name}: needs a spelling that differs by more than case, accents or punctuation"
    for spelling in group.spellings:
        if (problem := _problem_of_spelling(spelling)) is not None:
            yield f"{group.name}: {spelling!r} {problem}"


def _problem_of_spelling(spelling: str) -> str | None:
    if _FORBIDDEN.search(spelling):
        return "has a character of the rule syntax"
    if unicodedata.normalize("NFC", spelling) != spelling:
        return "is not in Unicode form NFC"
    if len(spelling) > MAX_VARIANT_CHARACTERS:
        return f"is longer than {MAX_VARIANT_CHARACTERS} characters"
    letters = fold(spelling).replace(" ", "")
    if not letters or (letters.isascii() and len(letters) < MIN_LATIN_LETTERS):
        return "is too short to be safe as a word search"
    return None


def fold(spelling: str) -> str:
    """Lower case, without accents and punctuation: two spellings with one fold are the same to the search engine."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", spelling.casefold()) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(bare))


def synonym_rules(groups: Sequence[VariantGroup]) -> list[str]:
    """The list in the engine's syntax: one rule a group, its spellings equal to one another, each fold once."""
    return [", ".join({fold(s): s.lower() for s in group.spellings}.values()) for group in groups]
