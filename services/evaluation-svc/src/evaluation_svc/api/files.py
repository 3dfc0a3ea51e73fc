"""Workbooks as answers, and the names that stand in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi import Response

from chassis.http import Query

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {XLSX: {}}, "description": "The workbook."}}
"""What the OpenAPI document says of a route that answers with one."""


def download(content: bytes, filename: str) -> Response:
    """Return a workbook for a browser to save; `filename` is made of ids."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(content, media_type=XLSX, headers=headers)


def names_of(query: Query, people: Iterable[str]) -> dict[str, str]:
    """Return people's names, opened together; an id where the name is unknown or erased."""
    everybody = list(people)
    known = [query.directory.person(one) for one in everybody]
    sealed = [part for one in known for part in ((one.given_name, one.family_name) if one else (None, None))]
    opened = iter(query.opened(sealed))
    return {one: " ".join(filter(None, (next(opened), next(opened)))) or one for one in everybody}


def name_of(query: Query, person: str) -> str:
    """Return somebody's name; their id where it is unknown or erased."""
    return names_of(query, (person,))[person]
