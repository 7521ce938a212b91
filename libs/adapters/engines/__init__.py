"""The engines of one machine: NATS, PostgreSQL and OpenSearch as child processes, nothing installed by hand.

In: a data folder. Out: three URLs on loopback. `LocalEngines` starts, watches, restarts and stops them; `find_running`
tells the URLs that another process serves from a folder; `forget` removes a folder with all that belongs to it.
It will not listen beyond loopback, and it needs Linux (`docs/adr/0002-local-engines.md`).
"""

from libs.adapters.engines.errors import EngineError
from libs.adapters.engines.local import ENGINES, EngineUrls, LocalEngines, find_running, forget

__all__ = ["ENGINES", "EngineError", "EngineUrls", "LocalEngines", "find_running", "forget"]
