"""How a command reaches the system: the operator's socket, `LADDER_URL`, or a composition for the command's own time."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from chassis.postgres import default_home
from chassis.postgres.places import SOCKET_PATH_MAX
from ladder.commands.terminal import Refused, steps
from ladder.home import BUILD_ANEW, SOCKET, UNFINISHED

InWorkspace = Annotated[str | None, typer.Option("--workspace", help="Workspace id; needed when there are several.")]
TRIES: Final = 10
"""How often a request is sent whose connection broke or that has to wait; always with the same key, so it acts once."""


LONGEST_PAUSE: Final = 5
"""Seconds that a system may ask to be left alone for."""


@dataclass
class Way:
    """An open way to a system; `where` names it for a refusal.

    What is read shows what was written on this way before. `renew` gets another token where the last one ran out.
    """

    client: httpx.Client
    where: str
    renew: Callable[[], object] | None = None
    written: dict[str, str] = field(default_factory=dict[str, str])

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send one request and return the JSON it is answered with; what the system refuses is refused."""
        answer = self.send(method, path, **request)
        try:
            return answer.json()
        except ValueError:
            raise Refused(self._no_answer(answer)) from None

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send one request and return its answer; what the system refuses is refused."""
        headers = {"Idempotency-Key": secrets.token_hex(16), **request.pop("headers", {})}
        if method == "GET" and self.written:
            headers["Wait-For"] = ", ".join(self.written.values())
        answer = self._answered(lambda: self.client.request(method, path, headers=headers, **request))
        self._refuse(answer)
        for position in filter(None, answer.headers.get("Position", "").split(", ")):
            self.written[position.partition("/")[0]] = position
        return answer

    def _answered(self, request: Callable[[], httpx.Response]) -> httpx.Response:
        """Send a request until its answer will not get better by another try."""
        for left in reversed(range(TRIES)):
            try:
                answer = request()
            except httpx.TransportError as error:
                if left and not isinstance(error, httpx.TimeoutException):
                    continue
                raise Refused(f"{self.where} does not answer ({type(error).__name__}): is it there?") from None
            if not (left and self._may_go_better(answer)):
                return answer
        raise AssertionError("the last try returns or raises")

    def _may_go_better(self, answer: httpx.Response) -> bool:
        """Make the next try a better one: with a new token, or after the pause that the system asks for."""
        if answer.status_code == 401 and self.renew is not None:
            self.renew()
            return True
        if answer.status_code == 503 and answer.headers.get("Retry-After", "").isdecimal():
            time.sleep(min(int(answer.headers["Retry-After"]), LONGEST_PAUSE))
            return True
        return False

    def _refuse(self, answer: httpx.Response) -> None:
        """Refuse with what a problem document says, a line for each field."""
        if answer.is_success:
            return
        try:
            found: Any = answer.json()
            lines = lines_of(found)
        except (ValueError, KeyError, AttributeError):
            lines = [self._no_answer(answer)]
        raise Refused(*lines)

    def _no_answer(self, answer: httpx.Response) -> str:
        return f"{self.where} answered {answer.status_code}, and not as this system does: is it one?"


def lines_of(found: dict[str, Any]) -> list[str]:
    """Return a problem document as lines: one for each error that says where and what to do, else what it says as a whole."""
    errors: list[dict[str, Any]] = found.get("errors", [])
    try:
        return [f"{_place(one)}{_value(one)}: {one['remedy']}" for one in errors] or [str(found["detail"])]
    except (KeyError, TypeError, AttributeError):  # errors of a shape that this command does not know
        return [str(found["detail"])]


def _place(error: dict[str, Any]) -> str:
    """Return where an error is: a cell of a workbook, or a field of a body."""
    if "cell" in error:
        return f"sheet {error['sheet']!r}, cell {error['cell']}"
    return error["field"].removeprefix("body.")


def _value(error: dict[str, Any]) -> str:
    return f" {error['value']!r}" if "value" in error else ""


@contextmanager
def operator(*, may_make: bool = False) -> Generator[Way]:
    """Reach the operator's door: the running system's socket, or a composition for as long as the block lasts.

    Where there is no installation yet, only a command that makes one goes on (`may_make`).
    """
    if "LADDER_URL" in os.environ:
        raise Refused("Only the operator's socket takes this command: unset LADDER_URL and run it where the system runs.")
    home = default_home()
    if not may_make and not is_installed(home):
        raise Refused(f"There is no installation in {home}; start one with `ladder up`, or set LADDER_HOME to its folder.")
    if (home / UNFINISHED).exists():
        raise Refused(f"The demo company in {home} is not finished: wait for it; if it was cut off, {BUILD_ANEW}.")
    with ExitStack() as stack:
        path = socket_of(home) or stack.enter_context(_for_its_own_time(home))
        yield stack.enter_context(_socket(path))


@contextmanager
def _for_its_own_time(home: Path) -> Generator[Path]:
    """Open the composition for as long as the block lasts; give the operator's socket."""
    from ladder.composition import Composition  # only who starts a system waits until all of it is imported
    from ladder.server import operator_door

    with ExitStack() as stack:
        with steps(kept=False) as say:
            system = stack.enter_context(Composition(home, say, allow_unsafe=allow_unsafe()))
            system.follow()
        yield stack.enter_context(operator_door(system))


