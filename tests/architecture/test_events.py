"""What holds for every stored event, whichever service it belongs to; each check is also seen red on a planted breach."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chassis.kernel import EventMapper, all_topics

from .members import PACKAGES

ROOT = Path(__file__).parents[2]


def every_module(package: str) -> None:
    """Import a service whole, so that all its events are known."""
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        importlib.import_module(module.name)


def topics() -> dict[str, str]:
    """Return every stored topic with the service it belongs to."""
    for service in PACKAGES:
        every_module(service)
    return {
        topic: event.__module__.partition(".")[0]
        for topic, event in all_topics().items()
        if event.__module__.partition(".")[0] in PACKAGES
    }


def samples(service: str) -> Path:
    return ROOT / "services" / service.replace("_", "-") / "tests" / "stored_events"


def versions(topic: str, paths: Iterable[Path]) -> set[int]:
    """Return the versions of an event that samples are frozen of."""
    return {int(path.stem.rpartition(".v")[2]) for path in paths if path.stem.rpartition(".v")[0] == topic}


def test_every_stored_event_has_a_frozen_sample_of_every_version_it_ever_had() -> None:
    for topic, service in topics().items():
        wanted = set(range(1, all_topics()[topic].VERSION + 1))
        found = versions(topic, samples(service).glob("*.json"))
        assert found == wanted, f"{topic}: freeze samples of v1 to v{max(wanted)} in {samples(service).relative_to(ROOT)}"


@pytest.mark.parametrize("service", PACKAGES)
def test_every_frozen_sample_still_loads(service: str) -> None:
    every_module(service)
    mapper = EventMapper()
    for path in samples(service).glob("*.json"):
        topic = path.stem.rpartition(".v")[0]
        assert topic == mapper.read(topic, path.read_bytes()).TOPIC, path.name


def test_a_sample_of_an_older_version_that_is_gone_is_missed() -> None:
    left = [Path("evaluation.reopened.v2.json"), Path("evaluation.reopened-other.v1.json")]
    assert versions("evaluation.reopened", left) == {2}


def test_every_frozen_sample_belongs_to_an_event_that_is_still_known() -> None:
    known = topics()
    for service in PACKAGES:
        for path in samples(service).glob("*.json"):
            assert known.get(path.stem.rpartition(".v")[0]) == service, path.name


def rules_in_evolve(source: str) -> Iterator[int]:
    """Yield the lines of an `evolve` that refuse something other than an unknown event."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef) or function.name != "evolve":
            continue
        for node in ast.walk(function):
            raised = node.exc if isinstance(node, ast.Raise) else None
            name = raised.func if isinstance(raised, ast.Call) else raised
            if isinstance(node, ast.Raise) and not (isinstance(name, ast.Name) and name.id == "TypeError"):
                yield node.lineno
            if isinstance(node, ast.Assert):
                yield node.lineno


@pytest.mark.parametrize("service", PACKAGES)
def test_no_rule_stands_in_an_evolve(service: str) -> None:
    for path in (ROOT / "services" / service.replace("_", "-") / "src").rglob("*.py"):
        assert list(rules_in_evolve(path.read_text())) == [], path.relative_to(ROOT)


def test_a_rule_planted_in_an_evolve_is_found() -> None:
    planted = "class S:\n    def evolve(cls, state, event):\n        if state.closed:\n            raise Refused('no')\n"
    assert list(rules_in_evolve(planted)) == [4]


def test_an_unknown_event_may_be_refused_in_an_evolve() -> None:
    allowed = "class S:\n    def evolve(cls, state, event):\n        raise TypeError(type(event))\n"
    assert list(rules_in_evolve(allowed)) == []
