"""What `newsfold why` says to a person: a sentence, the rules that decided, the longest passages.

In: the answer of `libs.adapters.postgres.queries.links.why`. Out: lines. Programs read the whole answer as JSON.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from services.cli.output import shortened
from services.cli.words import counted

SHOWN_PASSAGES = 3
SHOWN_LETTERS = 110

# What of the grade by words a person needs to see; what is not about the grade is always shown.
_BY_WORDS = frozenset({"copy", "rewrite", "rewrite_places", "one_quotation", "quotes"})
_DECIDED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "copy": frozenset({"copy"}),
        "rewrite": frozenset({"rewrite", "rewrite_places"}),
        "quotes": frozenset({"rewrite", "one_quotation", "quotes"}),
        "identity": frozenset(),
        "possible": frozenset({"rewrite", "quotes"}),
    }
)


def why_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The answer about two articles, line by line."""
    link, verdict = found["link"], found["verdict"]
    yield f"{verdict}; {'one story' if found['same_story'] else 'two stories'}"
    yield f"  {found['a']}"
    yield f"  {found['b']}"
    yield f"  {_sentence(found)}"
    hidden = _BY_WORDS - _DECIDED.get(verdict, _BY_WORDS)
    for reason in found["reasons"]:
        if reason["rule"] not in hidden:
            yield f"  - {reason['rule']}: {reason['text']} ({reason['value']}, threshold {reason['threshold']})"
    passages = sorted(link["passages"], key=lambda p: (-p["exact_words"], p["a"])) if link else []
    for passage in passages[:SHOWN_PASSAGES]:
        equal, words = passage["exact_words"], passage["words"]
        length = f"{words} words" if equal == words else f"{equal} of {words} words equal"
        yield f'  "{shortened(passage["text"], SHOWN_LETTERS)}" ({length})'
    if len(passages) > SHOWN_PASSAGES:
        yield f"  and {counted(len(passages) - SHOWN_PASSAGES, 'shorter passage')}"


def _sentence(found: Mapping[str, Any]) -> str:
    link = found["link"]
    if link is None:
        return "Nothing that they share makes a link."
    if not link["passages"]:
        same = "tell of one interview" if found["verdict"] == "identity" else "may tell of one interview"
        return f"They share no passage, but {same}."
    passages = counted(len(link["passages"]), "passage")
    mine, theirs = link["coverage"]["self"], link["coverage"]["other"]
    longest = f"at most {link['longest_run']} words in a row"
    if link["direction"] == "unknown":
        return f"They share {passages}, {longest}: {mine:.0%} of the first and {theirs:.0%} of the second."
    taker, giver, share = ("first", "second", mine) if link["direction"] == "from" else ("second", "first", theirs)
    return f"The {taker} took {passages} from the {giver}, {longest}: {share:.0%} of its words."
