"""One request to a service as somebody of a workspace: what a page would do, on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import httpx
import typer

from ladder.commands.paths import Force, given, writable, write
from ladder.commands.reach import InWorkspace, acting
from ladder.commands.terminal import Refused, tell

commands = typer.Typer()
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@commands.command()
def call(
    method: Annotated[Method, typer.Argument(help="What to do: GET reads, POST and PUT change something.")],
    path: Annotated[str, typer.Argument(help="The route, such as /api/people/v1/people; see its …/v1/docs.")],
    who: Annotated[str | None, typer.Option("--as", help="hr (the default), manager, employee or an e-mail.")] = None,
    workspace: InWorkspace = None,
    data: Annotated[str | None, typer.Option(help="The body, as JSON.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file to upload.")] = None,
    if_match: Annotated[str | None, typer.Option(help="The ETag that was read (where a route asks for it).")] = None,
    show: Annotated[
        str | None, typer.Option(help="Print these values of the answer alone, such as items.*.id.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", help="Where to write the answer, such as a PDF.")] = None,
    force: Force = False,
) -> None:
    """Send one request as somebody and print its answer; every service knows of what it changed when this ends."""
    request = _request(path, data, file, if_match)
    place = None if output is None else writable(output, force=force)
    with acting(who, workspace) as way:
        answer = way.send(method, path, **request)
    if place is not None:
        write(place, answer.content)
        tell(f"Wrote {output}")
    else:
        _print(answer, show)


def _request(path: str, data: str | None, file: Path | None, if_match: str | None) -> dict[str, Any]:
    """Return what goes with the request; Refused where it cannot be sent."""
    if not path.startswith("/api/"):
        raise Refused(f"{path!r}: a route begins with /api/, such as /api/people/v1/people.")
    request: dict[str, Any] = {"headers": {"If-Match": if_match} if if_match else {}}
    if data is not None:
        try:
            request["json"] = json.loads(data)
        except ValueError as error:
            raise Refused(
                f"--data is no JSON ({error}): put it in single quotes, names and texts in double ones."
            ) from None
    if file is not None:
        request["files"] = {"file": (file.name, given(file, "a file to upload"))}
    return request


def _print(answer: httpx.Response, show: str | None) -> None:
    """Print an answer: as JSON, or the values of it that are asked for, each on a line."""
    if "json" not in answer.headers.get("content-type", ""):
        tell(answer.text) if answer.headers.get("content-type", "").startswith("text/") else _refuse_bytes()
        return
    found: Any = answer.json()
    if show is None:
        tell(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for value in _values(found, show.split("."), show):
        tell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _refuse_bytes() -> None:
    raise Refused("The answer is a file: say with -o where to write it.")


def _values(found: Any, steps: list[str], asked: str) -> Iterator[Any]:
    """Yield what a path of names, numbers and * (each of a list) leads to; Refused where it leads nowhere."""
    if not steps:
        yield found
        return
    step, rest = steps[0], steps[1:]
    match found:
        case list() if step == "*":
            for one in cast("list[Any]", found):
                yield from _values(one, rest, asked)
        case list() if step.isdecimal() and int(step) < len(cast("list[Any]", found)):
            yield from _values(found[int(step)], rest, asked)
        case dict() if step in found:
            yield from _values(found[step], rest, asked)
        case dict():
            names = ", ".join(sorted(cast("dict[str, Any]", found)))
            raise Refused(f"--show {asked!r}: there is no {step!r} here; there are {names}.")
        case _:
            raise Refused(
                f"--show {asked!r}: {step!r} leads to nothing in this answer; look at all of it without --show."
            )
