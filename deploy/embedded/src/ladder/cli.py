"""The command line `ladder`: every command, and one way to refuse what cannot be done."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from chassis.cipher import CipherError
from chassis.kernel import DomainError
from chassis.postgres import AlreadyRunning, StartFailed, UnsafeDurability, Unsupported
from chassis.steps import arm_from_environment
from chassis.telemetry import configure_logs
from ladder.commands import backups, calling, doctor, files, importing, operating, parked, running, services
from ladder.commands.terminal import Refused, refuse

REFUSALS = (DomainError, AlreadyRunning, StartFailed, Unsupported, UnsafeDurability, CipherError, OSError)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Career Ladder Builder, self-hosted.")
for group in (running, services, backups, doctor, operating, importing, calling, files):
    app.add_typer(group.commands)
app.add_typer(parked.commands, name="parked")


def main() -> None:
    """Run the command line as a process."""
    arm_from_environment()
    configure_logs("json" if os.environ.get("LADDER_LOG") == "json" else "console", level="WARNING", stream=sys.stderr)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 2 when it was refused, which is said on standard error."""
    try:
        code = app(list(arguments), prog_name="ladder", standalone_mode=False)
    except Refused as refused:
        for line in refused.lines:
            refuse(line)
    except TyperException as misused:
        if message := misused.format_message():  # none where the help was printed instead
            refuse(f"{message} This was: ladder {shlex.join(arguments)}. What there is: add --help.")
    except typer.Abort:
        refuse("Nothing was changed.")
    except REFUSALS as error:
        refuse(str(error))
    else:
        return code if isinstance(code, int) else 0
    return 2
