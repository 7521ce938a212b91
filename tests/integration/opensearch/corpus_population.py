"""The demo corpus as if the pipeline had recorded it: each labelled interview is a story, led by its first article."""

import json
from pathlib import Path
from typing import Any

from search_population import Piece

ROLES = {"interviewer": "question", "interviewee": "answer"}


def corpus_pieces(corpus: Path) -> list[Piece]:
    """One piece for each page with one article; later versions of a page are left out."""
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((corpus / "articles").glob("*.json"))]
    usable = [d for d in documents if d["paragraphs"] and d["same_url_as"] is None]
    leads: dict[str, str] = {}
    for document in sorted(usable, key=lambda d: (d["kind"] != "transcript", d["published"], d["id"])):
        leads.setdefault(_story(document), document["id"])
    return [_piece(document, lead=leads[_story(document)] == document["id"]) for document in usable]


def _story(document: dict[str, Any]) -> str:
    return str(document["interview"] or document["id"])


def _piece(document: dict[str, Any], *, lead: bool) -> Piece:
    labels = {label["label"]: label for label in document.get("speaker_labels") or []}
    turns = tuple(_turn(paragraph, labels) for paragraph in document["paragraphs"])
    spoken = any(role != "other" for role, _, _ in turns)
    return Piece(
        url=document["url"],
        title=document["title"],
        outlet=document["outlet"],
        publisher=document["outlet"].lower(),
        story=_story(document),
        body="" if spoken else "\n\n".join(document["paragraphs"]),
        turns=turns if spoken else (),
        language=document["lang"],
        published=document["published"],
        kind="interview" if spoken else "report",
        interviewee=document["interviewee"],
        broadcasters=tuple(document["interviewer_outlets"] or ()),
        lead=lead,
        link_types=() if lead else ("rewrite",),
        comments=len(document["comments"]),
        questions=document["questions"] or 0,
    )


def _turn(paragraph: str, labels: dict[str, Any]) -> tuple[str, str | None, str]:
    for label, who in labels.items():
        if paragraph.startswith(label):
            return ROLES[who["role"]], who["name"], paragraph
    return "other", None, paragraph
