"""Taking files into a workspace, as somebody of it: a career framework, and a file of people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from rich.table import Table

from framework_svc.documents import exchange
from ladder.commands.paths import FRAMEWORK, framework_problems, given
from ladder.commands.reach import InWorkspace, Way, acting
from ladder.commands.terminal import Refused, out, steps, tell, warn
from people_svc.domain import COLUMNS

commands = typer.Typer()
As = Annotated[str | None, typer.Option("--as", help="Who takes it: hr (the default) or an e-mail address.")]
PEOPLE: Final = "a file of people (CSV, its first line headings)"
_API: Final = "/api/framework/v1/framework"
REFUSED: Final = "/api/framework/v1/placements/refused"
_STYLES: Final = {"new": "green", "changed": "yellow", "unchanged": "dim", "error": "red"}


@commands.command("import-framework")
def import_framework(
    file: Annotated[Path, typer.Argument(help="A career-framework/v1 file (YAML or JSON).")],
    workspace: InWorkspace = None,
    who: As = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish its ladders as the next version.")] = False,
    note: Annotated[str, typer.Option(help="What the version's note says.")] = "",
) -> None:
    """Add the ladders of a file to the draft, or replace those with their ids; say which."""
    content = given(file, FRAMEWORK)
    with framework_problems(file):
        ladders = [ladder.id for ladder in exchange.read(content).ladders]
    with acting(who, workspace) as way:
        before = {one["ladder"]["id"] for one in way.ask("GET", f"{_API}/draft")["ladders"]}
        with steps(kept=False) as say:
            say(f"Taking {file.name} into the draft")
            way.ask("POST", f"{_API}/import", files={"file": (file.name, content)})
        for ladder in ladders:
            tell(f"{ladder}: {'replaced' if ladder in before else 'added'} in the draft")
        for hole in _holes(way, ladders):
            warn(hole)
        if publish:
            _publish(way, ladders, note or f"From {file.name}")


def _holes(way: Way, ladders: list[str]) -> Iterator[str]:
    for one in way.ask("GET", f"{_API}/draft")["ladders"]:
        name, lacks = one["ladder"]["id"], len(one["holes"])
        if name in ladders and lacks:
            yield f"{name}: {lacks} things are missing before it can be marked ready"


def _publish(way: Way, ladders: list[str], note: str) -> None:
    for ladder in ladders:
        way.ask("POST", f"{_API}/draft/ladders/{ladder}/readiness")
    made = way.ask("POST", f"{_API}/publication", json={"note": note})
    tell(f"Published as version {made['id']}")


@commands.command("import-people")
def import_people(
    file: Annotated[Path, typer.Argument(help="A file of people: CSV, its first line headings.")],
    workspace: InWorkspace = None,
    who: As = None,
    dates: Annotated[
        Literal["iso", "day first", "month first"], typer.Option(help="The order of dates that are not ISO dates.")
    ] = "iso",
    missing: Annotated[
        Literal["keep", "leave"], typer.Option(help="What becomes of active people who are not in the file.")
    ] = "keep",
    yes: Annotated[bool, typer.Option("--yes", help="Take it without asking.")] = False,
    confirm_endings: Annotated[
        bool, typer.Option("--confirm-endings", help="Also where it ends more than a fifth of the people.")
    ] = False,
) -> None:
    """Show row by row what a file of people would do, then take it as one batch."""
    content = given(file, PEOPLE)
    how = {"dates": dates, "missing": missing}
    with acting(who, workspace) as way:
        with steps(kept=False) as say:
            say(f"Looking at {file.name}")
            plan = _send(way, "/preview", content, how)
        _refuse_errors(file, plan)
        _show(plan)
        if not plan["new"] + plan["changed"] + len(plan["missing"]):
            tell("Nothing would change.")
            return
        _confirm(yes)
        confirmed = plan["needs_confirmation"] and _confirm_endings(plan, confirm_endings)
        with steps(kept=False) as say:
            say(f"Taking {file.name}")
            taken = _send(way, "", content, {**how, "plan": plan["plan"], "confirm_endings": confirmed})
        tell(f"Taken as {taken.get('id', 'a file that changes nothing')}: {_counts(plan)}.")
        if _states_a_level(plan):
            _tell_who_is_not_placed(way)


def _send(way: Way, path: str, content: bytes, how: dict[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "text/csv"}
    return way.ask("POST", f"/api/people/v1/imports{path}", content=content, params=how, headers=headers)


def _refuse_errors(file: Path, plan: dict[str, Any]) -> None:
    """Refuse a file with errors: a line for each, with what to do about it."""
    rows = [problem for row in plan["rows"] for problem in row["problems"]]
    found = sorted([*plan["problems"], *rows], key=lambda one: one["line"])
    if found or plan["plan"] is None:
        unknown = [f"The column {heading!r} is not known{_meant(heading)}." for heading in plan["unknown_headings"]]
        lines = (*unknown, *(_problem(one) for one in found))
        raise Refused(*lines, f"{file}: nothing was changed; mend this and try again.")


def _meant(heading: str) -> str:
    """Return which column a heading may stand for, where one is alike."""
    near = get_close_matches(heading.strip().lower().replace(" ", "_"), COLUMNS, n=1)
    return f"; {near[0]} is" if near else ""


def _problem(one: dict[str, Any]) -> str:
    cell = " ".join(part for part in (one["column"], repr(one["value"]) if one["value"] else "") if part)
    return f"line {one['line']}, {cell or 'the row'}: {one['remedy']}"


def _show(plan: dict[str, Any]) -> None:
    """Print the plan, a row for each row of the file."""
    table = Table("line", "what", "changes", box=None, pad_edge=False)
    for row in plan["rows"]:
        table.add_row(str(row["line"]), row["outcome"], "\n".join(_changes(row)), style=_STYLES[row["outcome"]])
    out.print(table, markup=False)
    for heading in plan["unknown_headings"]:
        warn(f"The column {heading!r} is not known and is passed over{_meant(heading)}.")
    if lines := _without_first_day(plan):
        warn(
            f"No start_date in {lines}: whoever is new there starts on the day this is taken. Where that is not so, add the "
            "column, now or in a later file."
        )
    tell(f"{_counts(plan)}; {plan['ends']} of {plan['active']} active people would leave.")


def _changes(row: dict[str, Any]) -> Iterator[str]:
    for one in row["changes"]:
        if row["outcome"] == "new":
            yield f"{one['column']}: {one['after']}"
        else:
            yield f"{one['column']}: {one['before'] or '(nothing)'} → {one['after'] or '(nothing)'}"


def _without_first_day(plan: dict[str, Any]) -> str:
    """Return the lines of new people that give no first day."""
    new = [row for row in plan["rows"] if row["outcome"] == "new"]
    found = [str(row["line"]) for row in new if not _sets(row, "start_date")]
    return f"line{'s' if len(found) > 1 else ''} {', '.join(found)}" if found else ""


def _states_a_level(plan: dict[str, Any]) -> bool:
    return any(_sets(row, "family", "track", "level") for row in plan["rows"])


def _sets(row: dict[str, Any], *columns: str) -> bool:
    return any(one["column"] in columns and one["after"] for one in row["changes"])


def _tell_who_is_not_placed(way: Way) -> None:
    """Name everybody whose stated level the framework does not have, and what to do about it."""
    found = _pages(way, REFUSED)
    for one in found:
        known = way.ask("GET", f"/api/people/v1/people/{one['person']}")
        name = " ".join(part for part in (known["given_name"], known["family_name"]) if part) or one["person"]
        stated = ", ".join(part for part in (one["ladder"], one["track"], one["level"]) if part)
        warn(f"{name} is not placed ({stated}): {one['why']}")
    if found:
        many = "1 person sits" if len(found) == 1 else f"{len(found)} people sit"
        warn(f"{many} at no level yet: publish a framework that has it, or take a file with one that is there ({REFUSED}).")


def _pages(way: Way, path: str) -> list[dict[str, Any]]:
    """Return a whole list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = way.ask("GET", path, params={"cursor": cursor} if cursor else {})
        found += page["items"]
        cursor = page.get("next_cursor")
        if cursor is None:
            return found


def _counts(plan: dict[str, Any]) -> str:
    return f"{plan['new']} new, {plan['changed']} changed, {plan['unchanged']} unchanged"


def _confirm(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("Nothing was changed: say --yes to take it where nobody can be asked.")
    if not typer.confirm("Take this?", err=True):
        raise Refused("Nothing was changed.")


def _confirm_endings(plan: dict[str, Any], confirmed: bool) -> bool:
    """Let somebody say that so many people are to leave; `--yes` alone does not."""
    ends = f"{plan['ends']} of {plan['active']} active people would leave, more than a fifth"
    if confirmed:
        return True
    if not sys.stdin.isatty():
        raise Refused(f"{ends}: nothing was changed; say --confirm-endings if it is meant.")
    if typer.prompt(f"{ends}. Type how many to take it", err=True) != str(plan["ends"]):
        raise Refused("Nothing was changed.")
    return True
