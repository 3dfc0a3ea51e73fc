"""What the routes of a service ask first: read from their source, and from what they call of their api."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator
from textwrap import dedent
from types import FunctionType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute


def named_in_routes(parts: Iterable[APIRouter]) -> dict[tuple[str, str], set[str]]:
    """Return, by method and path, every text that a route names itself or through functions of its api."""
    routes = [route for part in parts for route in part.routes if isinstance(route, APIRoute)]
    return {
        (method, route.path): {*_named(route.endpoint)} for route in routes for method in (route.methods or set())
    }


def _named(endpoint: Callable[..., Any]) -> Iterator[str]:
    package = endpoint.__module__.rpartition(".")[0]
    left, seen = [endpoint], {endpoint}
    while left:
        one = left.pop()
        for node in ast.walk(ast.parse(dedent(inspect.getsource(one)))):
            match node:
                case ast.Constant(value=str() as text):
                    yield text
                case ast.Name(id=name):
                    called = one.__globals__.get(name)
                    if isinstance(called, FunctionType) and called.__module__.startswith(package) and called not in seen:
                        seen.add(called)
                        left.append(called)
                case _:
                    pass
