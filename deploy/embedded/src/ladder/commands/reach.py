"""How a command reaches the system: the operator's socket, `LADDER_URL`, or a composition for the command's own time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from chassis.postgres import default_home
from chassis.postgres.places import SOCKET_PATH_MAX
from ladder.commands.terminal import Refused, steps
from ladder.home import SOCKET, UNFINISHED

InWorkspace = Annotated[str | None, typer.Option("--workspace", help="Workspace id; needed when there are several.")]
TRIES: Final = 3
"""How often a request whose connection broke is sent; always with the same Idempotency-Key, so it acts once."""


@dataclass(frozen=True)
class Way:
    """An open way to a system; `where` names it for a refusal."""

    client: httpx.Client
    where: str

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send one request and return the JSON it is answered with; what the system refuses is refused."""
        headers = {"Idempotency-Key": secrets.token_hex(16), **request.pop("headers", {})}
        for tries in range(1, TRIES + 1):
            try:
                answer = self.client.request(method, path, headers=headers, **request)
            except httpx.TransportError as error:
                if tries < TRIES and not isinstance(error, httpx.TimeoutException):
                    continue
                raise Refused(f"{self.where} does not answer ({type(error).__name__}): is it there?") from None
            return self._read(answer)
        raise AssertionError("the last try returns or raises")

    def _read(self, answer: httpx.Response) -> Any:
        """Return the JSON of an answer; refuse with what a problem document says, a line for each field."""
        try:
            found: Any = answer.json()
            if answer.is_success:
                return found
            lines = [_field(one) for one in found.get("errors", [])] or [found["detail"]]
        except (ValueError, KeyError, AttributeError):
            lines = [f"{self.where} answered {answer.status_code}, and not as this system does: is it one?"]
        raise Refused(*lines)


def _field(error: dict[str, Any]) -> str:
    value = f" {error['value']!r}" if "value" in error else ""
    return f"{error['field'].removeprefix('body.')}{value}: {error['remedy']}"


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
        raise Refused(f"The demo company in {home} is not finished: wait for it, or run `ladder up` if it was cut off.")
    with ExitStack() as stack:
        path = socket_of(home) or stack.enter_context(_for_its_own_time(home))
        yield stack.enter_context(_socket(path))


@contextmanager
def _for_its_own_time(home: Path) -> Generator[Path]:
    """Start the composition for as long as the block lasts; give the operator's socket."""
    from ladder.composition import Composition  # only who starts a system waits until all of it is imported
    from ladder.server import operator_door

    with ExitStack() as stack:
        with steps(kept=False) as say:
            system = stack.enter_context(Composition(home, say, allow_unsafe=allow_unsafe()))
            system.start()
        yield stack.enter_context(operator_door(system))


@contextmanager
def acting(who: str | None, workspace: str | None) -> Generator[Way]:
    """Reach the services as somebody: with `LADDER_TOKEN` at `LADDER_URL`, else with a token of the operator's."""
    if "LADDER_URL" in os.environ:
        with _remote(who, workspace) as way:
            yield way
        return
    with operator() as way:
        signed = way.ask("POST", "/tokens", json={"who": who or "hr", "workspace": workspace})
        way.client.headers["Authorization"] = f"Bearer {signed['token']}"
        yield way


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
