"""Under which user id the programs of a deployment run, and so read their files."""

from typing import Final

SERVICES_UID: Final = 10001  # of the user in deploy/Dockerfile
POSTGRES_UID: Final = 999  # of the official image on Debian
NATS_UID: Final = 0  # the official image has no user of its own
OPENSEARCH_UID: Final = 1000  # of the official image
