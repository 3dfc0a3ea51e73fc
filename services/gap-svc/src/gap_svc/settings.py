"""The environment of this service."""

import os
from pathlib import Path

from chassis.cipher import Grant

NAME = "gap"

GRANTS = tuple(
    Grant(NAME, kind) for kind in ("evaluation", "observation", "example", "self-assessment", "cycle", "person")
)
"""Whose texts this service opens: names, and evidence; what was taken from a note, or from a scorecard that waited for
its cycle to open, keeps the key it was written with.

It makes no keys: it stores no text.
"""


def fonts() -> Path | None:
    """Return the folder of fonts for what the bundled ones lack (`LADDER_FONTS`), or None for the system's."""
    folder = os.environ.get("LADDER_FONTS")
    return Path(folder) if folder else None
