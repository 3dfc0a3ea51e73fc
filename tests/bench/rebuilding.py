"""How fast a view is folded from the record again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from measuring import Figure

from ladder.composition import Composition

VIEW = "evaluation_list"
ENOUGH = 50_000
"""Events the figure rests on, at least."""


def figures(home: Path) -> Iterator[Figure]:
    """Rebuild a view of evaluation-svc in every workspace, one after the other, as `ladder rebuild` does."""
    with Composition(home) as system:
        service = next(one for one in system.services if one.name == "evaluation")
        began = time.perf_counter()
        events = sum(service.projections.rebuild(VIEW, workspace) for workspace in system.workspaces())
        seconds = time.perf_counter() - began
    if events < ENOUGH:
        raise RuntimeError(f"{events} events are too few to measure a rebuild")
    yield Figure(f"rebuild of {VIEW}", events / seconds, "events/s", "≥ 50000")
    yield Figure(f"events folded into {VIEW}", events, "events")
