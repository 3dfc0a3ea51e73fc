"""The whole system over HTTP: one process, every service, a workspace of its own, and the people in it."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ladder.composition import Composition
from ladder.operator import NewWorkspace, new_workspace
from ladder.server import listen, public_app, serving
from people_svc import tokens

KEYS = itertools.count(1)


@dataclass
class Seen:
    """What the callers of one company have written so far: every read waits for it."""

    positions: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, header: str) -> None:
        for one in header.split(","):
            name = one.strip().split("/")[0]
            if name:
                self.positions[name] = one.strip()

    def header(self) -> str:
        return ", ".join(self.positions.values())


@dataclass
class Caller:
    """Somebody who uses the system through its one port."""

    system: Composition
    url: str
    workspace: str
    who: str
    seen: Seen

    def headers(self) -> dict[str, str]:
        actor = tokens.sign_in_as(self.system.people, self.workspace, self.who, self.system.now())
        return {"Authorization": f"Bearer {self.system.signer.sign(actor)}", "Wait-For": self.seen.header()}

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Read, after everything that anybody of this company wrote."""
        for _ in range(20):
            answer = httpx.get(f"{self.url}{path}", params=params, headers=self.headers(), timeout=30)
            if answer.status_code != 503:
                break
        return answer

    def reads(self, path: str, **params: Any) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, path: str, body: Any = None, method: str = "POST", **more: Any) -> httpx.Response:
        """Change something under a new key."""
        headers = self.headers() | {"Idempotency-Key": f"e2e-{next(KEYS)}"} | more.pop("headers", {})
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60, **more)
        self.seen.add(answer.headers.get("Position", ""))
        return answer

    def does(self, path: str, body: Any = None, method: str = "POST", **more: Any) -> Any:
        answer = self.send(path, body, method, **more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


@dataclass
class Company:
    """One workspace: its HR admin, and whoever is asked for by e-mail."""

    hr: Caller

    def person(self, email: str) -> Caller:
        return Caller(self.hr.system, self.hr.url, self.hr.workspace, email, self.hr.seen)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A running system with one workspace."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-e2e-"))
    folder.chmod(0o755)
    with Composition(folder / "data") as system, listen("127.0.0.1", 0) as listening:
        system.start()
        with serving(public_app(system), listening):
            made = new_workspace(system, NewWorkspace(name="Northwind", admin="hanna@example.com"))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            yield Company(Caller(system, url, made["workspace"], "hanna@example.com", Seen()))
    shutil.rmtree(folder, ignore_errors=True)
