"""The index that is searched, as the indexer writes it: behind the aliases, and into whatever a reindex is filling."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from libs.adapters.opensearch.bulk import BulkWriter, Place, Route, through_aliases
from libs.adapters.opensearch.schema import IndexNames
from libs.domain.projections import Write
from libs.runtime.failures import Failure

# Alias -> {language group -> physical index}
Targets = Mapping[str, Mapping[str, str]]


def into(targets: Targets) -> Route:
    """The route into physical indices by name; kinds that are not among them are left alone."""

    def route(kind: str, group: str) -> Place | None:
        index = targets.get(kind, {}).get(group)
        return None if index is None else Place(index, is_alias=False)

    return route


class LiveIndex:
    """Implements the indexer's port `SearchIndex`.

    `targets` is asked after the states were read: a reindex that begins later reads at least as new a state itself,
    and one that began earlier is answered here. So every change reaches the new index on one way or the other.
    """

    def __init__(
        self, bulk: BulkWriter, names: IndexNames, targets: Callable[[], Awaitable[Sequence[Targets]]]
    ) -> None:
        self._bulk, self._names, self._targets = bulk, names, targets

    async def write(self, writes: Sequence[Write]) -> list[Failure | None]:
        """One result a write, in order. Raises DependencyDown."""
        routes = [through_aliases(self._names), *(into(targets) for targets in await self._targets())]
        return await self._bulk.write(writes, routes)
