"""Names that lead from one thing to another: a view and its class, an aggregate and its events."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

from chassis.kernel import Event, State
from chassis.projection import View

SERVICES = ("people_svc", "framework_svc", "evaluation_svc", "gap_svc")


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


@pytest.mark.parametrize("service", SERVICES)
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


@pytest.mark.parametrize("service", SERVICES)
def test_the_events_of_an_aggregate_stand_in_its_module_or_in_that_of_its_events(service: str) -> None:
    aggregates = {state.__module__ for state in defined(f"{service}.domain", State)}
    events = list(defined(f"{service}.domain", Event))
    assert events
    assert [event.__name__ for event in events if homeless(event, aggregates)] == []


def test_an_event_that_stands_elsewhere_is_found() -> None:
    class Astray:
        """No event, so that no other test meets it."""

    assert homeless(Astray, {"gap_svc.domain.report"})
