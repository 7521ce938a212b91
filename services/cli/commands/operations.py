"""`provision`, `verify`, `reindex`, `reconcile`, `prune`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.options import DATA, Data, Json

if TYPE_CHECKING:
    from libs.adapters.opensearch.reindex import ReindexReport
    from libs.adapters.opensearch.verify import VerifyReport
    from services.cli.provisioning import Provisioned
    from services.cli.pruning import Pruned


def register(app: typer.Typer) -> None:
    for command in (provision, verify, reindex, reconcile, prune):
        app.command()(command)


def provision(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 when anything differs.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make schema, streams, consumers and indices those of this release. Repeating it changes nothing."""
    from services.cli.output import print_json, print_text

    done = asyncio.run(_provision(data, check=check))
    if as_json:
        print_json({"changed": done.changed, "drift": done.drift})
    else:
        for line in (*done.changed, *done.drift):
            print_text(line)
        if not done.drift:
            print_text("everything is as this release wants it")
    if done.drift:
        raise typer.Exit(1)


async def _provision(data: Any, *, check: bool) -> "Provisioned":
    from services.cli.provisioning import provision as provision_all
    from services.cli.settings import CliSettings
    from services.cli.target import Target

    target, roles = Target(data), CliSettings().postgres_roles
    return await provision_all(
        nats_url=target.nats,
        postgres_url=target.postgres,
        opensearch_url=target.opensearch,
        postgres_roles=None if roles is None else roles.get_secret_value(),
        check=check,
    )


def verify(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the texts: compare ids and numbers only.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Compare PostgreSQL with OpenSearch, the ledger with itself, captures with their bytes, texts with their hashes.

    Exit 1 on a difference.
    """
    from services.cli.output import print_json, print_text

    report = asyncio.run(_verify(data, contents=not quick))
    if as_json:
        print_json(report.as_json())
    else:
        print_text(
            ", ".join(f"{count:,} {kind}" for kind, count in report.documents.items()) + f", {report.blobs:,} blobs"
        )
        for d in report.differences:
            print_text(f"{d.kind} {d.id}: expected {d.expected}, found {d.found}")
        for v in report.violations:
            print_text(f"{v.count:,} times not so: {v.rule} ({', '.join(v.examples)})")
        print_text("clean" if report.clean else f"{report.difference_count + len(report.violations):,} differences")
    if not report.clean:
        raise typer.Exit(1)


async def _verify(data: Any, *, contents: bool) -> "VerifyReport":
    from libs.adapters.opensearch.verify import verify as verify_everything
    from services.cli.target import Target

    target = Target(data)
    async with target.open_postgres() as engine, target.open_opensearch() as client:
        return await verify_everything(engine, client, target.open_blobs().get, contents=contents)


def reindex(data: Data = DATA, as_json: Json = False) -> None:
    """Build all indices anew from PostgreSQL and put them behind the aliases, while news keeps coming in."""
    from dataclasses import asdict

    from services.cli.output import print_json, print_text

    report = asyncio.run(build_index(data))
    if as_json:
        print_json(asdict(report))
        return
    print_text(f"{report.articles:,} articles and {report.stories:,} stories in {len(report.indices)} new indices")
    if report.set_aside:
        print_text(f"{len(report.set_aside):,} were refused by the index: {', '.join(report.set_aside[:5])}")


async def build_index(data: Any) -> "ReindexReport":
    from prometheus_client import CollectorRegistry

    from libs.adapters.opensearch.bulk import BulkWriter
    from libs.adapters.opensearch.reindex import Reindex
    from libs.runtime.metrics import Metrics
    from services.cli.output import Progress
    from services.cli.target import Target

    target, line = Target(data), Progress()
    async with target.open_postgres() as engine, target.open_opensearch() as client:
        bulk = BulkWriter(client, Metrics(CollectorRegistry()))
        try:
            return await Reindex(engine, client, bulk, progress=lambda what, n: line.show(f"{n:,} {what}"))()
        finally:
            line.clear()


def reconcile(data: Data = DATA, as_json: Json = False) -> None:
    """Send everything that has no end on its way again, after making streams that are gone."""
    from services.cli.output import print_json, print_text

    made, sent = asyncio.run(send_unfinished(data))
    if as_json:
        print_json({"provisioned": made, "sent": sent})
        return
    for line in made:
        print_text(line)
    print_text(", ".join(f"{n:,} {event}" for event, n in sent.items()) + " sent" if sent else "nothing was unfinished")


async def send_unfinished(data: Any) -> tuple[list[str], dict[str, int]]:
    from libs.adapters.postgres.reconcile import reconcile as send_again
    from services.cli.provisioning import provision_broker
    from services.cli.publishing import open_publisher
    from services.cli.target import Target

    target = Target(data)
    made = await provision_broker(target.nats)
    async with target.open_postgres() as engine, open_publisher(target.nats) as publish:
        return made, await send_again(engine, publish)


def prune(
    older_than_days: Annotated[
        int | None, typer.Option("--older-than-days", min=1, metavar="N", help="Default: NEWSFOLD_PRUNE_DAYS.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Remove what is old and needed no more: fetches that are done, bytes of captures. Texts and the account stay."""
    from dataclasses import asdict

    from services.cli.failures import CommandFailed
    from services.cli.output import print_json, print_text
    from services.cli.settings import CliSettings

    days = older_than_days or CliSettings().prune_days
    if not days:
        raise CommandFailed("nothing is pruned unless it is asked for: --older-than-days N, or NEWSFOLD_PRUNE_DAYS")
    done = asyncio.run(_prune(data, days=days, dry_run=dry_run))
    if as_json:
        print_json(asdict(done))
        return
    print_text(
        f"{'would remove' if dry_run else 'removed'} {done.fetches:,} fetches that are done, the bytes of "
        f"{done.captures:,} captures, {done.blobs:,} blobs ({done.blob_bytes:,} bytes on disk)"
    )


async def _prune(data: Any, *, days: int, dry_run: bool) -> "Pruned":
    from services.cli.pruning import prune as remove
    from services.cli.target import Target

    target = Target(data)
    async with target.open_postgres() as engine:
        return await remove(engine, target.open_blobs(), days=days, dry_run=dry_run)
