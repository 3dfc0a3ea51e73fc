"""The boundaries of `pyproject.toml`, each seen red on a planted import in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GAP = Path("services/gap-svc/src/gap_svc")

PLANTED = (
    ("a service imports another service", GAP / "projections.py", "import people_svc.domain"),
    ("the chassis imports a service", Path("libs/chassis/src/chassis/calendar.py"), "import gap_svc.domain"),
    ("the domain knows a framework", GAP / "domain/levels.py", "import fastapi"),
    ("the domain knows the published form", GAP / "domain/trend.py", "import contracts.gap"),
    ("a read model knows a transport", GAP / "projections.py", "import fastapi"),
    ("a route speaks the published form", GAP / "api/__init__.py", "import contracts.gap"),
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


@pytest.mark.parametrize(("_what", "path", "line"), PLANTED, ids=[one[0] for one in PLANTED])
def test_a_planted_import_breaks_a_boundary(copy: Path, _what: str, path: Path, line: str) -> None:
    target = copy / path
    target.write_text(f"{target.read_text()}\n{line}\n")
    found = lint(copy)
    assert found.returncode != 0
    assert "BROKEN" in found.stdout, found.stdout[-2000:]
