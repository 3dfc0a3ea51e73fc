"""Load: clients that work at the same time, each through one loop, until told to stop; and what they were promised.

approve → release → choose a target → add somebody → erase them → note something → withdraw it → reopen → hand in → …
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .clients import PATIENCE, System
from .company import HR, MANAGER, TEAM, TODAY, Company, email

S = TypeVar("S", bound=System)
_numbers = itertools.count(1)


@dataclass
class Promised:
    """What was acknowledged, so must be there for ever."""

    added: set[str] = field(default_factory=set[str])
    erased: set[str] = field(default_factory=set[str])
    approved: Counter[str] = field(default_factory=Counter[str])
    released: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Load(Generic[S]):
    """One client per member of the team, for as long as the block runs, each to the end of its last loop.

    `pause` is how many seconds a client thinks after each answer.
    """

    system: S
    company: Company
    promised: Promised = field(default_factory=Promised)
    pause: float = 0.0
    failures: list[BaseException] = field(default_factory=list[BaseException])

    def __post_init__(self) -> None:
        self._number = next(_numbers)
        self._commands: dict[str, int] = dict.fromkeys(TEAM, 0)
        self._stopping = False
        self._going, self._resting, self._turn = True, set[str](), threading.Condition()
        self._answered: dict[str, float] = dict.fromkeys(TEAM, 0.0)
        self._threads = [threading.Thread(target=self._work, args=(name,), daemon=True) for name in TEAM]

    def __enter__(self) -> Load[S]:
        """Let the clients begin."""
        self.system.sign_in(HR, MANAGER, *map(email, TEAM))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let every client come to the end of its loop: the next load begins where every evaluation is handed in."""
        self._stopping = True
        for thread in self._threads:
            thread.join(2 * PATIENCE)
        if self.failures:
            raise self.failures[0]

    @property
    def commands(self) -> int:
        """How many commands were answered so far."""
        return sum(self._commands.values())

    def wait_for_commands(self, more: int) -> None:
        """Wait until so many more commands were answered."""
        wanted = self.commands + more
        self.wait_until(lambda: self.commands >= wanted, "nothing is answered any more")

    def wait_until(self, what: Callable[[], bool], otherwise: str) -> None:
        """Wait until something is so; a client that failed ends the wait."""
        end = time.monotonic() + PATIENCE
        while not what():
            if self.failures:
                raise self.failures[0]
            if time.monotonic() > end:
                raise AssertionError(otherwise)
            time.sleep(0.01)

    def wait_for_work(self, since: float) -> None:
        """Wait until every client was answered after a moment, or the system is dead again."""

        def is_back() -> bool:
            return self.system.has_died() or min(self._answered.values()) > since

        self.wait_until(is_back, "the system did not come back")

    @contextmanager
    def at_rest(self) -> Generator[None]:
        """Keep every client between two of its loops, where everything is as it was at the beginning."""
        with self._turn:
            self._going = False
        try:
            self.wait_until(lambda: len(self._resting) == len(TEAM), "somebody does not come to rest")
            yield
        finally:
            with self._turn:
                self._going = True
                self._turn.notify_all()

    def _work(self, name: str) -> None:
        try:
            client = self._client(name)
            while not self._stopping:
                self._rest(name)
                for act in client.loop():
                    act()
                    self._answered[name] = time.monotonic()
                    self._commands[name] += 1
                    time.sleep(self.pause)
        except BaseException as failure:  # noqa: BLE001  (told by whoever waits for this client)
            self.failures.append(failure)

    def _rest(self, name: str) -> None:
        """Wait while everybody is to be at rest."""
        with self._turn:
            self._resting.add(name)
            self._turn.wait_for(lambda: self._going)
            self._resting.discard(name)

    def _client(self, name: str) -> Client:
        keys = (f"load-{self._number}-{name}-{n}" for n in itertools.count(1))
        person, evaluation = self.company.people[name], self.company.evaluations[name]
        return Client(self.system, self.promised, name, person, evaluation, keys)


