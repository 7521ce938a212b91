"""Brings schema, streams, consumers and indices to this release, or says what differs."""

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provisioned:
    """`changed`: what was made. `drift`: what differs still; with a check, all that differs."""

    changed: tuple[str, ...]
    drift: tuple[str, ...]


async def provision(*, nats_url: str, postgres_url: str, opensearch_url: str, check: bool = False) -> Provisioned:
    """All three engines. Idempotent. Raises what their clients raise when one does not answer."""
    postgres_changed, postgres_drift = await asyncio.to_thread(_postgres, postgres_url, check=check)
    lines = await provision_broker(nats_url, check=check)
    search_changed, search_drift = await _opensearch(opensearch_url, check=check)
    return Provisioned(
        changed=(*postgres_changed, *([] if check else lines), *search_changed),
        drift=(*postgres_drift, *(lines if check else []), *search_drift),
    )


async def provision_broker(url: str, *, check: bool = False) -> list[str]:
    """Streams and consumers; what was missing, a line each."""
    from libs.adapters.nats.provision import provision_nats

    return await provision_nats(url, check=check)


def _postgres(url: str, *, check: bool) -> tuple[list[str], list[str]]:
    from libs.adapters.postgres.migrate import drift, upgrade

    before = drift(url)
    if check or not before:
        return [], before
    upgrade(url)
    after = drift(url)
    return [line for line in before if line not in after], after


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
