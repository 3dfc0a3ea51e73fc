"""What holds for every stored event, whichever service it belongs to; each check is also seen red on a planted breach."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Function:
    """A function of a domain: its module, and whether it is called by its name, after a dot, or read after one."""

    module: str
    node: ast.FunctionDef
    is_method: bool

    @property
    def is_property(self) -> bool:
        """Whether reading its name calls it."""
        return any("property" in ast.unparse(decorator) for decorator in self.node.decorator_list)

    def refusals(self) -> Iterator[str]:
        """Yield where it refuses something other than an unknown event."""
        for node in ast.walk(self.node):
            raised = node.exc if isinstance(node, ast.Raise) else None
            name = raised.func if isinstance(raised, ast.Call) else raised
            is_unknown = isinstance(name, ast.Name) and name.id == "TypeError"
            if isinstance(node, ast.Assert) or (isinstance(node, ast.Raise) and not is_unknown):
                yield f"{self.module}:{node.lineno}"

    def calls(self, other: Function) -> bool:
        """Tell whether it names another function, or anything of its name after a dot: once too often is no harm."""
        nodes, name = list(ast.walk(self.node)), other.node.name
        if not other.is_method:
            return any(isinstance(node, ast.Name) and node.id == name for node in nodes)
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        dotted = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == name]
        return bool(dotted) and (other.is_property or any(id(node) in called for node in dotted))


def functions(sources: Mapping[str, str]) -> Iterator[Function]:
    """Yield every function of some modules."""
    for module, source in sources.items():
        tree = ast.parse(source)
        methods = {id(one) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for one in node.body}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                yield Function(module, node, id(node) in methods)


def rules_in_evolve(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield where an `evolve` of a domain, or anything it calls there, refuses something other than an unknown event.

    `sources` are the modules of one domain by name.
    """
    unseen = list(functions(sources))
    left = [one for one in unseen if one.node.name == "evolve"]
    while left:
        one = left.pop()
        yield from one.refusals()
        called = [other for other in unseen if one.calls(other)]
        unseen = [other for other in unseen if other not in called]
        left += called


def domain_of(service: str) -> dict[str, str]:
    """Return the modules of a service's domain by their paths."""
    folder = ROOT / "services" / service.replace("_", "-") / "src" / service / "domain"
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.py")}


@pytest.mark.parametrize("service", PACKAGES)
def test_no_rule_stands_in_an_evolve_nor_in_what_it_calls(service: str) -> None:
    domain = domain_of(service)
    assert any("def evolve(" in source for source in domain.values())
    assert list(rules_in_evolve(domain)) == []


def test_a_rule_planted_in_an_evolve_is_found() -> None:
    planted = "class S:\n    def evolve(cls, state, event):\n        if state.closed:\n            raise Refused('no')\n"
    assert list(rules_in_evolve({"cycle.py": planted})) == ["cycle.py:4"]


@pytest.mark.parametrize(
    ("called", "helper"),
    [
        ("_changes(state, event)", "def _changes(state, event):\n    raise Refused('no')\n"),
        ("state._after(event)", "class T:\n    def _after(self, event): raise Refused('no')\n"),
        ("state.standing", "class T:\n    @property\n    def standing(self): raise Refused('no')\n"),
        ("map(_one, event.lines)", "def _one(line):\n    assert line\n"),
        ("_changes(event)", "def _changes(event): return _check(event)\ndef _check(event):\n    raise Refused('no')\n"),
    ],
)
def test_a_rule_planted_in_what_an_evolve_calls_is_found_in_whichever_module(called: str, helper: str) -> None:
    evolve = f"class S:\n    def evolve(cls, state, event):\n        return {called}\n"
    assert [where.partition(":")[0] for where in rules_in_evolve({"a.py": evolve, "b.py": helper})] == ["b.py"]


def test_an_unknown_event_may_be_refused_in_an_evolve() -> None:
    allowed = "class S:\n    def evolve(cls, state, event):\n        raise TypeError(type(event))\n"
    assert list(rules_in_evolve({"cycle.py": allowed})) == []


def test_a_rule_in_a_decision_is_none_of_an_evolve() -> None:
    allowed = "class S:\n    def close(self): raise Refused('no')\n    def evolve(cls, state, event): return state\n"
    assert list(rules_in_evolve({"cycle.py": allowed})) == []
