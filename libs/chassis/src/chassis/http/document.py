"""The OpenAPI 3.1 document, and the page that shows it from our own files alone."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse

from chassis.http.problems import NOTHING_HERE, FieldProblem, Problem, problems

STATIC: Final = Path(__file__).parent / "static"

_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "docs.js": "text/javascript",
}
_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}/docs/swagger-ui.css">
</head>
<body>
<div id="docs" data-document="{root}/openapi.json"></div>
<script src="{root}/docs/swagger-ui-bundle.js"></script>
<script src="{root}/docs/docs.js"></script>
</body>
</html>
"""
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
_POSITION: Final = {
    "description": "Where this change stands: the log's position and, per topic, the last published. Send as Wait-For.",
    "schema": {"type": "string"},
    "example": "evaluation/20261123T090000Z-1/41, evaluation.v1/20261123T090000Z-1/40",
}


def show_document(app: FastAPI) -> None:
    """Serve `/openapi.json` in its final form, and `/docs`."""
    made: Any = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _finished(made())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        root = html.escape(request.scope.get("root_path", ""), quote=True)
        page = _PAGE.format(title=html.escape(app.title), root=root)
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    def file(name: str) -> FileResponse:
        return FileResponse(STATIC / name, media_type=_FILES[name], headers={"Cache-Control": "max-age=3600"})

    for name in _FILES:
        app.add_api_route(f"/docs/{name}", _always(file, name), include_in_schema=False)


def _always(file: Any, name: str) -> Any:
    def serve() -> FileResponse:
        return file(name)

    return serve


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    """Put problems where FastAPI promises its own errors, and say which headers come and go."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    schemas["FieldProblem"] = FieldProblem.model_json_schema()
    for method, operation in _operations(document):
        _finish_operation(method, operation)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                yield method, operation


def _finish_operation(method: str, operation: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    responses.update({str(status): one for status, one in problems(422).items()})
    if "security" in operation:
        responses.setdefault("401", problems(401)[401])
    for status, response in responses.items():
        for content in response.get("content", {}).values():
            shown = content.get("schema", {}).get("$ref", "")
            if shown.endswith("/Problem"):
                content["example"] = _example(int(status), response["description"])
            elif shown.endswith("/Answer"):
                content["example"] = {"status": int(status), "id": "ev_3f2a9c41d07b5e68a1c2", "etag": "4"}
        if method != "get" and status.startswith("2"):
            response.setdefault("headers", {})["Position"] = _POSITION
    parameters = cast("list[dict[str, Any]]", operation.get("parameters", []))
    for parameter in parameters:
        if parameter["name"].lower() == "idempotency-key" and method == "post":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 257}
            parameter["example"] = "8f14e45f-ceea-467f-a2d6-5b1f8f7c9d11"


def _example(status: int, phrase: str) -> dict[str, Any]:
    name = phrase.lower().replace(" ", "-").replace("'", "")
    detail = NOTHING_HERE if status == 404 else f"{phrase}: a sentence that says what to do."
    return {
        "type": f"urn:career-ladder:problem:{name}",
        "title": phrase.capitalize(),
        "status": status,
        "detail": detail,
        "instance": "/path/of/the/request",
    }
