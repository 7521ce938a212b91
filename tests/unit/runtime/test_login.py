"""A seed in the broker's URL is a key to sign with; it is not sent, and answers come to an inbox of its own."""

import secrets
import ssl

import pytest

from libs.runtime.bus import own_inbox
from libs.runtime.login import is_refusal, login, new_seed, public_key

SEED = new_seed(secrets.token_bytes(32))


def test_a_seed_leaves_the_url() -> None:
    arguments = login(f"nats://{SEED}@bus.example:4222")
    assert arguments["servers"] == "nats://bus.example:4222"
    assert arguments["nkeys_seed_str"] == SEED
    assert arguments["inbox_prefix"] == f"_INBOX.{public_key(SEED)}"


@pytest.mark.parametrize("url", ["nats://bus:4222", "nats://user:password@bus:4222", "nats://token@bus:4222", "nats://SUN@bus:4222"])  # fmt: skip
def test_a_url_without_a_seed_is_used_as_it_is(url: str) -> None:
    assert login(url) == {"servers": url}
    assert own_inbox(url) == b"_INBOX."


def test_tls_is_spoken_before_anything_is_said() -> None:
    arguments = login(f"tls://{SEED}@bus.example:4222")
    assert arguments["servers"] == "tls://bus.example:4222"
    assert arguments["tls_handshake_first"] is True
    assert arguments["tls"].minimum_version == ssl.TLSVersion.TLSv1_3
    assert arguments["tls"].check_hostname


def test_pulled_messages_come_to_the_same_inbox_as_answers() -> None:
    url = f"nats://{SEED}@bus.example:4222"
    assert own_inbox(url).decode() == login(url)["inbox_prefix"] + "."


def test_two_keys_have_two_inboxes() -> None:
    other = new_seed(secrets.token_bytes(32))
    assert own_inbox(f"nats://{SEED}@bus") != own_inbox(f"nats://{other}@bus")


def test_a_refusal_is_told_from_other_errors() -> None:
    assert is_refusal(Exception('nats: permissions violation for publish to "a.b"'))
    assert not is_refusal(Exception("nats: timeout"))
