"""What each family of reading rules is worth: all of them, then each switched off in turn.

    python -m benchmarks.ablation DIR [--only NAME ...]

In: `DIR` as `benchmarks.extraction` reads it; beside it the corpus's web sites and the own set of `tests/quality/pages`.
Printed: a row for each family: F1 of both halves and the exact share on `DIR`; on the corpus's sites body F1, exact
share, comments found and leaked, turns, and pages lost, kept and split wrongly; how many pages of the own set are right
in every field. A family is switched off by replacing a function at the seam of its module, for the time of a row.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.extraction import Page, halves, read, read_pages, score
from tests.quality.pages.catalogue import pages as own_pages
from tests.quality.pages.marking import wrong
from tests.quality.scored_corpus import build_sites, score_sites, share

EXTRACTION, INTERVIEWS = "libs.domain.extraction", "libs.domain.interviews"


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that are switched off together: functions by their dotted names, and what answers in their place."""

    name: str
    off: dict[str, Callable[..., Any]]

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        patches = [patch(name, instead) for name, instead in self.off.items()]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in patches:
                one.stop()


def _as_is(first: Any, *_: Any, **__: Any) -> Any:
    return first


def _never(*_: Any, **__: Any) -> bool:
    return False


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _empty(kind: type) -> Callable[..., Any]:
    return lambda *_, **__: kind()


def _extraction(name: str, **off: Callable[..., Any]) -> Family:
    """Keywords name a function as `module__function`, of a class as `module__Class__function`."""
    return Family(name, {f"{EXTRACTION}.{key.replace('__', '.')}": instead for key, instead in off.items()})


def _interviews(name: str, **off: Callable[..., Any]) -> Family:
    return Family(name, {f"{INTERVIEWS}.{key.replace('__', '.')}": instead for key, instead in off.items()})


FAMILIES = (
    Family("none", {}),
    _extraction("furniture by class, role or style", paragraphs__Walk___furniture=_never),
    _extraction("marks that cannot be true", trust___lying=_empty(set)),
    _extraction("comments by class or microdata", paragraphs__Walk___comments=_never),
    _extraction("comments by their own look", page__comment_regions=_empty(set)),
    _extraction("cut at the title", body___after_title=lambda part, title: list(part)),
    _extraction("teaser cards and boxes", body___card_paragraphs=_empty(set)),
    _extraction("cut at the tail", body___before_tail=_as_is),
    _extraction("furniture by words", body__is_furniture=_never),
    _extraction("menus", body__is_menu=_never),
    _extraction("heads above the text", body___after_head=_as_is),
    _extraction("lines alone below the title", body___stands_alone=_never),
    _extraction("lines that sign", body___signs=_never),
    _extraction("leads that are text", body___is_lead_text=_never),
    _extraction("appendix below the text", body___before_appendix=_as_is),
    _extraction("text declared for scripts", page___declared_text=_empty(list)),
    _extraction("joined title lines", page___part_title_lines=lambda declared, ps, part, url: (ps, part)),
    _extraction("articles of one page", segments__split=_empty(list)),
    _extraction("signature below the text", bylines__closing_byline=lambda *_: (None, 0), bylines__signature=_empty(list)),
    _extraction("credit lines", bylines__credit_line=_nothing, segments__credit_line=_nothing),
    _extraction("classes that a style sheet sets bold", trust__styled_classes=_empty(dict)),
    _extraction("classes of questions", page___question_class=_nothing),
    _extraction("days by htmldate and address", page___fallback_times=_empty(list)),
    _extraction("verdict", page__judge=_nothing),
    _extraction("verdict: lists of links", verdict___is_list=_never),
    _extraction("mojibake", page__repair=_as_is, plaintext__repair=_as_is),
    _interviews("turns by labels", turns__labelled_marks=_empty(list)),
    _interviews("turns without labels", turns__unlabelled_marks=_empty(list)),
    _interviews("missed labels", labelled___with_missed=lambda blocks, marks: list(marks)),
    _interviews("labels inside paragraphs", labelled___with_inside=lambda blocks, marks, accepted: list(marks)),
    _interviews("one side without labels", labelled___with_unlabelled_side=lambda blocks, marks: list(marks)),
    _interviews("end of the speech", turns__speech_ends=lambda blocks, marks: blocks[-1].start + len(blocks[-1].text)),
    _interviews("family names alone", narration__lone_names=_empty(list)),
)  # fmt: skip


def row(pages: list[Page], sites: Path) -> str:
    """The figures of one row."""
    bodies = {page.id: read(page)["articleBody"] for page in pages}
    scores = {half: score(members, bodies) for half, members in halves(pages).items()}
    corpus = score_sites(sites)
    wrongly = "/".join(str(corpus[key]) for key in ("lost", "kept_though_no_article", "split_wrongly"))
    own = own_pages()
    right = sum(not wrong(page) for page in own)
    return " | ".join(
        [f"{scores[half].f1:.4f}".lstrip("0") for half in ("odd half", "even half")]
        + [f"{scores['all'].exact:.3f}".lstrip("0")]
        + [f"{corpus[key]:.4f}".lstrip("0") for key in ("body_f1", "body_exact")]
        + [
            f"{share(corpus[key]):.3f}".removeprefix("0")
            for key in ("byline", "minute", "segments", "comments", "turns")
        ]
        + [corpus["comments"].rpartition(" ")[2], wrongly, f"{right} of {len(own)}"]
    )


HEAD = "| switched off | odd | even | exact | corpus F1 | exact | byline | minute | segments | comments | turns | leaked | lost/kept/split | own set |"  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", help="names of families")
    args = parser.parse_args()
    pages = read_pages(args.folder)
    print(HEAD, "|" + "---|" * HEAD.count(" | ") + "---|", sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        sites = build_sites(Path(folder))
        for family in FAMILIES:
            if not args.only or family.name in args.only:
                with family.switched_off():
                    print(f"| {family.name} | {row(pages, sites)} |", flush=True)


if __name__ == "__main__":
    main()
