"""Somebody at the door of a service: a token of their own, a key for each change, and what they wrote is awaited."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any, Self

from httpx import Client, Response

from chassis.clock import now
from chassis.identity import Actor, Signer, SigningKey, Verifier

KEY = SigningKey.generate()
_numbers = itertools.count(1)


SIGNER = Signer(lambda: [KEY], now)
"""Signs the tokens of every caller."""


def verifier() -> Verifier:
    """Return what an api believes callers by."""
    return Verifier(SIGNER.jwks, now)


@dataclass
class Seen:
    """The position up to which somebody has seen; callers who tell each other share one."""

    position: str = ""


@dataclass
class Caller:
    """Somebody at the other end of the wire, who waits for what was written."""

    client: Client
    workspace: str
    person: str
    roles: frozenset[str] = frozenset()
    seen: Seen = field(default_factory=Seen)

    def as_(self, person: str, *roles: str) -> Self:
        """Return somebody else of the same workspace, who has seen as much."""
        return replace(self, person=person, roles=frozenset(roles), seen=replace(self.seen))

    def get(self, path: str, **params: Any) -> Response:
        """Read."""
        return self.client.get(path, params=params or None, headers=self.headers())

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Response:
        """Change something, under a new key unless one is given."""
        return self.send("POST", path, json=body, headers={**headers, "Idempotency-Key": key})

    def put(self, path: str, body: Any, **headers: str) -> Response:
        """Replace something."""
        return self.send("PUT", path, json=body, headers=headers)

    def patch(self, path: str, body: Any, **headers: str) -> Response:
        """Change a part of something."""
        return self.send("PATCH", path, json=body, headers=headers)

    def delete(self, path: str, **headers: str) -> Response:
        """Take something away."""
        return self.send("DELETE", path, headers=headers)

    def upload(self, path: str, content: bytes, name: str = "file", **fields: str) -> Response:
        """Send a file, with the fields of a form."""
        return self.send("POST", path, files={"file": (name, content)}, data=fields)

    def send(self, method: str, path: str, **sent: Any) -> Response:
        """Send anything that changes something, as the client takes it, under a new key unless a header gives one."""
        given = {name: value for name, value in sent.pop("headers", {}).items() if value}
        headers = self.headers(**{"Idempotency-Key": f"key-{next(_numbers)}", **given})
        answer = self.client.request(method, path, headers=headers, **sent)
        self.seen.position = answer.headers.get("Position", self.seen.position)
        return answer

    def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """Change something and return the answer, which has to be good."""
        answer = self.post(path, body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def read(self, path: str, **params: Any) -> Any:
        """Read something that has to be there."""
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def listed(self, path: str, **params: Any) -> list[Any]:
        """Read every item of a list, page by page."""
        items, cursor = list[Any](), dict[str, str]()
        while True:
            page = self.read(path, **params, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    def headers(self, **more: str) -> dict[str, str]:
        """Return what a request is sent with; `If_Match` is If-Match, and what is empty is left out."""
        actor = Actor(workspace=self.workspace, person=self.person, session="s", roles=self.roles)
        given = {"Authorization": f"Bearer {SIGNER.sign(actor)}", "Wait-For": self.seen.position}
        given |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in given.items() if value}
