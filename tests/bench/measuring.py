"""How the benchmarks measure: figures and their table, the machine, processor time and memory of processes."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

_TICK = os.sysconf("SC_CLK_TCK")
_OWN, _ENDED = slice(11, 13), slice(13, 15)
"""Where `/proc/<pid>/stat` keeps user and system time, its own and that of the children it waited for."""


@dataclass(frozen=True)
class Figure:
    """One measured value and what is aimed at; `aim` reads like `≤ 1.3`, or is empty where a figure only explains."""

    name: str
    value: float
    unit: str
    aim: str = ""

    @property
    def verdict(self) -> str:
        """Whether the value is within its aim; empty where there is none."""
        if not self.aim:
            return ""
        sign, bound = self.aim.split()
        return "yes" if (self.value <= float(bound) if sign == "≤" else self.value >= float(bound)) else "no"


def table(figures: Iterable[Figure]) -> str:
    """Return figures as the rows of a table."""
    rows = [("figure", "value", "unit", "aim", "met")]
    rows += [(one.name, _shown(one.value), one.unit, one.aim, one.verdict) for one in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def write(path: Path, figures: Sequence[Figure], machine: dict[str, str]) -> None:
    """Write figures and machine as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": machine, "figures": [asdict(one) for one in figures]}
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def load() -> str:
    """Return how many processes wanted a core over the last minute: above the number of cores, somebody waited."""
    return f"{os.getloadavg()[0]:.1f}"


def machine(postgres: str) -> dict[str, str]:
    """Return what the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres,
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of values taken one after the other: noise that hits both sides cancels."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process itself, user and system."""
    return _ticks(pid, _OWN) / _TICK


def family_seconds(pid: int) -> float:
    """Return the processor time of a process and of all its children, the ended ones (as it waited for them) too."""
    return (_ticks(pid, _ENDED) + sum(_ticks(one, _OWN) for one in family(pid))) / _TICK


def children(pid: int) -> list[int]:
    """Return the ids of the processes whose parent is `pid`."""
    return [one for one in _processes() if _parent(one) == pid]


def family(pid: int) -> list[int]:
    """Return a process and everything that descends from it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def proportional_memory(pids: Iterable[int]) -> float:
    """Return megabytes: what is shared between processes is counted once, in shares (PSS)."""
    return sum(_proportional(pid) for pid in pids) / 1000


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _processor() -> str:
    names = [line.partition(":")[2].strip() for line in _read("/proc/cpuinfo").splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _ticks(pid: int, fields: slice) -> int:
    return sum(map(int, _fields(pid)[fields]))


def _fields(pid: int) -> list[str]:
    """Return the fields of `/proc/<pid>/stat` after the name, from the state on; nothing where the process is gone."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return []


def _proportional(pid: int) -> int:
    try:
        lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) * 1024 // 1000


def _read(path: str) -> str:
    return Path(path).read_text()
