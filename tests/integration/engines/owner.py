"""A process of its own that runs local engines, for tests that kill it: `owner.py DATA ENGINE...`.

Prints one JSON line when they are ready (urls, process ids) or when they cannot start (error), then waits.
"""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from libs.adapters.engines import EngineError, LocalEngines


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    data, *which = sys.argv[1:]
    engines = LocalEngines(Path(data), which=which, fsync=False)
    try:
        urls = engines.start()
    except EngineError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    print(json.dumps({"urls": asdict(urls), "pids": {name: engines.pid(name) for name in which}}), flush=True)
    signal.sigwait({signal.SIGTERM})
    engines.stop()


if __name__ == "__main__":
    main()
