"""Every aggregate can be read from the record: a route ends in `/history`, or a line here says why it has none."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from textwrap import dedent
from types import FunctionType
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from chassis.kernel import State

from .members import PACKAGES
from .test_events import every_module

INTERNAL = {
    "directory": "the guard of who manages whom; each change of it stands in the history of the person",
    "occupancy": "the guard of who sits where; it stands in the history of the ladder, beside its edits",
}
"""Kinds of stream that nobody asks for by themselves, and where what happened to them is read instead."""


def states(base: type[State]) -> Iterator[type[State]]:
    """Yield every whole class of states; what one is put together from is none."""
    for one in base.__subclasses__():
        yield from states(one) if one.__subclasses__() else (one,)


def read_from_the_record(parts: Iterable[APIRouter]) -> set[type[State]]:
    """Return the classes of states that routes ending in `/history` name, themselves or through functions of their api."""
    routes = [route for part in parts for route in part.routes if isinstance(route, APIRoute)]
    return {named for route in routes if route.path.endswith("/history") for named in _named(route.endpoint)}


def _named(endpoint: Callable[..., Any]) -> Iterator[type[State]]:
    package = endpoint.__module__.partition(".")[0]
    left, seen = [endpoint], {endpoint}
    while left:
        one = left.pop()
        for node in ast.walk(ast.parse(dedent(inspect.getsource(one)))):
            named = one.__globals__.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(named, type) and issubclass(named, State):
                yield named
            if isinstance(named, FunctionType) and named.__module__.startswith(f"{package}.api") and named not in seen:
                seen.add(named)
                left.append(named)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_aggregate_is_read_from_the_record_or_said_to_be_internal(package: str) -> None:
    every_module(package)
    known = {one for one in states(State) if one.__module__.startswith(f"{package}.domain")}
    read = read_from_the_record(importlib.import_module(f"{package}.api").PARTS)
    assert known
    assert {one.KIND for one in known - read} - INTERNAL.keys() == set()


def test_what_is_said_to_be_internal_is_a_kind_of_stream() -> None:
    for package in PACKAGES:
        every_module(package)
    assert INTERNAL.keys() <= {one.KIND for one in states(State)}


def test_an_aggregate_whose_history_route_is_gone_is_missed() -> None:
    parts: Iterable[APIRouter] = importlib.import_module("gap_svc.api").PARTS
    left = [part for part in parts if all("target/history" not in getattr(route, "path", "") for route in part.routes)]
    assert {one.KIND for one in read_from_the_record(left)} == {"report"}
