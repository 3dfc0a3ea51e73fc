"""What a system keeps in its data folder beside what PostgreSQL and the keys have there, and what belongs elsewhere."""

import os
from pathlib import Path
from typing import Final

from chassis.cipher import erasures_path

SOCKET: Final = "operator.sock"
"""The operator's door, there while a system runs."""
UNFINISHED: Final = "demo-unfinished"
"""There while a demo company is built: no command comes in between."""
BUILD_ANEW: Final = "run `make run` or `ladder up --demo`, which builds it anew"
"""What to do about a demo company that was cut off; `ladder up` alone removes it and begins empty."""
RESTORING: Final = "restore-unfinished"
"""There from before the first byte of a backup comes back until all of it did: nothing opens what lies between."""


def begin_restore(home: Path) -> Path:
    """Put the marker of a restore on disk, before anything comes back, and return it."""
    marker = home / RESTORING
    marker.touch()
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # PostgreSQL's commits outlive a loss of power; what forbids to use them has to as well
    finally:
        os.close(folder)
    return marker


def half_restored(home: Path) -> str:
    """Return how to get out of a restore that was cut off; nothing where none was.

    Between its steps there are data without their keys, or a log that goes on in an epoch others have heard more of.
    """
    marker = home / RESTORING
    if not marker.exists():
        return ""
    if "LADDER_DATABASE_URL" in os.environ:
        remedy = f"make the database of LADDER_DATABASE_URL (and of LADDER_KEYS_URL) anew, empty, remove {marker}"
    else:
        remedy = "put installation.key and the list of erasures into a new folder, set LADDER_HOME to it"
    return f"A restore into {home} is not finished; wait for it or, if it was cut off, {remedy} and restore again."


def outside_the_data(home: Path) -> str:
    """Return how to get the list of erasures out of the data folder; nothing where it is elsewhere.

    A backup of the folder holds the list as it was: put back, it brings back keys that were destroyed since.
    """
    listed = erasures_path(home).resolve()
    if not listed.is_relative_to(home.resolve()):
        return ""
    return f"End the system, move {listed} to a place that backups of {home} leave out, and set LADDER_ERASURES to it."
