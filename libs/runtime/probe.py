"""Health check for containers: `python -m libs.runtime.probe` exits 0 when the service beside it is ready.

It asks over HTTP, from a process of its own: a wedged service cannot answer for itself.
"""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 4


def main() -> int:
    """Exit code: 0 ready, 1 not."""
    url = f"http://127.0.0.1:{os.environ['NEWSFOLD_METRICS_PORT']}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except urllib.error.HTTPError as error:
        sys.stderr.write(error.read().decode(errors="replace") + "\n")
    except OSError as error:
        sys.stderr.write(f"{url}: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
