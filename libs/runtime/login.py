"""How a process proves to NATS who it is: with an nkey whose seed stands in the URL in the place of the user.

`nats://SUA…@host:4222`: the seed signs the server's challenge and is never sent. A URL without a seed is used as it is.
`tls://…` encrypts from the first byte on, before the server says anything (see `libs.runtime.tls`).
"""

from typing import Any
from urllib.parse import urlsplit

import nkeys

from libs.runtime.tls import context_of, without_query

SEED_PREFIX = "SU"  # of a user's seed, in the encoding of nkeys
SEED_LENGTH = 58


def login(url: str) -> dict[str, Any]:
    """Arguments for `nats.connect`: servers, with a seed the key and an inbox of its own, and what TLS needs."""
    seed, server = urlsplit(url).username, without_query(url)
    context = context_of(url)
    encrypted = {} if context is None else {"tls": context, "tls_handshake_first": True}
    if seed is None or not (seed.startswith(SEED_PREFIX) and len(seed) == SEED_LENGTH):
        return {"servers": server, **encrypted}
    return {
        "servers": server.replace(f"{seed}@", "", 1),
        "nkeys_seed_str": seed,
        "inbox_prefix": inbox_prefix(public_key(seed)),
        **encrypted,
    }


def public_key(seed: str) -> str:
    """What the server knows the holder of `seed` by. Raises nkeys' errors when it is no seed."""
    pair = nkeys.from_seed(bytearray(seed.encode()))
    public: bytes = pair.public_key
    return public.decode()


def inbox_prefix(public: str) -> str:
    """Where answers to the holder of a key go: nobody else may listen there."""
    return f"_INBOX.{public}"


def new_seed(random: bytes) -> str:
    """A user's seed from 32 random bytes."""
    seed: bytes = nkeys.encode_seed(random, nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def is_refusal(error: BaseException) -> bool:
    """Whether the server said that this user may not do what it asked; the message names the subject."""
    return "permissions violation" in str(error).lower()
