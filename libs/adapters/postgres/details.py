"""What is stored with a revision beside the state that it is: who published it, its counts, its quotations.

Two readings of one capture by other rules may differ in these alone, which makes no revision.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.adapters.postgres.tables import quotes, revisions

Row = dict[str, Any]

DETAILS: Final = ("outlet", "publisher", "modified", "interviewers", "questions", "words")
_QUOTED: Final = ("n", "speaker", "text", "start", "end")


async def adopt_details(connection: AsyncConnection, revision_id: str, row: Row, quoted: Sequence[Row]) -> bool:
    """Store the details of `row` and the quotations `quoted` with a revision; whether any of them changed."""
    return any(
        [
            await _adopt_columns(connection, revision_id, {name: row[name] for name in DETAILS}),
            await _adopt_quotes(connection, revision_id, quoted),
        ]
    )


async def _adopt_columns(connection: AsyncConnection, revision_id: str, wanted: Row) -> bool:
    this = revisions.c.revision_id == revision_id
    stored = (await connection.execute(select(*(revisions.c[name] for name in wanted)).where(this))).one()
    if dict(stored._mapping) == wanted:
        return False
    await connection.execute(update(revisions).where(this).values(wanted))
    return True


async def _adopt_quotes(connection: AsyncConnection, revision_id: str, quoted: Sequence[Row]) -> bool:
    q = quotes.c
    query = select(*(q[name] for name in _QUOTED)).where(q.revision_id == revision_id).order_by(q.n)
    if [tuple(row) for row in await connection.execute(query)] == [tuple(r[name] for name in _QUOTED) for r in quoted]:
        return False
    await connection.execute(delete(quotes).where(q.revision_id == revision_id))
    if quoted:
        await connection.execute(insert(quotes), list(quoted))
    return True
