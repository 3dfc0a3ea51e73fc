"""The environment of this service."""

import os
from pathlib import Path

from chassis.cipher import Grant

NAME = "gap"

GRANTS = tuple(Grant(NAME, kind) for kind in ("evaluation", "observation", "example", "self-assessment", "person"))
"""Whose texts this service opens: evidence, the notes it cites (evidence keeps the key of its note), and names.

It makes no keys: it stores no text.
"""


def fonts() -> Path | None:
    """Return the folder of fonts for what the bundled ones lack (`LADDER_FONTS`), or None for the system's."""
    folder = os.environ.get("LADDER_FONTS")
    return Path(folder) if folder else None
