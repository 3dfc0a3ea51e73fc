"""One system in this process until it is told to end, and the demo company that is built before it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from chassis.clock import now
from chassis.postgres import Embedded, default_home, holder
from chassis.virtual import StandingClock
from ladder.commands import platform
from ladder.commands.reach import allow_unsafe, is_installed, socket_of
from ladder.commands.terminal import Refused, Steps, steps, tell
from ladder.composition import Composition, over_kafka
from ladder.demo import beginning, build
from ladder.home import UNFINISHED, outside_the_data
from ladder.operator.health import health_app
from ladder.server import listen, operator_door, public_app, serving

OVER_KAFKA: Final = (
    "LADDER_KAFKA is set, and one process alone sends nothing there: run `ladder up --services`, or unset LADDER_KAFKA."
)


def serve(host: str, port: int, demo_seed: int | None, metrics_port: int | None) -> None:
    """Run until Ctrl-C; with a seed, the demo company is built first, where nothing is."""
    home = default_home()
    _refuse_if_running(home)
    _refuse_kafka()
    with ExitStack() as stack:
        listening = stack.enter_context(_door(host, port, "--port or LADDER_PORT"))
        inside = _inside(stack, metrics_port)
        with steps() as say:
            _forget_unfinished(home, say)
            system = _open_as_it_is(stack, home, say, demo_seed)
            if system is None:
                _build(home, demo_seed or 0, say)
                say("Starting the system")  # in whose steps nothing is new: the demo company's system took them before
                system = stack.enter_context(Composition(home, allow_unsafe=allow_unsafe()))
            stopping = _asked_to_stop()
            _refuse_beside_workers(system)
            system.start()
        stack.enter_context(operator_door(system))
        stack.enter_context(serving(public_app(system), listening))
        if inside is not None:
            stack.enter_context(serving(health_app(system), inside))
        _tell_where_to_go(system, f"http://{host}:{listening.getsockname()[1]}", inside)
        stopping.wait()
        with steps() as say:
            say("Ending")
            stack.close()


def serve_services(host: str, port: int) -> None:
    """Run every service as processes of its own until Ctrl-C."""
    home = default_home()
    _refuse_if_running(home)
    with _door(host, port, "--port or LADDER_PORT") as listening:
        platform.serve(home, listening, _asked_to_stop())


def _asked_to_stop() -> threading.Event:
    """Return what Ctrl-C and a polite kill set from now on."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    return stopping


def _refuse_if_running(home: Path) -> None:
    """Look at the data before the port: a system that still starts, or builds its demo, has no socket yet."""
    process = holder(home)
    if process is not None or socket_of(home) is not None:
        who = f" (process {process})" if process else ""
        raise Refused(f"A system is already running on {home}{who}; end it first, or set LADDER_HOME to another folder.")


def _refuse_kafka() -> None:
    """Refuse to count as sent, in one process, what Kafka has never seen."""
    if over_kafka():
        raise Refused(OVER_KAFKA)


def _refuse_beside_workers(system: Composition) -> None:
    """Refuse to run what processes of the services run already, which send it to Kafka."""
    if working := system.at_work():
        raise Refused(working)


def _door(host: str, port: int, option: str) -> socket.socket:
    """Take the port first: whoever has to choose another one need not wait for anything."""
    try:
        return listen(host, port)
    except OSError as error:
        raise Refused(f"Port {port} on {host} cannot be used ({error.strerror}); choose another with {option}.") from None


def _inside(stack: ExitStack, port: int | None) -> socket.socket | None:
    if port is None:
        return None
    return stack.enter_context(_door("127.0.0.1", port, "--metrics-port or LADDER_METRICS_PORT"))


def _tell_where_to_go(system: Composition, url: str, inside: socket.socket | None) -> None:
    """Say where the system is and what to try first."""
    tell(f"Ready: {url}")
    for service in system.services:
        tell(f"  {url}/api/{service.name}/v1/docs")
    if inside is not None:
        tell(f"Metrics: http://127.0.0.1:{inside.getsockname()[1]}/metrics")
    if system.workspaces():
        home = f"LADDER_HOME={os.environ['LADDER_HOME']} " if "LADDER_HOME" in os.environ else ""
        one = f" --workspace {system.workspaces()[0]}" if len(system.workspaces()) > 1 else ""
        token = f"{home}.venv/bin/ladder token --as hr{one}"
        tell(f'Try it: curl -H "Authorization: Bearer $({token})" {url}/api/people/v1/people')
        tell("Others to act as: --as manager, --as employee, --as E-MAIL")
    else:
        tell("Open a workspace: .venv/bin/ladder workspace create NAME --admin E-MAIL")
    if remedy := outside_the_data(system.home):
        tell(f"Before you keep real people's data: {remedy}")
    tell("Stop: Ctrl-C")


def build_demo(seed: int) -> None:
    """Build the demo company in an empty installation."""
    home = default_home()
    _refuse_if_running(home)
    _refuse_kafka()
    with steps() as say:
        _forget_unfinished(home, say)
        _build(home, seed, say)


def _open_as_it_is(stack: ExitStack, home: Path, say: Steps, demo_seed: int | None) -> Composition | None:
    """Open the system; None where a demo company is wanted and nothing is there yet."""
    if demo_seed is not None and not is_installed(home):
        return None
    with ExitStack() as opening:
        system = opening.enter_context(Composition(home, say, allow_unsafe=allow_unsafe()))
        if demo_seed is not None and not system.workspaces():
            return None
        stack.enter_context(opening.pop_all())
        return system


def _build(home: Path, seed: int, say: Steps) -> None:
    """Build the demo company in a composition of its own, on a virtual clock that ends at the present."""
    clock = StandingClock(beginning(now()))
    with Composition(home, say, clock, allow_unsafe=allow_unsafe()) as system:
        _refuse_beside_workers(system)
        there = system.workspaces()
        if there:
            raise Refused(f"{home} holds {len(there)} workspaces already: set LADDER_HOME to a new folder for the demo.")
        unfinished = home / UNFINISHED
        unfinished.touch()
        workspace = build(system, clock, seed, say)
        unfinished.unlink()
    tell(f"The demo company is workspace {workspace}.")


def _forget_unfinished(home: Path, say: Steps) -> None:
    """Remove a demo company that was cut off while it was built: it was begun where nothing else was."""
    if not (home / UNFINISHED).exists():
        return
    if "LADDER_DATABASE_URL" in os.environ:
        raise Refused(
            f"The demo company was cut off while it was built: make the database of LADDER_DATABASE_URL anew, empty, "
            f"and remove {home / UNFINISHED}."
        )
    say("Removing a demo company that was cut off while it was built")
    with Embedded(home) as server:
        server.drop_database("ladder")
    (home / UNFINISHED).unlink()
