"""What the operator does with workspaces and the record; every command here takes the operator's socket."""

from __future__ import annotations

import json
import secrets
import time
from typing import Annotated, Any, Final, Literal

import typer

from ladder.commands.reach import InWorkspace, Way, operator
from ladder.commands.terminal import steps, tell

commands = typer.Typer()
workspace_commands = typer.Typer(no_args_is_help=True, help="Workspaces: one per company.")
events_commands = typer.Typer(no_args_is_help=True, help="The record.")
commands.add_typer(workspace_commands, name="workspace")
commands.add_typer(events_commands, name="events")

BETWEEN_LOOKS: Final = 1.0
"""Seconds between two looks for new events of whoever follows them."""


@workspace_commands.command("create")
def workspace_create(
    name: str,
    admin: Annotated[str, typer.Option(help="E-mail address of the first HR admin.")],
    given_name: Annotated[str, typer.Option(help="Their given name.")] = "HR",
    family_name: Annotated[str, typer.Option(help="Their family name.")] = "Admin",
    time_zone: Annotated[str, typer.Option(help="IANA name of the company's time zone.")] = "Europe/London",
) -> None:
    """Open a workspace with its first HR admin."""
    called = {"given_name": given_name, "family_name": family_name}
    body = {"name": name, "admin": admin, **called, "time_zone": time_zone, "key": secrets.token_hex(16)}
    with operator(may_make=True) as way:
        made = way.ask("POST", "/workspaces", json=body)
    tell(f"Workspace {made['workspace']} is open; its HR admin is {admin}.")


@commands.command()
def token(
    who: Annotated[str, typer.Option("--as", help="hr, manager, employee, or an e-mail address.")],
    workspace: InWorkspace = None,
    scope: Annotated[
        Literal["feed"] | None, typer.Option(help="feed: to read what is published (/events, /heads), by HR alone.")
    ] = None,
) -> None:
    """Print a token that acts as somebody for the next five minutes; with a scope, one for that alone."""
    with operator() as way:
        tell(way.ask("POST", "/tokens", json={"who": who, "workspace": workspace, "scope": scope})["token"])


@commands.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False) -> None:
    """Check the invariants of every service; exit code 1 when one is broken."""
    with operator() as way, steps(kept=False) as say:
        say("Verifying the record")
        verdict = way.ask("POST", "/verification")
    if as_json:
        tell(json.dumps(verdict, indent=2))
    else:
        for one in verdict["broken"]:
            tell(f"{one['service']} {one['workspace']}: {one['invariant']}: {one['detail']}")
        tell(f"{verdict['events']} events looked at, {len(verdict['broken'])} invariants broken.")
    if verdict["broken"]:
        raise typer.Exit(1)


@commands.command()
def rebuild(
    view: Annotated[str, typer.Argument(help="Name of a view, such as evaluation_list.")], workspace: InWorkspace = None
) -> None:
    """Fold a view from the record again, beside the live one, and swap."""
    with operator() as way, steps(kept=False) as say:
        chosen = [workspace] if workspace else way.ask("GET", "/workspaces")
        for done, one in enumerate(chosen):
            say(f"Rebuilding {view}", done, len(chosen))
            for name, events in way.ask("POST", "/rebuilds", json={"view": view, "workspace": one}).items():
                tell(f"{name}: {events} events folded")


@events_commands.command("tail")
def events_tail(
    service: Annotated[str | None, typer.Option(help="One service only.")] = None,
    workspace: InWorkspace = None,
    limit: Annotated[int, typer.Option("-n", help="How many.", min=1, max=1000)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new events until Ctrl-C.")] = False,
) -> None:
    """Print the newest events: places and names, never what they say about people."""
    asked = {"service": service, "workspace": workspace}
    with operator() as way:
        after = _print_events(way, {**asked, "limit": limit})
        while follow:
            time.sleep(BETWEEN_LOOKS)
            after = _print_events(way, {**asked, "limit": 1000, "after": after})


def _print_events(way: Way, asked: dict[str, Any]) -> dict[str, Any]:
    """Print the events that are found; return up to where was looked."""
    found = way.ask("POST", "/events", json=asked)
    for row in found["events"]:
        tell(json.dumps(row))
    return found["at"]
