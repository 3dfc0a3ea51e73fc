"""The OpenAPI document: every body one may send has an example that is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from framework_svc.api import router, shapes


def bodies() -> Iterator[str]:
    """Yield the name of every JSON body that a route takes."""
    app = FastAPI()
    app.include_router(router)
    for operations in app.openapi()["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield content["application/json"]["schema"]["$ref"].rpartition("/")[2]


@pytest.mark.parametrize("name", sorted(set(bodies())))
def test_every_body_has_an_example_that_is_taken(name: str) -> None:
    body: type[BaseModel] = getattr(shapes, name)

    examples: list[dict[str, Any]] = body.model_json_schema().get("examples", [])

    assert examples
    for example in examples:
        body.model_validate(example)
