"""Writes deploy/compose.pins.yml: every pulled image of docker-compose.yml by the digest that it has on this machine.

Run `docker compose pull`, look at what came, then `python3 deploy/pin_images.py`; afterwards
`docker compose --file docker-compose.yml --file deploy/compose.pins.yml up --detach --wait` starts exactly these images
anywhere. Exit 1 where an image has no digest: it was built here, or never pulled. Our own image is left out.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
PINS = CHECKOUT / "deploy" / "compose.pins.yml"
PROFILES = ("full", "dashboards")


def images(config: dict[str, Any]) -> dict[str, str]:
    """Service -> image, of those that are pulled."""
    services: dict[str, Any] = config["services"]
    return {name: str(service["image"]) for name, service in services.items() if "build" not in service}


def pinned(image: str, digests: list[str]) -> str | None:
    """`name:tag@sha256:…` from what the engine knows of an image; None where it was never pulled."""
    name, _, _ = image.rpartition(":")
    known = {digest.partition("@")[0]: digest.partition("@")[2] for digest in digests}
    found = known.get(name) or known.get(f"docker.io/{name}") or known.get(f"docker.io/library/{name}")
    return f"{image}@{found}" if found else None


def overlay(pins: dict[str, str]) -> str:
    """The file."""
    lines = "".join(f"  {service}: {{image: {json.dumps(image)}}}\n" for service, image in sorted(pins.items()))
    return f"# Written by deploy/pin_images.py: the images by digest.\nservices:\n{lines}"


def _docker(*words: str) -> Any:
    done = subprocess.run(["docker", *words], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main() -> int:
    chosen = [word for profile in PROFILES for word in ("--profile", profile)]
    pins: dict[str, str] = {}
    for service, image in images(_docker("compose", *chosen, "config", "--format", "json")).items():
        try:
            found = pinned(image, _docker("image", "inspect", "--format", "{{json .RepoDigests}}", image) or [])
        except subprocess.CalledProcessError:
            found = None
        if found is None:
            print(f"{image} has no digest here: `docker compose pull` first", file=sys.stderr)
            return 1
        pins[service] = found
    PINS.write_text(overlay(pins), encoding="utf-8")
    print(f"{len(pins)} images pinned in {PINS.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
