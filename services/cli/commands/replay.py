"""`replay`: a stage does its work again for what has its end."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

STAGES = "normalizer|deduplicator|indexer"
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    stage: Annotated[
        str, typer.Option("--stage", metavar=STAGES, help="Who does it again: reads pages, finds stories, indexes.")
    ] = "normalizer",
    since: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Captured then or later; UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Captured before; UTC.")] = None,
    host: Annotated[str | None, typer.Option(help="Pages of this host.")] = None,
    source: Annotated[str | None, typer.Option(metavar="URL|ID", help="What this standing source brought.")] = None,
    read_before: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, help="Not read since: the time at which a replay that was cut short began."),
    ] = None,
    per_second: Annotated[float, typer.Option(min=0, help="At most so many messages a second; 0: no limit.")] = 50,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Do work again that was done before, by the rules of this release, in the lane `replay`.

    The normalizer reads the bytes of captures again. Where an article now reads otherwise it gets a new revision; with
    the same rules nothing changes.
    """
    from libs.adapters.postgres.replaying import Again, Selection
    from services.cli.failures import WrongUsage
    from services.cli.output import print_json, print_text

    if stage not in list(Again):
        raise WrongUsage(f"--stage {stage}: write one of {STAGES}")
    wanted = Selection(_utc(since), _utc(until), host, read_before=_utc(read_before))
    found = asyncio.run(_replay(data, Again(stage), wanted, source, per_second, dry_run=dry_run))
    if as_json:
        print_json({"stage": stage, "dry_run": dry_run, **found})
        return
    chosen = ", ".join(f"{count:,} {what}" for what, count in found["chosen"].items())
    sent = ", ".join(f"{count:,} {event}" for event, count in found["sent"].items()) or "nothing"
    print_text(f"{chosen} would be done again" if dry_run else f"{chosen} chosen, {sent} sent")


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


async def _replay(
    data: Any, stage: Any, selection: Any, source: str | None, per_second: float, *, dry_run: bool
) -> dict[str, dict[str, int]]:
    from dataclasses import replace

    from libs.adapters.postgres.replaying import counted
    from services.cli.output import Progress
    from services.cli.publishing import open_publisher
    from services.cli.replays import send_again, source_named
    from services.cli.target import Target

    target, line = Target(data), Progress()
    async with target.open_postgres() as engine:
        if source is not None:
            selection = replace(selection, source_id=await source_named(engine, source))
        chosen = await counted(engine, stage, selection)
        if dry_run:
            return {"chosen": chosen, "sent": {}}
        async with open_publisher(target.nats) as publish:
            sent = await send_again(
                engine,
                publish,
                stage,
                selection,
                per_second=per_second,
                progress=lambda n: line.show(f"{n:,} messages sent"),
            )
        line.clear()
    return {"chosen": chosen, "sent": sent}
