"""Creates the indices that are missing and reports where the live ones differ from this release.

Idempotent and safe to run from several places at once. It never changes or deletes an index that holds data: fields
that this release adds are added, everything else that differs is reported and cured by `newsfold reindex`.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import AsyncOpenSearch
from opensearchpy.exceptions import NotFoundError, RequestError

from libs.adapters.opensearch.schema import ALIASES, IndexNames, analysis, groups_of, index_body, mappings
from libs.domain.variants import VariantGroup, load_variants

REINDEX = "run `newsfold reindex`"


@dataclass(frozen=True, slots=True)
class ProvisionReport:
    """What was done, and what is left to do; `drift` is empty when the live indices are those of this release."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()


async def provision(
    client: AsyncOpenSearch,
    *,
    check: bool = False,
    names: IndexNames | None = None,
    variants: Sequence[VariantGroup] | None = None,
) -> ProvisionReport:
    """Make every alias exist; with `check` only say what is missing or differs.

    Raises opensearchpy.TransportError when the engine does not answer or refuses.
    """
    names, variants = names or IndexNames(), load_variants() if variants is None else variants
    reports = await asyncio.gather(  # side by side takes half the time
        *(
            _provision_one(client, names, kind, group, variants, check=check)
            for kind in ALIASES
            for group in groups_of(kind)
        )
    )
    return ProvisionReport(
        created=tuple(name for report in reports for name in report.created),
        changed=tuple(line for report in reports for line in report.changed),
        drift=tuple(line for report in reports for line in report.drift),
    )


async def _provision_one(
    client: AsyncOpenSearch,
    names: IndexNames,
    kind: str,
    group: str,
    variants: Sequence[VariantGroup],
    *,
    check: bool,
) -> ProvisionReport:
    alias = names.write_alias(kind, group)
    live = await physical_indices(client, alias)
    if len(live) > 1:
        return ProvisionReport(drift=(f"opensearch: alias {alias} points at {', '.join(live)}, expected one index",))
    if live:
        return await _compare(client, live[0], kind, group, variants, check=check)
    if check:
        return ProvisionReport(drift=(f"opensearch: alias {alias} is missing: run `newsfold provision`",))
    return await _create_first(client, names, kind, group, variants)


async def physical_indices(client: AsyncOpenSearch, alias: str) -> tuple[str, ...]:
    """The indices that an alias points at, sorted; empty when there is no such alias."""
    try:
        return tuple(sorted(await client.indices.get_alias(name=alias)))
    except NotFoundError:
        return ()


async def _create_first(
    client: AsyncOpenSearch, names: IndexNames, kind: str, group: str, variants: Sequence[VariantGroup]
) -> ProvisionReport:
    name = names.physical(kind, group, 1)
    aliases: dict[str, dict[str, Any]] = {alias: {} for alias in aliases_of(names, kind, group)}
    try:
        await client.indices.create(index=name, body={**index_body(kind, group, variants), "aliases": aliases})
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        if await physical_indices(client, names.write_alias(kind, group)):
            return ProvisionReport()  # somebody else was quicker
        return ProvisionReport(drift=(f"opensearch: index {name} exists outside its alias: delete or alias it",))
    return ProvisionReport(created=(name,))


def aliases_of(names: IndexNames, kind: str, group: str) -> tuple[str, ...]:
    """All aliases that the serving index of a kind and language group has."""
    return tuple(dict.fromkeys((names.alias(kind), names.write_alias(kind, group))))


async def _compare(
    client: AsyncOpenSearch, name: str, kind: str, group: str, variants: Sequence[VariantGroup], *, check: bool
) -> ProvisionReport:
    live = (await client.indices.get_mapping(index=name))[name]["mappings"]
    wanted = mappings(kind)["properties"]
    missing = {field: wanted[field] for field in wanted.keys() - live.get("properties", {}).keys()}
    drift = [f"opensearch: {name}: {line}" for line in _field_drift(live, wanted)]
    settings = (await client.indices.get_settings(index=name))[name]["settings"]["index"]
    if _as_strings(settings.get("analysis")) != _as_strings(analysis(group, variants)):
        drift.append(f"opensearch: {name}: analyzers or name variants differ: {REINDEX}")
    if not missing:
        return ProvisionReport(drift=tuple(drift))
    added = f"opensearch: {name}: fields {', '.join(sorted(missing))} "
    if check:
        return ProvisionReport(drift=(*drift, added + "are missing: run `newsfold provision`"))
    await client.indices.put_mapping(index=name, body={"properties": missing})
    return ProvisionReport(changed=(added + f"added, empty in older documents: {REINDEX}",), drift=tuple(drift))


def _field_drift(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    if live.get("dynamic") != "strict":
        yield f"the mapping is not strict: {REINDEX}"
    for field, definition in sorted(live.get("properties", {}).items()):
        if field not in wanted:
            yield f"field {field} is unknown to this release: {REINDEX}"
        elif definition != wanted[field]:
            yield f"field {field} differs: {REINDEX}"


def _as_strings(value: Any) -> Any:
    """The engine gives settings back with every scalar as a string."""
    if isinstance(value, Mapping):
        return {key: _as_strings(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_strings(inner) for inner in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
