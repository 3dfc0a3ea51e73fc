"""The command line `ladder`: thin commands over a running system, or over a composition started for their own time."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.table import Table

from chassis.cipher import CipherError
from chassis.kernel import DomainError
from chassis.postgres import AlreadyRunning, StartFailed, UnsafeDurability, Unsupported, default_home
from chassis.steps import arm_from_environment
from chassis.telemetry import configure_logs
from framework_svc.documents import exchange
from framework_svc.documents.onet import choose, draft_ladder, read_archive
from ladder import offline
from ladder.composition import Composition
from ladder.demo import VirtualClock, beginning, build
from ladder.server import SOCKET, listen, operator_door, public_app, serving

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Career Ladder Builder, self-hosted.")
workspace_app = typer.Typer(no_args_is_help=True, help="Workspaces: one per company.")
events_app = typer.Typer(no_args_is_help=True, help="The record.")
parked_app = typer.Typer(no_args_is_help=True, help="Heard events that could not be applied.")
app.add_typer(workspace_app, name="workspace")
app.add_typer(events_app, name="events")
app.add_typer(parked_app, name="parked")

out = Console()
err = Console(stderr=True)

REFUSALS = (DomainError, AlreadyRunning, StartFailed, Unsupported, UnsafeDurability, CipherError, OSError)
DEMO_SEED = 2026
Port = Annotated[int, typer.Option(help="TCP port on 127.0.0.1.", envvar="LADDER_PORT", min=0, max=65535)]
InWorkspace = Annotated[str | None, typer.Option("--workspace", help="Workspace id; needed when there are several.")]


def main() -> None:
    """Run the command line; a refusal is one line on standard error and exit code 2."""
    arm_from_environment()
    configure_logs("json" if os.environ.get("LADDER_LOG") == "json" else "console", level="WARNING", stream=sys.stderr)
    try:
        app()
    except REFUSALS as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """Print one line and end with 2."""
    err.print(message.replace("\n", " "), style="red", markup=False, highlight=False)
    sys.exit(2)


def say(message: str) -> None:
    """Tell what is being done."""
    err.print(f"· {message}", style="dim", markup=False, highlight=False)


@app.command()
def up(
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    with_demo: Annotated[bool, typer.Option("--demo", help="Build the demo company first, where there is none.")] = False,
) -> None:
    """Run the whole system in this process until Ctrl-C."""
    with ExitStack() as stack:
        listening = stack.enter_context(_door(host, port))
        if with_demo:
            build_demo(DEMO_SEED, only_if_empty=True)
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stopping.set())
        system = stack.enter_context(Composition(default_home(), say, allow_unsafe=allow_unsafe()))
        system.start()
        with operator_door(system), serving(public_app(system), listening):
            _tell_where_to_go(system, f"http://{host}:{listening.getsockname()[1]}")
            stopping.wait()
            say("Ending")


def _door(host: str, port: int) -> socket.socket:
    """Take the port first: whoever has to choose another one need not wait for anything."""
    try:
        return listen(host, port)
    except OSError as error:
        refuse(f"Port {port} on {host} cannot be used ({error.strerror}); choose another with --port or LADDER_PORT.")


def _tell_where_to_go(system: Composition, url: str) -> None:
    """Say where the system is and what to try first; soft_wrap keeps a command on one line for copying."""
    lines = [f"Ready: {url}", *(f"  {url}/api/{service.name}/v1/docs" for service in system.services)]
    if system.workspaces():
        home = f"LADDER_HOME={os.environ['LADDER_HOME']} " if "LADDER_HOME" in os.environ else ""
        bearer = f"Authorization: Bearer $({home}.venv/bin/ladder token --as hr)"
        lines += [f'Try it: curl -H "{bearer}" {url}/api/people/v1/people']
        lines += ["Others to act as: --as manager, --as employee, --as E-MAIL"]
    else:
        lines += ["Open a workspace: .venv/bin/ladder workspace create NAME --admin E-MAIL"]
    for line in (*lines, "Stop: Ctrl-C"):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def demo(seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 2026) -> None:
    """Build a company of 120 invented people with three cycles of history; not while a system runs on the data."""
    build_demo(seed, only_if_empty=False)


def build_demo(seed: int, *, only_if_empty: bool) -> None:
    """Build the demo company in a composition of its own, on a virtual clock that ends at the present."""
    home = default_home()
    unfinished = home / "demo-unfinished"
    if unfinished.exists():
        refuse(f"The demo company in {home} was cut off while it was built; remove that folder and start again.")
    clock = VirtualClock(beginning(datetime.fromtimestamp(time.time(), UTC)))
    with Composition(home, say, clock, allow_unsafe=allow_unsafe()) as system:
        if only_if_empty and system.workspaces():
            return
        unfinished.touch()
        workspace = build(system, clock, seed, say)
        unfinished.unlink()
    out.print(f"The demo company is workspace {workspace}.", markup=False, highlight=False)


@app.command()
def doctor() -> None:
    """Look at this installation and say what is well and what is not."""
    home = default_home()
    table = Table("what", "how it is")
    table.add_row("data", str(home))
    table.add_row("running", "yes" if _socket_of(home) else "no")
    table.add_row("free disk space", f"{_free(home) // 2**20} MiB")
    with operator() as call:
        table.add_row("workspaces", str(len(call("GET", "/workspaces"))))
        table.add_row("parked events", str(len(call("GET", "/parked"))))
        verdict = call("POST", "/verification")
        table.add_row("record", f"{verdict['events']} events, {len(verdict['broken'])} invariants broken")
    out.print(table)


def _free(home: Path) -> int:
    found = next(path for path in (home, *home.parents) if path.exists())
    stat = os.statvfs(found)
    return stat.f_bavail * stat.f_frsize


@workspace_app.command("create")
def workspace_create(
    name: str,
    admin: Annotated[str, typer.Option(help="E-mail address of the first HR admin.")],
    time_zone: Annotated[str, typer.Option(help="IANA name of the company's time zone.")] = "Europe/London",
) -> None:
    """Open a workspace with its first HR admin."""
    body = {"name": name, "admin": admin, "time_zone": time_zone, "key": secrets.token_hex(16)}
    with operator(may_make=True) as call:
        made = call("POST", "/workspaces", body)
    out.print(f"Workspace {made['workspace']} is open; its HR admin is {admin}.", markup=False, highlight=False)


@app.command()
def token(
    who: Annotated[str, typer.Option("--as", help="hr, manager, employee, or an e-mail address.")],
    workspace: InWorkspace = None,
) -> None:
    """Print a token that acts as somebody for the next five minutes."""
    with operator() as call:
        typer.echo(call("POST", "/tokens", {"who": who, "workspace": workspace})["token"])


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False) -> None:
    """Check the invariants of every service; exit code 1 when one is broken."""
    with operator() as call:
        verdict = call("POST", "/verification")
    if as_json:
        typer.echo(json.dumps(verdict, indent=2))
    else:
        for one in verdict["broken"]:
            out.print(f"{one['service']} {one['workspace']}: {one['invariant']}: {one['detail']}", markup=False)
        out.print(f"{verdict['events']} events looked at, {len(verdict['broken'])} invariants broken.")
    if verdict["broken"]:
        raise typer.Exit(1)


@app.command()
def rebuild(view: str, workspace: InWorkspace = None) -> None:
    """Fold a view from the record again, beside the live one, and swap."""
    with operator() as call:
        for name, events in call("POST", "/rebuilds", {"view": view, "workspace": workspace}).items():
            out.print(f"{name}: {events} events folded", markup=False)


@events_app.command("tail")
def events_tail(
    service: Annotated[str | None, typer.Option(help="One service only.")] = None,
    workspace: InWorkspace = None,
    limit: Annotated[int, typer.Option("-n", min=1, max=1000)] = 20,
) -> None:
    """Print the newest events: places and names, never what they say about people."""
    query = {"limit": limit} | {k: v for k, v in (("service", service), ("workspace", workspace)) if v}
    with operator() as call:
        for row in call("GET", "/events", None, query):
            typer.echo(json.dumps(row))


@parked_app.command("list")
def parked_list() -> None:
    """List heard events that could not be applied."""
    with operator() as call:
        for row in call("GET", "/parked"):
            typer.echo(json.dumps(row))


@parked_app.command("show")
def parked_show(service: str, workspace: str, event: str) -> None:
    """Show one parked event; its personal fields are sealed."""
    with operator() as call:
        typer.echo(json.dumps(call("GET", f"/parked/{service}/{workspace}/{event}"), indent=2))


@parked_app.command("replay")
def parked_replay(
    service: str,
    workspace: str,
    subject: Annotated[str | None, typer.Option(help="One subject only, such as evaluation/ev_1.")] = None,
) -> None:
    """Apply parked events again, in order; exit code 1 when a subject stopped at a failure."""
    with operator() as call:
        done = call("POST", "/parked/replay", {"service": service, "workspace": workspace, "subject": subject})
    typer.echo(json.dumps(done, indent=2))
    if done["stopped"]:
        raise typer.Exit(1)


@parked_app.command("discard")
def parked_discard(
    service: str,
    workspace: str,
    event: str,
    reason: Annotated[str, typer.Option(help="Why it is given up; kept with the event.")],
) -> None:
    """Give one parked event up."""
    body = {"service": service, "workspace": workspace, "event": event, "reason": reason}
    with operator() as call:
        call("POST", "/parked/discard", body)
    out.print(f"Discarded {event}", markup=False, highlight=False)


@app.command()
def scorecard(
    framework: Annotated[Path, typer.Argument(help="A career-framework/v1 file.", exists=True, dir_okay=False)],
    level: Annotated[str, typer.Option(help="Level id, such as engineering.ic2.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the XLSX file.")],
) -> None:
    """Write a blank scorecard for a level; needs no running system."""
    output.write_bytes(offline.scorecard(framework.read_bytes(), level))
    out.print(f"Wrote {output}", markup=False)


@app.command()
def gap(
    framework: Annotated[Path, typer.Argument(help="A career-framework/v1 file.", exists=True, dir_okay=False)],
    card: Annotated[Path, typer.Argument(help="A filled scorecard.", exists=True, dir_okay=False)],
    present: Annotated[str, typer.Option("--from", help="The present level.")],
    target: Annotated[str, typer.Option("--to", help="The level to reach.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the PDF.")],
    as_json: Annotated[bool, typer.Option("--json", help="Also print the report as JSON.")] = False,
) -> None:
    """Compute a gap report from a filled scorecard; needs no running system."""
    now = datetime.fromtimestamp(time.time(), UTC)
    report, pdf = offline.gap(framework.read_bytes(), card.read_bytes(), present, target, now)
    output.write_bytes(pdf)
    if as_json:
        typer.echo(json.dumps(report, indent=2, default=str))
    else:
        out.print(f"Wrote {output}", markup=False)


@app.command()
def onet(
    archive: Annotated[Path, typer.Argument(help="A downloaded O*NET release archive (zip).", exists=True)],
    occupation: Annotated[str, typer.Argument(help="Occupation code or title.")],
    output: Annotated[Path, typer.Option("-o", help="Where to write the draft (YAML).")],
) -> None:
    """Make a draft ladder from an O*NET archive."""
    with archive.open("rb") as file:
        read = read_archive(file, archive.name)
        draft = draft_ladder(read, choose(read, occupation).code)
    output.write_text(exchange.write(exchange.read(json.dumps(draft.framework))))
    for line in (*draft.report.missing, *draft.report.warnings):
        say(str(line))
    out.print(f"Wrote {output}", markup=False)


Call = Callable[..., Any]


@contextmanager
def operator(*, may_make: bool = False) -> Generator[Call]:
    """Reach the running system's operator socket, or start the composition for as long as the block lasts.

    Where there is no installation yet, only a command that makes one goes on (`may_make`).
    """
    home = default_home()
    is_there = (home / "postgres").exists() or "LADDER_DATABASE_URL" in os.environ
    if not may_make and not is_there:
        refuse(f"There is no installation in {home}; start one with `ladder up`, or set LADDER_HOME to its folder.")
    path = _socket_of(home)
    if path is not None:
        with _client(path) as call:
            yield call
        return
    with Composition(home, allow_unsafe=allow_unsafe()) as system:
        system.start()
        with operator_door(system) as path, _client(path) as call:
            yield call


@contextmanager
def _client(path: Path) -> Generator[Call]:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://operator", timeout=600) as client:

        def call(method: str, url: str, body: Any = None, params: Any = None) -> Any:
            answer = client.request(method, url, json=body, params=params)
            if answer.status_code >= 400:
                refuse(_detail(answer))
            return answer.json()

        yield call


def _detail(answer: httpx.Response) -> str:
    try:
        found = answer.json()["detail"]
    except (ValueError, KeyError):
        return f"The system answered {answer.status_code}."
    return found if isinstance(found, str) else "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in found)


def _socket_of(home: Path) -> Path | None:
    """Return the operator socket of a running system, or None."""
    path = home / SOCKET
    if not path.exists():
        return None
    try:
        with _client(path) as call:
            call("GET", "/workspaces")
    except httpx.TransportError:
        return None
    return path


def allow_unsafe() -> bool:
    """Whether a database that may lose what it acknowledged is accepted (LADDER_ALLOW_UNSAFE_SYNC)."""
    return os.environ.get("LADDER_ALLOW_UNSAFE_SYNC", "") not in ("", "0")
