"""Prints how long functions and modules are: numbers to look at, not a rule."""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def sources() -> list[Path]:
    """Return every module of every member, tests apart."""
    return sorted(path for top in ("libs", "services", "deploy") for path in ROOT.glob(f"{top}/*/src/**/*.py"))


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (lines, where) of every function of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def line(what: str, lengths: list[int]) -> str:
    """Return median, 90th percentile and greatest of `lengths` in one line."""
    tenths = statistics.quantiles(lengths, n=10)
    median = statistics.median(lengths)
    return f"{len(lengths):5} {what:9} median {median:.0f} lines, 90 % up to {tenths[-1]:.0f}, longest {max(lengths)}"


def main() -> None:
    """Print the sizes and the five longest functions."""
    paths = sources()
    found = sorted((each for path in paths for each in functions(path)), reverse=True)
    print(line("functions", [length for length, _ in found]))
    print(line("modules", [len(path.read_text().splitlines()) for path in paths]))
    for length, where in found[:5]:
        print(f"      {length:4} {where}")


if __name__ == "__main__":
    sys.exit(main())
