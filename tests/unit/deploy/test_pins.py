"""Images by digest: exactly those that are pulled, under their names and tags."""

import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
PINS: dict[str, Any] = runpy.run_path(str(CHECKOUT / "deploy" / "pin_images.py"))
DIGEST = f"sha256:{'0f' * 32}"


def test_every_image_but_our_own_is_pinned() -> None:
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    found = PINS["images"]({"services": services})
    assert found.keys() == {"nats", "postgres", "opensearch", "prometheus", "alertmanager", "grafana"}
    assert all(":" in image for image in found.values())


@pytest.mark.parametrize("known", ["postgres", "docker.io/library/postgres"])
def test_a_digest_follows_name_and_tag(known: str) -> None:
    said = [f"other@sha256:{'1' * 64}", f"{known}@{DIGEST}"]
    assert PINS["pinned"]("postgres:18.4", said) == f"postgres:18.4@{DIGEST}"


def test_what_was_built_here_has_none() -> None:
    assert PINS["pinned"]("nats:2.15-alpine", []) is None


def test_the_overlay_replaces_images_alone() -> None:
    written = yaml.safe_load(PINS["overlay"]({"nats": f"nats:2.15-alpine@{DIGEST}"}))
    assert written == {"services": {"nats": {"image": f"nats:2.15-alpine@{DIGEST}"}}}
