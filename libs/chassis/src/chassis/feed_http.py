"""The catch-up feed of another service, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from chassis.feed import PAGE, Epoch, Head, Page
from chassis.unit import Unavailable
from contracts.envelope import Envelope

HEADS = 1_000


@dataclass
class HttpFeed:
    """The feed at `url` (the address of a service's interface); `token` gives the token of the service that asks.

    A service that cannot be asked raises `Unavailable`: whoever follows it tries again, and counts no event as failed.
    """

    url: str
    topic: str
    token: Callable[[], str]
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10))

    def events(self, topic: str, workspace: str, after: int, limit: int = PAGE) -> Page:
        """Return published events of a workspace with a sequence above `after`, in order."""
        found = self._ask("/events", topic=topic, workspace=workspace, after=after, limit=limit)
        return Page(tuple(_envelope(topic, one) for one in found["records"]), found["through"])

    def heads(self, topic: str) -> Iterator[Head]:
        """Return the head of every workspace that has published on a topic, page by page."""
        after: str | None = ""
        while after is not None:
            found = self._ask("/heads", topic=topic, after=after, limit=HEADS)
            for one in found["heads"]:
                yield Head(one["workspace"], one["epoch"], one["last"])
            after = found["next"]

    def epochs(self, workspace: str) -> Sequence[Epoch]:
        """Return a workspace's epochs, oldest first."""
        found = self._ask("/heads", topic=self.topic, workspace=workspace)
        return [Epoch(**epoch) for one in found["heads"] for epoch in one["epochs"]]

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _ask(self, path: str, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token()}"}
        try:
            answer = self._client.get(f"{self.url}{path}", params=params, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(f"The feed of {self.topic} cannot be read now: {type(error).__name__}.") from None
        return answer.json()


def _envelope(topic: str, shown: dict[str, Any]) -> Envelope:
    data = json.dumps(shown["data"], ensure_ascii=False, separators=(",", ":")).encode()
    return Envelope.model_validate({**shown, "topic": topic, "data": data})
