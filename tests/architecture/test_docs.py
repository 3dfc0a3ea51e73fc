"""The pages beside the code: they name every setting, lead where they say, and end each decision with its check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("libs", "services", "deploy")
PARTS = (*SOURCES, "tests", "tools")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("services/*/README.md")])
DECISIONS = sorted(ROOT.glob("docs/adr/*.md"))
LINE = 120
GENERATED = {"faults.md"}
"""Their long lines are written by what makes them."""


def names_of(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def settings_read() -> set[str]:
    """Every environment variable that the code names; `LADDER_EVALUATION_URL` stands for those of all services."""
    text = "\n".join(path.read_text() for part in SOURCES for path in ROOT.glob(f"{part}/**/*.py"))
    named = set[str](re.findall(r"LADDER_[A-Z]+(?:_[A-Z]+)*(?![A-Z_])", text))
    return {name.replace("EVALUATION", "<SERVICE>") for name in named}


def modules_named(page: Path) -> list[str]:
    """The modules a page names in backticks, `{a,b}.py` as two."""
    named = re.findall(r"`([\w./{},-]+\.py)`", page.read_text())
    return [module for name in named for module in expanded(name)]


def expanded(name: str) -> list[str]:
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [f"{found[1]}{each}{found[3]}" for each in found[2].split(",")] if found else [name]


def prose(page: Path) -> list[str]:
    """The lines of a page without tables and fenced code."""
    outside = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [line for line in outside.splitlines() if not line.startswith("|")]


def test_the_table_of_settings_holds_what_the_code_reads_and_nothing_else() -> None:
    operating = (ROOT / "docs/operating.md").read_text()
    first = "\n".join(line.split("|")[1] for line in operating.splitlines() if line.startswith("| `LADDER_"))
    documented = set[str](re.findall(r"`(LADDER_[A-Z_<>]+)`", first))

    assert documented == settings_read()


@pytest.mark.parametrize("page", PAGES, ids=names_of(PAGES))
def test_a_link_of_a_page_leads_to_a_file_that_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=names_of(PAGES))
def test_a_module_that_a_page_names_is_there(page: Path) -> None:
    there = [f"/{path.relative_to(ROOT)}" for part in PARTS for path in ROOT.glob(f"{part}/**/*.py")]

    assert [name for name in modules_named(page) if not any(path.endswith(f"/{name}") for path in there)] == []


@pytest.mark.parametrize("page", PAGES, ids=names_of(PAGES))
def test_prose_can_be_read_without_scrolling_sideways(page: Path) -> None:
    if page.name not in GENERATED:
        assert [line for line in prose(page) if len(line) > LINE and "](" not in line] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=names_of(DECISIONS))
def test_a_decision_says_why_what_and_which_check_holds_it(decision: Path) -> None:
    text = decision.read_text()

    assert text.startswith(f"# {int(decision.name[:4])}. ")
    places = [text.index(part) for part in ("**Context.**", "**Decision.**", "**Check.**")]
    assert places == sorted(places)


def test_decisions_are_numbered_without_a_hole() -> None:
    assert [int(decision.name[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))