@contextmanager
def acting(who: str | None, workspace: str | None) -> Generator[Way]:
    """Reach the services as somebody: with `LADDER_TOKEN` at `LADDER_URL`, else with a token of the operator's.

    What was written through the operator's door is known to every service when the block ends.
    """
    if "LADDER_URL" in os.environ:
        with _remote(who, workspace) as way:
            yield way
        return
    with operator() as way:

        def sign_in() -> str:
            signed = way.ask("POST", "/tokens", json={"who": who or "hr", "workspace": workspace})
            way.client.headers["Authorization"] = f"Bearer {signed['token']}"
            return signed["workspace"]

        company = sign_in()
        way.renew = sign_in
        yield way
        if way.written:  # whoever comes next, by another command or a page, finds what was written here
            way.ask("POST", "/rest", json={"workspace": company})


@contextmanager
def _remote(who: str | None, workspace: str | None) -> Generator[Way]:
    url, token = os.environ["LADDER_URL"], os.environ.get("LADDER_TOKEN", "")
    for option, value in (("--as", who), ("--workspace", workspace)):
        if value is not None:
            raise Refused(f"{option} {value!r}: with LADDER_URL the token says this; leave the option out.")
    if not token:
        raise Refused("LADDER_TOKEN is not set: LADDER_URL needs the token of somebody who may do this.")
    if not url.startswith(("http://", "https://")):
        raise Refused(f"LADDER_URL {url!r}: give the address of a system, such as http://127.0.0.1:8000.")
    try:
        client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=600)
    except (httpx.InvalidURL, UnicodeEncodeError):
        raise Refused(f"LADDER_URL {url!r} or LADDER_TOKEN cannot be used: give both as they were printed.") from None
    with client:
        yield Way(client, f"LADDER_URL {url!r}")


def is_installed(home: Path) -> bool:
    """Whether there is something to reach."""
    return (home / "postgres").exists() or "LADDER_DATABASE_URL" in os.environ


def socket_of(home: Path) -> Path | None:
    """Return the operator socket of a running system, or None; Refused where the folder's name leaves no room for it."""
    path = home / SOCKET
    if len(os.fsencode(path)) > SOCKET_PATH_MAX:
        raise Refused(f"{home} is too long a name for the folder of a socket: set LADDER_HOME to a shorter one.")
    if not path.exists():
        return None
    try:
        with _socket(path) as way:
            way.client.get("/livez")
    except httpx.TransportError:
        return None
    return path


@contextmanager
def _socket(path: Path) -> Generator[Way]:
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://operator", timeout=600) as client:
        yield Way(client, f"The system at {path}")


def allow_unsafe() -> bool:
    """Whether a database that may lose what it acknowledged is accepted (LADDER_ALLOW_UNSAFE_SYNC)."""
    return os.environ.get("LADDER_ALLOW_UNSAFE_SYNC", "") not in ("", "0")
