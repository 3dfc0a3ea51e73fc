"""Heard events that could not be applied: what the operator does with them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ladder.commands.reach import operator
from ladder.commands.terminal import tell, warn

commands = typer.Typer(no_args_is_help=True, help="Heard events that could not be applied.")


@commands.command("list")
def parked_list() -> None:
    """List heard events that could not be applied; beside them, how many records carried no event."""
    with operator() as way:
        rows, unreadable = way.ask("GET", "/parked"), way.ask("GET", "/unreadable")
    for row in rows:
        tell(json.dumps(row))
    if not rows:
        warn("Nothing is parked.")  # beside the output, which holds a line of JSON for each event and nothing else
    for one in unreadable:
        kept = f"{one['service']}.unreadable"
        warn(f"{one['records']} records of {one['topic']} carried no event; they are kept in the table {kept}.")


@commands.command("show")
def parked_show(service: str, workspace: str, event: str) -> None:
    """Show one parked event; its personal fields are sealed."""
    with operator() as way:
        tell(json.dumps(way.ask("GET", f"/parked/{service}/{workspace}/{event}"), indent=2))


@commands.command("replay")
def parked_replay(
    service: str,
    workspace: str,
    subject: Annotated[str | None, typer.Option(help="One subject only, such as evaluation/ev_1.")] = None,
) -> None:
    """Apply parked events again, in order; exit code 1 when a subject stopped at a failure."""
    with operator() as way:
        asked = {"service": service, "workspace": workspace, "subject": subject}
        done = way.ask("POST", "/parked/replay", json=asked)
    tell(json.dumps(done, indent=2))
    if done["stopped"]:
        raise typer.Exit(1)


@commands.command("discard")
def parked_discard(
    service: str,
    workspace: str,
    event: str,
    reason: Annotated[str, typer.Option(help="Why it is given up; kept with the event.")],
) -> None:
    """Give one parked event up."""
    body = {"service": service, "workspace": workspace, "event": event, "reason": reason}
    with operator() as way:
        way.ask("POST", "/parked/discard", json=body)
    tell(f"Discarded {event}")
