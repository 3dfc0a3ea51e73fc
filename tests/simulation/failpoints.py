"""The failpoints of production code, as its source names them: what is added there is armed here by itself."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("libs/*/src", "services/*/src", "deploy/*/src")
_NAMED = re.compile(r'failpoint\("([^"]+)"\)')


def named(root: Path = ROOT) -> tuple[str, ...]:
    """Return the name of every failpoint, sorted."""
    files = (file for pattern in SOURCES for source in root.glob(pattern) for file in source.rglob("*.py"))
    return tuple(sorted({name for file in files for name in _NAMED.findall(file.read_text())}))


FAILPOINTS = named()
