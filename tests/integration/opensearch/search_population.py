"""A small invented newsroom in PostgreSQL: eleven articles in eight stories, and one that was withdrawn."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.adapters.postgres.tables import articles, captures, comments, pages, quotes, revisions, stories, turns
from libs.contracts.events import StoryAssigned, StoryChanged
from libs.contracts.pipeline import Lane
from libs.domain.revisions import published_at

TRACE = "0" * 32
CAPTURED = datetime(2025, 3, 10, 12, 0, tzinfo=UTC)


def ident(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Piece:
    """An article to be; `turns` are (role, speaker, text) and make up the body, unless `body` is given."""

    url: str
    title: str
    outlet: str
    publisher: str
    story: str
    body: str = ""
    turns: tuple[tuple[str, str | None, str], ...] = ()
    quotes: tuple[tuple[str | None, str], ...] = ()
    language: str | None = "en"
    published: str | None = None
    kind: str = "report"
    interviewee: str | None = None
    broadcasters: tuple[str, ...] = ()
    lead: bool = True
    link_types: tuple[str, ...] = ()
    quoted_stories: tuple[str, ...] = ()
    position: int = 0
    segments: int = 1
    comments: int = 0
    withdrawn: str | None = None
    questions: int = field(default=0)

    @property
    def key(self) -> str:
        return self.url if self.segments == 1 else f"{self.url}#{self.position}"

    @property
    def article_id(self) -> str:
        return ident(self.key)

    @property
    def story_id(self) -> str:
        return ident("story " + self.story)

    @property
    def text(self) -> str:
        return self.body or "\n\n".join(text for _, _, text in self.turns)


HARBOUR = "We will open the harbour again before the first snow falls, and nobody will pay twice for the bread."
BRIDGE = "A bridge that carries only soldiers is no bridge at all, it is a longer road to the same war."
PIECES = (
    Piece(
        url="https://wire.example/dolen",
        title="Mara Dolen: full transcript of the interview with Radio Sefar",
        outlet="Corva Wire",
        publisher="corva",
        story="dolen",
        turns=(
            ("question", "Radio Sefar", "Minister, when will the harbour be open to merchant ships?"),
            ("answer", "Mara Dolen", HARBOUR),
            ("question", "Radio Sefar", "What do you say to those who ask for a military crossing?"),
            ("answer", "Mara Dolen", BRIDGE),
        ),
        published="2025-03-09T18:00:00+01:00",
        kind="interview",
        interviewee="Mara Dolen",
        broadcasters=("Radio Sefar",),
        link_types=("copy", "rewrite"),
        questions=2,
        comments=2,
    ),
    Piece(
        url="https://spar.example/harbour",
        title="Dolen promises an open harbour",
        outlet="North Spar",
        publisher="spar",
        story="dolen",
        body=f"The minister told Radio Sefar of her plans.\n\n“{HARBOUR}”\n\nShe said nothing of Palmyra.",
        quotes=(("Mara Dolen", HARBOUR),),
        published="2025-03-10T07:30:00+01:00",
        interviewee="Mara Dolen",
        broadcasters=("Radio Sefar",),
        lead=False,
        link_types=("rewrite",),
    ),
    Piece(
        url="https://evening.example/harbour",
        title="Open harbour before the snow",
        outlet="Spar Evening",
        publisher="spar",
        story="dolen",
        body="“We will open the harbour again before the first heavy snow falls, and nobody shall pay twice for "
        "bread.” So the minister said in the evening.",
        published="2025-03-10",
        interviewee="Mara Dolen",
        lead=False,
        link_types=("rewrite",),
    ),
    Piece(
        url="https://vestnik.example/gavan",
        title="Долен: гавань откроется до снега",
        outlet="Вестник",
        publisher="vestnik",
        story="dolen",
        body="Министр обещала открыть гавань до первого снега. Солдаты из Алеппо уже ушли, говорят рыбаки.",
        language="ru",
        published="2025-03-10T09:00:00+03:00",
        interviewee="Мара Долен",
        lead=False,
        link_types=("identity",),
    ),
    Piece(
        url="https://courier.example/raqqa.html",
        title="Bakers return to al-Raqqah",
        outlet="Brindle Courier",
        publisher="courier",
        story="bakers",
        body="Twelve bakers have returned to al-Raqqah, the city's council says. Daesh had closed their ovens.",
        published="2025-02-01T10:00:00Z",
    ),
    Piece(
        url="https://spar.example/flour",
        title="Flour reaches Raqa",
        outlet="North Spar",
        publisher="spar",
        story="flour",
        body="The first lorries with flour reached Raqa at dawn. Drivers feared an attack of the Islamic State.",
        published="2025-02-03T10:00:00Z",
    ),
    Piece(
        url="https://almarfa.example/khubz",
        title="الخبز يعود إلى الرقة",
        outlet="المرفأ",
        publisher="almarfa",
        story="khubz",
        body="عاد الخبازون إلى مدينة الرقة بعد سنوات من الحرب.",
        language="ar",
        published="2025-02-04T10:00:00+03:00",
    ),
    Piece(
        url="https://rivage.example/eleves",
        title="Les élèves retrouvent l'école",
        outlet="Le Rivage",
        publisher="rivage",
        story="eleves",
        body="Les élèves de Besançon ont retrouvé leurs écoles. Aucun ministre n'était là.",
        language="fr",
        published="2025-01-15",
    ),
    Piece(
        url="https://lampwick.example/digest",
        title="Dolen speaks to Kanal Nord",
        outlet="Lampwick",
        publisher="lampwick",
        story="dolen-nord",
        turns=(
            ("question", None, "1. Do you regret the closing of the harbour?"),
            ("answer", "Dolen", "No. I regret the winter that forced us to close it."),
        ),
        published=None,
        kind="interview",
        interviewee="Dolen",
        broadcasters=("Kanal Nord",),
        segments=2,
        questions=1,
    ),
    Piece(
        url="https://lampwick.example/digest",
        title="Sheep on the runway",
        outlet="Lampwick",
        publisher="lampwick",
        story="sheep",
        body="Forty sheep delayed the morning flight from Orsen by an hour.",
        published=None,
        position=1,
        segments=2,
    ),
    Piece(
        url="https://quillon.example/opinion",
        title="Against easy bridges",
        outlet="Daily Quillon",
        publisher="quillon",
        story="opinion",
        body=f"Everybody likes a bridge. “{BRIDGE}” We beg to differ.",
        quotes=((None, BRIDGE),),
        published="2025-03-11T06:00:00Z",
        link_types=("quotes",),
        quoted_stories=(ident("story dolen"),),
    ),
    Piece(
        url="https://quillon.example/withdrawn",
        title="A harbour that never was",
        outlet="Daily Quillon",
        publisher="quillon",
        story="withdrawn",
        body="This piece about the harbour was withdrawn.",
        withdrawn="legal",
    ),
)


async def populate(engine: AsyncEngine, pieces: Sequence[Piece] = PIECES, projection: int = 1) -> None:
    """Write the pieces as if the earlier stages had recorded them, at one projection number."""
    async with engine.begin() as connection:
        for page in {piece.url: piece for piece in pieces}.values():
            await connection.execute(insert(captures).values(_capture(page)))
            await connection.execute(insert(pages).values(page_id=ident(page.url), url=page.url, host="x.example"))
        for piece in pieces:
            await connection.execute(insert(articles).values(_article(piece, projection)))
            await connection.execute(insert(revisions).values(_revision(piece, 0)))
            await _parts(connection, piece, 0)
            for n in range(piece.comments):
                await connection.execute(insert(comments).values(article_id=piece.article_id, n=n, text="I agree."))
        for story_id in sorted({piece.story_id for piece in pieces}):
            await connection.execute(insert(stories).values(_story(story_id, pieces, projection)))


async def revise(engine: AsyncEngine, piece: Piece, number: int, **changes: Any) -> Piece:
    """Record the `number`-th later revision (1 is the first), as assigned, and raise the projection number."""
    changed = replace(piece, **changes)
    async with engine.begin() as connection:
        old = revisions.c.article_id == piece.article_id
        await connection.execute(update(revisions).where(old).values(end="superseded", ended_at=CAPTURED))
        await connection.execute(insert(captures).values(_capture(changed, number)))
        await connection.execute(insert(revisions).values(_revision(changed, number)))
        await _parts(connection, changed, number)
        await connection.execute(
            update(articles)
            .where(articles.c.article_id == piece.article_id)
            .values(
                revision_id=_revision_id(changed, number),
                projection=articles.c.projection + 1,
                withdrawn_reason=changed.withdrawn,
                **({"story_id": None, "lead": False, "quoted_stories": []} if changed.withdrawn else {}),
            )
        )
    return changed


def events(pieces: Sequence[Piece] = PIECES) -> tuple[list[StoryAssigned], list[StoryChanged]]:
    """What the deduplicator would publish for the pieces."""
    common = {"lane": Lane.LIVE, "trace_id": TRACE, "projection": 1}
    assigned = [StoryAssigned(article_id=p.article_id, story_id=p.story_id, **common) for p in pieces]
    ids = sorted({piece.story_id for piece in pieces})
    return assigned, [StoryChanged(story_id=story_id, change="created", **common) for story_id in ids]


def _capture(piece: Piece, number: int = 0) -> dict[str, Any]:
    return {
        "capture_id": ident(f"capture {number} {piece.url}"),
        "asked_url": piece.url,
        "final_url": piece.url,
        "sha256": hashlib.sha256(f"{number} {piece.url}".encode()).hexdigest(),
        "bytes": 1,
        "captured_at": CAPTURED.replace(day=10 + number),
        "lane": "live",
        "trace_id": TRACE,
        "end": "extracted",
        "ended_at": CAPTURED,
        "articles": piece.segments,
        "page_id": ident(piece.url),
    }


def _article(piece: Piece, projection: int) -> dict[str, Any]:
    return {
        "article_id": piece.article_id,
        "page_id": ident(piece.url),
        "position": piece.position,
        "segments": piece.segments,
        "revision_id": _revision_id(piece, 0),
        "story_id": piece.story_id if piece.withdrawn is None else None,
        "lead": piece.lead and piece.withdrawn is None,
        "quoted_stories": list(piece.quoted_stories),
        "link_types": list(piece.link_types),
        "withdrawn_reason": piece.withdrawn,
        "projection": projection,
        "lane": "live",
        "trace_id": TRACE,
    }


def _revision_id(piece: Piece, number: int) -> str:
    return ident(f"revision {number} {piece.key}")


def _revision(piece: Piece, number: int) -> dict[str, Any]:
    capture = _capture(piece, number)
    return {
        "revision_id": _revision_id(piece, number),
        "article_id": piece.article_id,
        "capture_id": capture["capture_id"],
        "captured_at": capture["captured_at"],
        "sha256": capture["sha256"],
        "content_hash": ident(piece.text),
        "title": piece.title,
        "outlet": piece.outlet,
        "publisher": piece.publisher,
        "published": piece.published,
        "published_at": published_at(piece.published),
        "language": piece.language,
        "kind": piece.kind,
        "interviewee": piece.interviewee,
        "broadcasters": list(piece.broadcasters),
        "questions": piece.questions,
        "words": len(piece.text.split()),
        "body": piece.text,
        "lane": "live",
        "trace_id": TRACE,
        "assigned_at": CAPTURED,
    }


async def _parts(connection: Any, piece: Piece, number: int) -> None:
    revision_id, text = _revision_id(piece, number), piece.text
    for n, (role, speaker, said) in enumerate(piece.turns):
        start = text.index(said)
        row = {"revision_id": revision_id, "n": n, "role": role, "speaker": speaker}
        await connection.execute(insert(turns).values(**row, start=start, end=start + len(said)))
    for n, (speaker, said) in enumerate(piece.quotes):
        start = text.index(said)
        row = {"revision_id": revision_id, "n": n, "speaker": speaker, "text": said}
        await connection.execute(insert(quotes).values(**row, start=start, end=start + len(said)))


def _story(story_id: str, pieces: Sequence[Piece], projection: int) -> dict[str, Any]:
    members = [piece for piece in pieces if piece.story_id == story_id and piece.withdrawn is None]
    lead = next((piece.article_id for piece in members if piece.lead), None)
    return {
        "story_id": story_id,
        "lead_article_id": lead,
        "size": len(members),
        "projection": projection,
        "lane": "live",
        "trace_id": TRACE,
    }
