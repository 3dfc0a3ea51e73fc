"""How clients ask a system that may be away for a while: again and again, under the same key, until it answers."""

from __future__ import annotations

import ssl
import time
from abc import ABC, abstractmethod
from typing import Any

import httpx

PATIENCE = 300.0
"""Seconds within which everything must come back; a system that takes longer is broken."""
TLS = ssl.create_default_context()
"""Made once: nothing here is encrypted, and every client would make one of its own, which costs more than a request."""


class System(ABC):
    """What runs: one process or many, asked by the people of the company and by whoever operates it."""

    tokens: dict[str, str]
    comes_to_rest_within = PATIENCE

    @abstractmethod
    def operator(self, method: str, path: str, body: Any = None) -> Any:
        """Do what only the operator may do."""

    @abstractmethod
    def sign_in(self, *who: str) -> None:
        """Take tokens for people."""

    @abstractmethod
    def has_died(self) -> bool:
        """Return whether nothing can be asked until somebody starts it again."""

    @abstractmethod
    def url(self, path: str) -> str:
        """Return where a service is asked; the path begins with its name and version, as at the public door."""

    @abstractmethod
    def verified(self) -> list[dict[str, Any]]:
        """Return the invariants that do not hold now; what is not followed or heard yet is one of them."""

    @abstractmethod
    def said(self) -> str:
        """Return what tells somebody why it does not answer."""

    def goes_on_with(self, who: str, answer: httpx.Response) -> bool:
        """Return whether a client takes an answer; one that does not asks again."""
        return answer.status_code != 503

    def request(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """Ask a service once."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
        headers |= more.pop("headers", {})
        with httpx.Client(transport=httpx.HTTPTransport(verify=TLS), timeout=30) as client:
            return client.request(method, self.url(path), json=body, headers=headers, **more)

    def send(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
        """Ask a service until it answers, always under the same key: what a careful client does."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                answer = self.request(who, method, path, body, key, **more)
                if self.goes_on_with(who, answer):
                    return answer
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was never answered. {self.said()}")

    def does(self, who: str, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> Any:
        """Ask a service until it answers, and that must be yes."""
        answer = self.send(who, method, path, body, key, **more)
        assert answer.status_code in (200, 201, 202), f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def broken(self) -> list[dict[str, Any]]:
        """Wait until everything is followed and heard, then return the invariants that do not hold."""
        end = time.monotonic() + self.comes_to_rest_within
        while (broken := self.verified()) and time.monotonic() < end:
            time.sleep(0.1)
        return [*broken, *({"invariant": "nothing is parked", **one} for one in self.operator("GET", "/parked"))]
