"""What `up` and `down` do: the plan of a data folder, the run in the foreground or detached, the end of a run."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from libs.adapters.engines import ENGINES, EngineUrls, LocalEngines
from services.cli.child import ServicePlan
from services.cli.failures import CommandFailed, WrongUsage
from services.cli.provisioning import provision, provision_broker
from services.cli.roster import ON_DEMAND, SERVICES
from services.cli.state import RunFolder, RunState, is_alive, started_at
from services.cli.supervisor import Plan, Supervisor
from services.cli.target import Target, blobs_in, from_environment

MAX_PROCESSES = 64
CHECKOUT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 150.0  # longer than services' grace and engines' stop together
START_SECONDS = 400.0  # longer than engines and services may take
TAIL_LINES = 15


def scale_of(asked: list[str]) -> dict[str, int]:
    """`SERVICE=N` words to how many processes of each service. Raises WrongUsage."""
    scale = dict.fromkeys(SERVICES, 1)
    for word in asked:
        match = re.fullmatch(r"([a-z]+)=(\d{1,3})", word)
        if match is None or match[1] not in (*SERVICES, *ON_DEMAND) or int(match[2]) > MAX_PROCESSES:
            known = ", ".join((*SERVICES, *ON_DEMAND))
            raise WrongUsage(
                f"--scale {word}: write SERVICE=N, where SERVICE is one of {known} and N at most {MAX_PROCESSES}"
            )
        scale[match[1]] = int(match[2])
    return scale


def run_foreground(
    data: Path, scale: Mapping[str, int], *, say: Callable[[str], None], on_ready: Callable[[RunState], None]
) -> None:
    """Supervise until asked to stop. Raises CommandFailed, EngineError."""
    folder = RunFolder(data)
    folder.lock()
    try:
        state = RunState(os.getpid(), started_at(os.getpid()), "starting")
        Supervisor(folder, state, _plan(folder.data, scale), _engines(folder.data, say), say).run(on_ready=on_ready)
        folder.remove()
    except BaseException:
        folder.remove()
        raise
    finally:
        folder.unlock()


def run_detached(data: Path, scale: Mapping[str, int], *, watch: Callable[[str], None]) -> RunState:
    """Supervise in a process of its own; answers the state once it is ready. Raises CommandFailed."""
    folder = RunFolder(data)
    folder.lock()  # a clear error at once, instead of one in a log
    folder.remove()
    folder.unlock()
    log = folder.data / "logs" / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin = log.stat().st_size if log.exists() else 0
    words = [word for name, n in scale.items() for word in ("--scale", f"{name}={n}")]
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "services.cli.main", "up", "--data", str(folder.data), *words],
            env=_with_path(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what it runs is told here, by whoever started it
            stderr=sink,
            start_new_session=True,
        )
    return _watched(process, folder, log, begin, watch)


def _watched(
    process: "subprocess.Popen[bytes]", folder: RunFolder, log: Path, begin: int, watch: Callable[[str], None]
) -> RunState:
    deadline, told = time.monotonic() + START_SECONDS, 0
    while process.poll() is None:
        state = folder.last()
        steps = _whole_lines(log, begin)
        for step in steps[told:]:
            watch(step)
        told = len(steps)
        if state is not None and state.pid == process.pid and state.phase == "ready":
            return state
        if time.monotonic() > deadline:
            process.terminate()
            raise CommandFailed(f"it was not ready after {START_SECONDS:.0f} s; its log is {log}")
        time.sleep(0.1)
    words = log.read_bytes()[begin:].decode("utf-8", "replace").strip().splitlines()[-TAIL_LINES * 4 :]
    raise CommandFailed("\n".join(["Newsfold did not start:", *words, f"(from {log})"]))


def stop(data: Path, *, watch: Callable[[str], None]) -> bool:
    """Stop what runs from a data folder and wait for its end; False when nothing does. Raises CommandFailed."""
    folder = RunFolder(data)
    state = folder.read()
    if state is None:
        return False
    os.kill(state.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(state.pid, state.started):
        watch(f"stopping process {state.pid}")
        if time.monotonic() > deadline:
            raise CommandFailed(f"process {state.pid} did not end within {STOP_SECONDS:.0f} s; see {data}/logs")
        time.sleep(0.1)
    return True


def run_task(target: Target, service: str, task: str, given: Any = None) -> Any:
    """What a task of a service prints as JSON: services are programs to the command, which imports none of them.

    `given` is what the task reads, as JSON.

    Raises CommandFailed with its last words.
    """
    variable = "NEWSFOLD_POSTGRES_URL"
    others = {name: value for name, value in os.environ.items() if name != f"{variable}_FILE"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "services", service, task],
        env=_with_path({**others, variable: target.postgres}),
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if re.match(r"[\w.]+: ", line)]
        raise CommandFailed("\n".join([f"the {service} could not {task}:", *said[-1:]]))
    return json.loads(done.stdout)


def external_engines(environment: Mapping[str, str]) -> set[str]:
    """Engines whose URL the environment names: they are used, not started."""
    return {name for name in ENGINES if f"{name}_url" in environment}


def _engines(data: Path, say: Callable[[str], None]) -> LocalEngines | None:
    which = [name for name in ENGINES if name not in external_engines(from_environment())]
    if not which:
        return None
    return LocalEngines(
        data,
        which=which,
        nats_port=_port("NEWSFOLD_NATS_PORT"),
        postgres_port=_port("NEWSFOLD_POSTGRES_PORT"),
        opensearch_port=_port("NEWSFOLD_OPENSEARCH_PORT"),
        report=say,
    )


def _port(variable: str) -> int | None:
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise WrongUsage(f"{variable}={text}: a port is a number from 1 to 65535")
    return int(text)


def _plan(data: Path, scale: Mapping[str, int]) -> Plan:
    given = from_environment()

    def urls(started: object) -> dict[str, str]:
        local = started if isinstance(started, EngineUrls) else EngineUrls()
        found = {f"{name}_url": getattr(local, name) for name in ENGINES if getattr(local, name)}
        return {"blobs_url": blobs_in(data), **found, **given}

    def environment(found: Mapping[str, str]) -> dict[str, str]:
        named = {f"NEWSFOLD_{name.upper()}": value for name, value in found.items() if name not in given}
        return {**_with_path(os.environ), **named, "NEWSFOLD_DATA_DIR": str(data)}

    def provision_all(found: Mapping[str, str]) -> None:
        asyncio.run(
            provision(
                nats_url=found["nats_url"], postgres_url=found["postgres_url"], opensearch_url=found["opensearch_url"]
            )
        )

    def heal(engine: str, found: Mapping[str, str]) -> None:
        if engine == "nats":
            asyncio.run(provision_broker(found["nats_url"]))

    services = [
        ServicePlan(name, n, [sys.executable, "-P", "-m", "services", name], data / "logs" / f"{name}-{n}.log")
        for name, count in scale.items()
        for n in range(1, count + 1)
    ]
    return Plan(services, urls, environment, provision_all, heal, host=_metrics_host())


def _metrics_host() -> str:
    host = os.environ.get("NEWSFOLD_METRICS_HOST", "127.0.0.1")
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not listened on


def _with_path(environment: Mapping[str, str]) -> dict[str, str]:
    """The services are those of this very release, wherever it lies and whatever the working folder holds."""
    path = [str(CHECKOUT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    return {**environment, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}


def _whole_lines(log: Path, begin: int) -> list[str]:
    """What was said so far; a line whose end is not written yet comes with the next look."""
    said = log.read_bytes()[begin:].decode("utf-8", "replace")
    return [line.strip() for line in said[: said.rfind("\n") + 1].splitlines() if line.strip()]
