"""Sentence meaning within the deduplicators' lock: who is to be heard, and the verdicts that links are made of."""

from collections.abc import Collection, Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.domain.stories.meaning import Share
from libs.domain.stories.meant import LEAST_SHARE, Verdicts
from libs.domain.stories.records import Versions

PairKey = tuple[str, str]

_IDS = "ANY(CAST(:ids AS text[]))"
_WANT = text(
    "INSERT INTO voices (text_id) SELECT unnest(CAST(:ids AS text[]))"
    " ON CONFLICT (text_id) DO UPDATE SET wanted = voices.wanted + 1"
)
_DONE = text(
    "UPDATE voices SET heard = given.wanted"
    " FROM unnest(CAST(:ids AS text[]), CAST(:wanted AS int[])) AS given (text_id, wanted)"
    " WHERE voices.text_id = given.text_id"
)
_VERDICTS = text(f"""
WITH mine AS (
    SELECT a, b, matched, sentences FROM verdicts WHERE a = {_IDS}
    UNION SELECT a, b, matched, sentences FROM verdicts WHERE b = {_IDS})
SELECT mine.* FROM mine
    JOIN texts AS one ON one.text_id = mine.a AND one.live JOIN texts AS other ON other.text_id = mine.b AND other.live
ORDER BY a, b""")  # noqa: S608
_NAMED = text(f"SELECT text_id, named FROM voices WHERE text_id = {_IDS}")  # noqa: S608
_PUT = text("""
INSERT INTO verdicts (a, b, matched, sentences, encoders, background)
SELECT given.*, :encoders, :background FROM unnest(
    CAST(:a AS text[]), CAST(:b AS text[]), CAST(:matched AS int[]), CAST(:sentences AS int[])) AS given
ON CONFLICT (a, b) DO UPDATE SET matched = excluded.matched, sentences = excluded.sentences,
    encoders = excluded.encoders, background = excluded.background""")


class PostgresHearing:
    """Implements `services.deduplicator.ports.Hearing`."""

    def __init__(self, connection: AsyncConnection, *, meaning: bool) -> None:
        self._connection, self._meaning = connection, meaning

    async def want(self, text_ids: Collection[str]) -> None:
        if self._meaning and text_ids:
            await self._connection.execute(_WANT, {"ids": sorted(text_ids)})

    async def verdicts(self, text_ids: Collection[str]) -> Verdicts:
        rows = (await self._connection.execute(_VERDICTS, {"ids": sorted(text_ids)})).all()
        shares = {(r.a, r.b): Share(r.matched, r.sentences) for r in rows}
        telling = {pair: share for pair, share in shares.items() if share.per_mille >= LEAST_SHARE}
        if not telling:
            return Verdicts()
        named = await self._connection.execute(_NAMED, {"ids": sorted({i for pair in telling for i in pair})})
        return Verdicts({r.text_id: frozenset(r.named) for r in named}, telling)

    async def put(self, shares: Mapping[PairKey, Share], versions: Versions) -> None:
        if not shares:
            return
        ordered = sorted(shares.items())
        values = {
            "a": [a for (a, _), _ in ordered],
            "b": [b for (_, b), _ in ordered],
            "matched": [share.matched for _, share in ordered],
            "sentences": [share.sentences for _, share in ordered],
        }
        versions_of = {"encoders": versions.encoders, "background": versions.background}
        await self._connection.execute(_PUT, values | versions_of)

    async def done(self, claimed: Mapping[str, int]) -> None:
        await self._connection.execute(_DONE, {"ids": list(claimed), "wanted": list(claimed.values())})
