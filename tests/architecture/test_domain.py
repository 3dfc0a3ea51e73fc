"""What a domain may import and ask: a list of what is allowed, so that whatever is not on it is refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOMAINS = sorted(ROOT.glob("services/*/src/*/domain"))

# Values and arithmetic alone: nothing here reads a clock, draws a number, makes an id or reaches the world outside.
# fmt: off
STANDARD = frozenset({
    "__future__", "abc", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "difflib",
    "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator", "re", "statistics",
    "string", "textwrap", "types", "typing", "unicodedata",
})
# fmt: on
OTHERS = frozenset({"pydantic", "chassis.kernel", "chassis.calendar"})
CLOCKS = frozenset({"now", "today", "utcnow"})
WORLD = frozenset({"__import__", "compile", "eval", "exec", "input", "open", "print"})


def modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every module below a service's domain by its full name."""
    package = folder.parent.parent
    for path in sorted(folder.rglob("*.py")):
        yield ".".join(path.relative_to(package).with_suffix("").parts), path


def imports(module: str, tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name of every import, wherever it stands and however it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield from ((node.lineno, source, alias.name) for alias in node.names)


def imported(tree: ast.AST) -> set[str]:
    """Return every name that an import brings in, and the last part of its dotted form."""
    aliases = [
        alias for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    ]
    return {alias.asname or alias.name.rpartition(".")[2] for alias in aliases} | {"date", "datetime"}


def last_name(node: ast.expr) -> str:
    """Return the name that an attribute is asked of."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_allowed(module: str, source: str) -> bool:
    """Whether a module of a domain may import from another: itself, values of the library, kernel and calendar."""
    service = module.partition(".")[0]
    own = source == f"{service}.domain" or source.startswith(f"{service}.domain.")
    return own or source in STANDARD | OTHERS


def breaches(module: str, source: str) -> list[str]:
    """Return what a module of a domain imports or asks though it may not."""
    tree = ast.parse(source)
    found = [
        f"{line}: imports {name or origin} of {origin}"
        for line, origin, name in imports(module, tree)
        if not is_allowed(module, origin) or name in CLOCKS
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and last_name(node.value) in imported(tree):
            found.append(f"{node.lineno}: asks {ast.unparse(node)}")
        if isinstance(node, ast.Name) and node.id in WORLD:
            found.append(f"{node.lineno}: calls {node.id}")
    return found


def test_every_service_has_a_domain_that_is_looked_at() -> None:
    assert [folder.parent.parent.parent.name for folder in DOMAINS] == [
        path.name for path in sorted(ROOT.glob("services/*"))
    ]


@pytest.mark.parametrize("folder", DOMAINS, ids=lambda folder: folder.parent.name)
def test_a_domain_imports_values_alone_and_asks_no_clock(folder: Path) -> None:
    found = {module: breaches(module, path.read_text()) for module, path in modules(folder)}
    assert {module: lines for module, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "import time",
        "import random",
        "import uuid",
        "import secrets",
        "import os",
        "import pathlib",
        "from time import monotonic",
        "import openpyxl",
        "import typst",
        "import chassis",
        "from chassis import record",
        "from chassis.cipher import Cipher",
        "from chassis.consumer import Consumer",
        "from chassis.calendar import now",
        "from gap_svc.application import Reports",
        "from ..application import Reports",
        "from people_svc.domain import Person",
        "import documents",
        "import contracts.gap",
        "def late():\n    import time",
        "def late():\n    return __import__('time')",
        "from datetime import datetime\nTODAY = datetime.now()",
        "from datetime import date\nread = date.today",
        "import datetime as dt\nTODAY = dt.datetime.utcnow()",
        "from datetime import datetime as Moment\nTODAY = Moment.now()",
        "import chassis.calendar\nTODAY = chassis.calendar.now()",
        "CONTENT = open('file')",
    ],
)
def test_what_a_domain_may_not_do_is_found_once_planted(planted: str) -> None:
    assert len(breaches("gap_svc.domain.levels", planted)) == 1


@pytest.mark.parametrize(
    "allowed",
    [
        "from datetime import UTC, date, datetime, timedelta",
        "from collections.abc import Iterable",
        "from pydantic import Field",
        "from chassis.kernel import Event",
        "from chassis.calendar import Calendar",
        "from gap_svc.domain.calculation import Line",
        "from gap_svc.domain import calculation",
        "from .calculation import Line",
        "from . import calculation",
        "def late(self):\n    return self.today",
    ],
)
def test_what_a_domain_is_made_of_is_let_through(allowed: str) -> None:
    assert breaches("gap_svc.domain.levels", allowed) == []