@dataclass
class Client:
    """What one client does, one command after the other, over and over; what it was told it needs for the next."""

    system: System
    promised: Promised
    name: str
    person: str
    evaluation: str
    keys: Iterator[str]
    aimed: str = "ic5"
    added: str = ""
    noted: str = ""

    def loop(self) -> tuple[Callable[[], None], ...]:
        """Return its commands in their order: after the last everything is as the first found it."""
        return (
            self.approve,
            self.release,
            self.aim,
            self.add,
            self.erase,
            self.add,
            self.note,
            self.withdraw,
            self.reopen,
            self.hand_in,
        )

    def approve(self) -> None:
        """Approve the evaluation."""
        self._judges(HR, "approval")
        self.promised.approved[self.name] += 1

    def release(self) -> None:
        """Release it."""
        self._judges(MANAGER, "release")
        self.promised.released[self.name] += 1

    def aim(self) -> None:
        """Choose the other of two targets."""
        self.aimed = "ic4" if self.aimed == "ic5" else "ic5"
        level = {"ladder": "engineering", "level": f"engineering.{self.aimed}"}
        self._does(email(self.name), "PUT", f"/gap/v1/people/{self.person}/target", {"target": level})

    def add(self) -> None:
        """Add somebody to the directory."""
        body = {"given_name": "Somebody", "family_name": "New", "starts_on": "2024-01-01"}
        self.added = self._does(HR, "POST", "/people/v1/people", body)["id"]
        self.promised.added.add(self.added)

    def erase(self) -> None:
        """Erase who was added last."""
        about = f"/people/v1/people/{self.added}/erasure"
        confirmation = self.system.does(HR, "GET", about)["confirmation"]
        self._does(HR, "POST", about, {"reason": "entered by mistake", "confirmation": confirmation})
        self.promised.erased.add(self.added)

    def note(self) -> None:
        """Note an observation."""
        body = {"employee": self.person, "on": str(TODAY), "text": "Took the incident on 4 May to its end."}
        self.noted = self._does(MANAGER, "POST", "/evaluation/v1/observations", body)["id"]

    def withdraw(self) -> None:
        """Withdraw the last observation."""
        reason = {"reason": "Written about the wrong person."}
        self._does(MANAGER, "POST", f"/evaluation/v1/observations/{self.noted}/withdrawal", reason)

    def reopen(self) -> None:
        """Reopen the evaluation."""
        self._judges(HR, "reopening", {"reason": "One rating was about somebody else."})

    def hand_in(self) -> None:
        """Hand it in again."""
        self._judges(MANAGER, "submission")

    def _judges(self, who: str, how: str, body: Any = None) -> None:
        self._does(who, "POST", f"/evaluation/v1/evaluations/{self.evaluation}/{how}", body)

    def _does(self, who: str, method: str, path: str, body: Any = None) -> Any:
        return self.system.does(who, method, path, body, next(self.keys))


def unkept(system: System, company: Company, promised: Promised) -> list[str]:
    """Return the promises that were not kept: what was acknowledged and is not there, or is there twice."""
    listed = _listed(system)
    due = {*company.people.values(), *promised.added} - promised.erased
    found = [] if len(listed) == len(due) and set(listed) == due else [f"{len(listed)} people listed, {len(due)} due"]
    for name, evaluation in company.evaluations.items():
        seen = system.does(HR, "GET", f"/evaluation/v1/evaluations/{evaluation}/history")
        for topic, times in (("approved", promised.approved[name]), ("released", promised.released[name])):
            recorded = sum(one["what"] == f"evaluation.{topic}" for one in seen)
            if recorded != times:
                found.append(f"{evaluation} was {topic} {times} times and recorded {recorded} times")
    return found


def _listed(system: System) -> list[str]:
    """Return everybody HR sees, page by page."""
    found: list[str] = []
    asked: dict[str, Any] = {"limit": 200}
    while asked:
        page = system.does(HR, "GET", "/people/v1/people", params=asked)
        found += [one["id"] for one in page["items"]]
        asked = {"limit": 200, "cursor": page["next_cursor"]} if page["next_cursor"] else {}
    return found
