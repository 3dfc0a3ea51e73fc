"""What a system keeps in its data folder beside what PostgreSQL and the keys have there, and what belongs elsewhere."""

from pathlib import Path
from typing import Final

from chassis.cipher import erasures_path

SOCKET: Final = "operator.sock"
"""The operator's door, there while a system runs."""
UNFINISHED: Final = "demo-unfinished"
"""There while a demo company is built: no command comes in between."""
BUILD_ANEW: Final = "run `make run` or `ladder up --demo`, which builds it anew"
"""What to do about a demo company that was cut off; `ladder up` alone removes it and begins empty."""


def outside_the_data(home: Path) -> str:
    """Return how to get the list of erasures out of the data folder; nothing where it is elsewhere.

    A backup of the folder holds the list as it was: put back, it brings back keys that were destroyed since.
    """
    listed = erasures_path(home).resolve()
    if not listed.is_relative_to(home.resolve()):
        return ""
    return f"End the system, move {listed} to a place that backups of {home} leave out, and set LADDER_ERASURES to it."
