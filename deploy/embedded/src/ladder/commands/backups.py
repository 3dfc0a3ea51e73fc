"""`ladder backup` and `ladder restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chassis.postgres import default_home
from ladder.commands.reach import allow_unsafe, operator, socket_of
from ladder.commands.terminal import Refused, steps, tell

commands = typer.Typer()
Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


@commands.command()
def backup(folder: Folder) -> None:
    """Write data and keys into a new folder, an archive each; also while the system runs."""
    with operator() as way, steps(kept=False) as say:
        say("Writing the backup")
        made = way.ask("POST", "/backups", json={"folder": str(folder.resolve())})
    for name, size in made["sizes"].items():
        tell(f"{folder / name}: {size} bytes")
    tell("Keep apart from it, each in a place of its own: installation.key, and the list of erasures (LADDER_ERASURES).")


@commands.command("restore")
def restore_command(folder: Folder) -> None:
    """Bring a backup back where nothing is yet, and verify it; exit code 1 when an invariant is broken."""
    from ladder.backups import BackupRefused  # only who brings something back waits for all of this
    from ladder.composition import Composition
    from ladder.restoring import restore

    home = default_home()
    if socket_of(home) is not None:
        raise Refused(f"A system is running on {home}; end it, and set LADDER_HOME to a new folder for what comes back.")
    with steps() as say:
        try:
            verdict = restore(home, folder, lambda at: Composition(at, say, allow_unsafe=allow_unsafe()))
        except BackupRefused as error:
            raise Refused(str(error)) from None
    for one in verdict.broken:
        tell(f"{one.service} {one.workspace}: {one.invariant}: {one.detail}")
    tell(f"Restored: {verdict.events} events, {len(verdict.broken)} invariants broken.")
    if verdict.broken:
        raise typer.Exit(1)
