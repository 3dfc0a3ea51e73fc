"""docs/faults.md: one page whose parts are written by whoever plays them, the others staying as they are."""

from __future__ import annotations

import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
PARTS = ("In one process", "Between services on Kafka")
_HEAD = """# Faults

What was broken on purpose, and what it broke. `make faults` plays what stands here and writes this page; `make test`
lives through every fault once.

Each time four clients work at once in a small company: they approve evaluations, release them, reopen them and hand
them in again, choose targets, add and erase people, write notes and withdraw them. Every command is sent under one key
until it is answered. Then a fault happens, and the clients go on. At the end `verify()` must find nothing: no hole, no
changed leaf, every command once, everything heard, live views equal to rebuilt ones, one main report for each approved
revision and one version per cause, what is erased unreadable. Nothing may be parked; everybody who was acknowledged as
added is listed once; every approval and every release is in the record as often as it was acknowledged.
"""


def write(part: str, text: str) -> None:
    """Write one of the parts anew."""
    kept = _parts(PAGE.read_text()) | {part: text.strip()}
    there = [f"## {name}\n\n{kept[name]}\n" for name in PARTS if name in kept]
    PAGE.write_text("\n".join((_HEAD, *there)))


def _parts(page: str) -> dict[str, str]:
    found = (one.partition("\n") for one in page.split("\n## ")[1:])
    return {name: text.strip() for name, _, text in found}


def machine() -> str:
    """Say when and on what faults were played."""
    day = datetime.fromtimestamp(time.time(), UTC).date()
    release = platform.release().split("-")[0]
    return f"{day}, {os.cpu_count()} cores ({platform.machine()}), Linux {release}, Python {platform.python_version()}"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
