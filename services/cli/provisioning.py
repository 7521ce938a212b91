"""Brings schema, streams, consumers and indices to this release, or says what differs."""

import asyncio
from dataclasses import dataclass

from services.cli.failures import answering


@dataclass(frozen=True, slots=True)
class Provisioned:
    """`changed`: what was made. `drift`: what differs still; with a check, all that differs."""

    changed: tuple[str, ...]
    drift: tuple[str, ...]


async def provision(
    *, nats_url: str, postgres_url: str, opensearch_url: str, postgres_roles: str | None = None, check: bool = False
) -> Provisioned:
    """All three engines. Idempotent. Raises CommandFailed when one does not answer.

    With `postgres_roles` (see `CliSettings`) the services' roles and their grants too.
    """
    with answering("postgres", postgres_url):
        postgres_changed, postgres_drift = await asyncio.to_thread(_postgres, postgres_url, postgres_roles, check=check)
    lines = await provision_broker(nats_url, check=check)
    with answering("opensearch", opensearch_url):
        search_changed, search_drift = await _opensearch(opensearch_url, check=check)
    return Provisioned(
        changed=(*postgres_changed, *([] if check else lines), *search_changed),
        drift=(*postgres_drift, *(lines if check else []), *search_drift),
    )


async def provision_broker(url: str, *, check: bool = False) -> list[str]:
    """Streams and consumers; what was missing, a line each."""
    from libs.adapters.nats.provision import provision_nats

    with answering("nats", url):
        return await provision_nats(url, check=check)


def _postgres(url: str, roles: str | None, *, check: bool) -> tuple[list[str], list[str]]:
    from libs.adapters.postgres.grants import apply_grants, passwords
    from libs.adapters.postgres.migrate import drift, upgrade

    before = drift(url)
    after = before
    if before and not check:
        upgrade(url)
        after = drift(url)
    granted = [] if roles is None else apply_grants(url, passwords(roles), check=check)
    if check:
        return [], [*before, *granted]
    return [*(line for line in before if line not in after), *granted], after


async def _opensearch(url: str, *, check: bool) -> tuple[list[str], list[str]]:
    from libs.adapters.opensearch.client import open_client
    from libs.adapters.opensearch.provision import provision as provision_indices

    client = open_client(url)
    try:
        report = await provision_indices(client, check=check)
    finally:
        await client.close()
    created = [f"opensearch: index {name} created" for name in report.created]
    return [*created, *report.changed], list(report.drift)
