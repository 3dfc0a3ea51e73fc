"""Names that lead from one thing to another, a view and its class, an aggregate and its events; names of log lines."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from chassis.kernel import Event, State
from chassis.projection import View

from .members import PACKAGES

ROOT = Path(__file__).parents[2]


def below(package: ModuleType) -> Iterator[ModuleType]:
    """A module and, where it is a package, all in it."""
    yield package
    for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        yield importlib.import_module(found.name)


def defined(package: str, base: type) -> Iterator[type]:
    """The classes of a kind where they are written, not where they are imported."""
    for module in below(importlib.import_module(package)):
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, base) and one.__module__ == module.__name__:
                yield one


def misnamed(view: type[View]) -> bool:
    return view.__name__ != "".join(word.title() for word in view.NAME.split("_"))


@pytest.mark.parametrize("service", PACKAGES)
def test_the_class_of_a_view_is_its_name_in_capitals(service: str) -> None:
    views = [view for view in defined(f"{service}.projections", View) if issubclass(view, View)]
    assert views
    assert [view.__name__ for view in views if misnamed(view)] == []


def test_a_view_under_another_name_is_found() -> None:
    class EvaluationList(View):
        NAME = "evaluations"

    assert misnamed(EvaluationList)


def homeless(event: type, aggregates: set[str]) -> bool:
    """Say whether an event stands neither with an aggregate nor in the module of its name and `_events`."""
    place = event.__module__.partition(".domain.")[2]
    return event.__module__ not in aggregates and not place.split(".")[0].endswith("_events")


@pytest.mark.parametrize("service", PACKAGES)
def test_the_events_of_an_aggregate_stand_in_its_module_or_in_that_of_its_events(service: str) -> None:
    aggregates = {state.__module__ for state in defined(f"{service}.domain", State)}
    events = list(defined(f"{service}.domain", Event))
    assert events
    assert [event.__name__ for event in events if homeless(event, aggregates)] == []


def test_an_event_that_stands_elsewhere_is_found() -> None:
    class Astray:
        """No event, so that no other test meets it."""

    assert homeless(Astray, {"gap_svc.domain.report"})


SOURCES = [path for part in ("libs", "services", "deploy") for path in ROOT.glob(f"{part}/*/src/**/*.py")]
LOGGERS, WRITING = {"log", "_log"}, {"debug", "info", "warning", "error"}


def ill_named_in(source: str) -> list[str]:
    """Return the log lines of a source that are not named by a few plain words, as `relay blocked` is."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=logger), attr=level), args=[name, *_]) if (
                logger in LOGGERS and level in WRITING
            ):
                if not isinstance(name, ast.Constant) or not re.fullmatch(r"[a-z]+(?: [a-z]+)+", str(name.value)):
                    found.append(ast.unparse(name))
            case _:
                pass
    return found


def test_a_log_line_is_named_by_a_few_plain_words() -> None:
    named = {str(path.relative_to(ROOT)): ill_named_in(path.read_text()) for path in SOURCES}

    assert {path: names for path, names in named.items() if names} == {}


@pytest.mark.parametrize("name", ['"relay.blocked"', '"Relay blocked"', 'f"relay {name} blocked"', '"blocked"'])
def test_a_log_line_named_otherwise_is_found(name: str) -> None:
    assert len(ill_named_in(f"log.warning({name}, tries=3)")) == 1
