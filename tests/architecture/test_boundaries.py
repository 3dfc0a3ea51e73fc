"""The boundaries of `pyproject.toml`, each seen red on a planted import in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GAP = Path("services/gap-svc/src/gap_svc")
CHASSIS = Path("libs/chassis/src/chassis")
CONTRACTS: dict[str, str] = {
    one["id"]: one["name"]
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

PLANTED = (
    ("services", "a service imports another service", GAP / "projections.py", "import people_svc.domain"),
    ("services", "the chassis imports a service", CHASSIS / "calendar.py", "import gap_svc.domain"),
    ("services", "a service imports the whole", GAP / "main.py", "import ladder"),
    ("inside", "the domain imports the application", GAP / "domain/levels.py", "import gap_svc.application"),
    ("inside", "a command imports a route", GAP / "application.py", "import gap_svc.api"),
    ("inside", "a module has no place in the layers", GAP / "helpers.py", '"""Bits and pieces."""'),
    ("domain", "the domain knows a framework", GAP / "domain/levels.py", "import fastapi"),
    ("domain", "the domain knows the published form", GAP / "domain/trend.py", "import contracts.gap"),
    ("domain", "the domain knows the record", GAP / "domain/trend.py", "import chassis.record"),
    ("domain", "the domain writes spreadsheets", GAP / "domain/report.py", "import openpyxl"),
    ("commands", "a command knows a transport", GAP / "application.py", "import starlette.requests"),
    ("commands", "a read model knows a transport", GAP / "projections.py", "import fastapi"),
    ("files", "a file knows a transport", GAP / "documents/pdf.py", "import chassis.http"),
    ("files", "a file knows the unit of work", GAP / "documents/pdf.py", "import chassis.unit"),
    ("library", "the unit of work knows the library", CHASSIS / "unit.py", "import eventsourcing.application"),
    ("library", "a read model knows the library", GAP / "projections.py", "import eventsourcing.projection"),
    ("wire", "a route speaks the published form", GAP / "api/__init__.py", "import contracts.gap"),
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources alone."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("libs", "services", "deploy"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.otf"))
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a tree, whose sources stand before the installed ones."""
    paths = os.pathsep.join(str(path) for path in sorted(tree.glob("*/*/src")))
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache"]
    environ = {**os.environ, "PYTHONPATH": paths, "COLUMNS": "200"}
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False)


def test_the_tree_as_it_stands_keeps_every_boundary(copy: Path) -> None:
    found = lint(copy)
    assert found.returncode == 0, found.stdout[-2000:]


def test_every_contract_is_seen_broken() -> None:
    assert {one[0] for one in PLANTED} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "path", "line"), [(one[0], *one[2:]) for one in PLANTED], ids=[one[1] for one in PLANTED]
)
def test_a_planted_import_breaks_the_contract_that_forbids_it(
    copy: Path, contract: str, path: Path, line: str
) -> None:
    target = copy / path
    before = target.read_text() if target.exists() else ""
    target.write_text(f"{before}\n{line}\n")
    found = lint(copy)
    assert found.returncode != 0
    assert f"{CONTRACTS[contract]} BROKEN" in found.stdout, found.stdout[-2000:]
