"""Workbooks as answers, and the names that stand in them."""

from __future__ import annotations

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


def name_of(query: Query, person: str) -> str:
    """Return somebody's name; their id where it is unknown or erased."""
    known = query.directory.person(person)
    names = query.opened([known.given_name, known.family_name]) if known else []
    return " ".join(name for name in names if name) or person
