"""`quarantine list|show|replay`: what was set aside, why, and again."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from libs.contracts.quarantine import QuarantineEntry

Id = Annotated[str, typer.Argument(metavar="ID", help="An entry's id, or its unique beginning.")]

group = typer.Typer(no_args_is_help=True, help="What was set aside, why, and again.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="quarantine")


@group.command(name="list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also what was replayed or resolved.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The entries, newest first."""
    from services.cli.output import print_lines, print_table, shortened

    found = asyncio.run(_listed(data, everything=everything))
    if as_json:
        print_lines(e.model_dump(mode="json", exclude={"payload_base64", "payload_text"}) for e in found)
        return
    rows = [
        (
            e.quarantine_id[:12],
            e.recorded_at.isoformat(timespec="seconds"),
            e.stage,
            e.reason,
            e.state,
            shortened(e.error, 80),
        )
        for e in found
    ]
    print_table(("id", "when", "stage", "reason", "state", "error"), rows)


async def _listed(data: Any, *, everything: bool) -> "list[QuarantineEntry]":
    from libs.adapters.postgres.quarantine import QuarantineDesk
    from libs.contracts.quarantine import QuarantineEntry
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        return [
            QuarantineEntry.of(e) for e in await QuarantineDesk(engine).listed(state=None if everything else "open")
        ]


@group.command()
def show(name: Id, data: Data = DATA, as_json: Json = False) -> None:
    """One entry with the original bytes of its message."""
    from services.cli.output import print_fields, print_json

    found = asyncio.run(_shown(data, name)).model_dump(mode="json")
    if as_json:
        print_json(found)
        return
    if found["payload_text"] is not None:
        del found["payload_base64"]  # the same again, for programs
    print_fields(found)


async def _shown(data: Any, name: str) -> "QuarantineEntry":
    from services.cli.setaside import shown
    from services.cli.target import Target

    async with Target(data).open_postgres() as engine:
        return await shown(engine, name)


@group.command()
def replay(
    names: Annotated[list[str] | None, typer.Argument(metavar="ID...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open entries.")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="All open entries with this reason.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take entries up again: their records lose their end and are sent on their way once more."""
    from services.cli.failures import WrongUsage
    from services.cli.output import print_json, print_text

    if not names and not everything and reason is None:
        raise WrongUsage("name entries, or give --all or --reason")
    found = asyncio.run(_replay(data, names or [], everything=everything, reason=reason))
    if as_json:
        print_json(found)
        return
    print_text(f"{len(found['replayed'])} replayed")
    for entry in found["impossible"]:
        print_text(f"{entry[:12]} cannot be replayed: its message is no event, or its record has moved on")


async def _replay(data: Any, names: list[str], *, everything: bool, reason: str | None) -> dict[str, list[str]]:
    from services.cli.publishing import open_publisher
    from services.cli.setaside import replay as replay_entries
    from services.cli.target import Target

    target = Target(data)
    async with target.open_postgres() as engine, open_publisher(target.nats) as publish:
        return await replay_entries(engine, publish, names, everything=everything, reason=reason)
