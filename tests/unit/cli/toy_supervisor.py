"""A supervisor of toy services in a process of its own: `python toy_supervisor.py DATA JOURNAL MODE...`."""

import os
import sys
from pathlib import Path

from services.cli.child import ServicePlan
from services.cli.failures import CommandFailed
from services.cli.state import RunFolder, RunState, started_at
from services.cli.supervisor import Plan, Supervisor

TOY = Path(__file__).with_name("toy_service.py")


def main() -> int:
    data, journal, *modes = sys.argv[1:]
    services = [
        ServicePlan(f"toy{n}", 1, [sys.executable, str(TOY), journal, *mode.split(":")], Path(data) / f"toy{n}.log")
        for n, mode in enumerate(modes)
    ]
    plan = Plan(
        services,
        urls=lambda _: {"nats_url": "nats://toy"},
        environment=lambda urls: {**os.environ, "NEWSFOLD_NATS_URL": urls["nats_url"]},
        provision=lambda _: None,
        heal=lambda *_: None,
        ready_seconds=float(os.environ.get("TOY_READY_SECONDS", "30")),
        grace_seconds=float(os.environ.get("TOY_GRACE_SECONDS", "20")),
    )
    folder = RunFolder(Path(data))
    try:
        folder.lock()
        state = RunState(os.getpid(), started_at(os.getpid()), "starting")
        Supervisor(folder, state, plan, None, lambda text: print(text, file=sys.stderr)).run(
            on_ready=lambda _: print("ready", flush=True)
        )
    except CommandFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
