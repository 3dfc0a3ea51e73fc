"""The document of every service's interface: each operation says what it does, each body shows what it takes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from people_svc.api import router as people
from people_svc.documents import read_people

from .members import PACKAGES

WITH_EXAMPLES = ("application/json", "text/csv")


@dataclass(frozen=True)
class Taken:
    """What an operation takes of one media type, with the model behind it where it has one."""

    operation: str
    media: str
    content: dict[str, Any]
    model: type[BaseModel] | None

    @property
    def examples(self) -> list[Any]:
        """What the document shows, beside the content or in the body's schema."""
        shown = [one["value"] for one in self.content.get("examples", {}).values()]
        return shown + (self.model.model_json_schema().get("examples", []) if self.model else [])


def router_of(service: str) -> APIRouter:
    router: APIRouter = importlib.import_module(f"{service}.api").router
    return router


def operations(router: APIRouter) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every operation of an interface as its document shows it."""
    app = FastAPI()
    app.include_router(router)
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def models(kind: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    """Yield every model there is."""
    for one in kind.__subclasses__():
        yield one
        yield from models(one)


def bodies(router: APIRouter, package: str) -> Iterator[Taken]:
    """Yield every body an interface takes as JSON or as a text file."""
    named = {one.__name__: one for one in models() if one.__module__.startswith(f"{package}.api")}
    for operation, shown in operations(router):
        for media, content in shown.get("requestBody", {}).get("content", {}).items():
            if media in WITH_EXAMPLES:
                reference = content["schema"].get("$ref", "").rpartition("/")[2]
                yield Taken(operation, media, content, named[reference] if reference else None)


def wrong_example(taken: Taken) -> str | None:
    """Return what is wrong with the examples of a body: there is none, or one is not what the body takes."""
    if not taken.examples:
        return "has no example"
    for example in taken.examples:
        if taken.model and set(taken.model.model_validate(example).model_fields_set) != set(example):
            return f"shows a field it does not take: {example}"
    return None


@pytest.mark.parametrize("service", PACKAGES)
def test_every_operation_says_what_it_does(service: str) -> None:
    found = list(operations(router_of(service)))
    assert found
    assert [name for name, operation in found if not operation.get("description", "").strip()] == []


@pytest.mark.parametrize("service", PACKAGES)
def test_every_body_has_an_example_that_is_taken(service: str) -> None:
    found = list(bodies(router_of(service), service))
    assert found
    wrong = {taken.operation: wrong_example(taken) for taken in found}
    assert {operation: why for operation, why in wrong.items() if why} == {}


def test_the_example_of_a_file_of_people_reads_without_a_problem() -> None:
    files = [taken for taken in bodies(people, "people_svc") if taken.media == "text/csv"]
    assert files
    for taken in files:
        for example in taken.examples:
            sheet = read_people(example.encode())
            assert (sheet.problems, sheet.unknown) == ((), ())
            assert sheet.rows


class Bare(BaseModel):
    """A body that shows nothing."""

    name: str


class Wrong(BaseModel):
    """A body whose example has outlived a field."""

    model_config = {"json_schema_extra": {"examples": [{"name": "Ada", "nickname": "A"}]}}

    name: str


def test_a_body_without_an_example_and_one_that_outlived_a_field_are_found() -> None:
    def taken(model: type[BaseModel]) -> Taken:
        return Taken("POST /", "application/json", {}, model)

    assert wrong_example(taken(Bare)) == "has no example"
    assert "does not take" in str(wrong_example(taken(Wrong)))
