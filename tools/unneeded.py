"""Prints the installed packages that no member of the workspace needs to run: the image leaves them out."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w.-]+)['\"]")


def normal(name: str) -> str:
    """Return the one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def members() -> Iterator[str]:
    """Yield the names of this workspace's members."""
    for file in ROOT.glob("*/*/pyproject.toml"):
        found = re.search(r'^name = "([^"]+)"', file.read_text(), re.MULTILINE)
        if found:
            yield normal(found[1])


def asked_for(one: Distribution, extras: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what a package needs, with the extras it asks for; a condition on the machine counts as met."""
    for line in one.requires or ():
        requirement, _, condition = line.partition(";")
        wanted = _EXTRA.search(condition)
        found = _NAME.match(requirement)
        if found and (wanted is None or normal(wanted[1]) in extras):
            yield normal(found[1]), frozenset(normal(extra) for extra in re.findall(r"[\w.-]+", found[2] or ""))


def needed(installed: dict[str, Distribution], first: Iterable[str]) -> set[str]:
    """Return the names of packages, and of all that they need."""
    left, seen = [(name, frozenset[str]()) for name in first], set[tuple[str, frozenset[str]]]()
    while left:
        name, extras = left.pop()
        if (name, extras) not in seen and name in installed:
            seen.add((name, extras))
            left += asked_for(installed[name], extras)
    return {name for name, _ in seen}


def main() -> None:
    """Print one name a line."""
    installed = {normal(one.metadata["Name"]): one for one in distributions()}
    unneeded = sorted(set(installed) - needed(installed, members()))
    sys.stdout.write("".join(f"{name}\n" for name in unneeded))


if __name__ == "__main__":
    main()
