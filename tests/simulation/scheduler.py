"""The scheduler: every step runs in a thread of its own, exactly one at any moment, and chance says which goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, cast

from .habits import Habits

PATIENCE = 240
"""Seconds of the real clock a task may take from one place to the next; beyond it the scheduler itself is broken."""

LONGEST = 1_000
"""Places one task may pass."""

Fate = Literal["kept", "cut before", "reply lost"]


class Crash(BaseException):
    """The end of a process as the code sees it that was running there."""


class Endless(BaseException):
    """A task that goes round and round: no step takes so many statements."""


class Task(threading.Thread):
    """One step or command under way: `owner` is the process it runs in, `part` which of its parts, `place` where it is."""

    def __init__(self, name: str, owner: object, part: str, work: Callable[[], Any], back: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self.owner, self.part, self.place = owner, part, "its start"
        self.doomed = False
        self.passed = 0
        self.has_ended = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.go = threading.Semaphore(0)
        self._work, self._back = work, back

    def run(self) -> None:
        """Do the work when it is this task's turn; keep what came of it."""
        self.go.acquire()
        try:
            if not self.doomed:
                self.result = self._work()
        except BaseException as error:  # noqa: BLE001  (the scheduler judges it)
            self.error = error
        self.has_ended = True
        self._back()


@dataclass
class Scheduler:
    """Holds every task but one; draws from `chance` alone, so the same seed gives the same trace.

    `calm` is set for the end of a schedule: nothing is held and nothing fails any more.
    """

    chance: Random
    habits: Habits
    trace: list[str] = field(default_factory=list[str])
    calm: bool = False
    held: list[Task] = field(default_factory=list[Task])
    crashed: list[object] = field(default_factory=list[object])
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _running: Task | None = None

    def begin(self, name: str, owner: object, work: Callable[[], Any], part: str = "") -> Task:
        """Begin a task and let it run until it is held or ends."""
        task = Task(name, owner, part, work, self._back.release)
        task.start()
        self.resume(task)
        return task

    def resume(self, task: Task) -> None:
        """Let a held task go on, until it is held again or ends; the others stand still."""
        if task in self.held:
            self.held.remove(task)
        self._running = task
        task.go.release()
        if not self._back.acquire(timeout=PATIENCE):
            raise RuntimeError(f"{task.name} does not come back from {task.place}")
        self._running = None
        if task.has_ended:
            self.note(f"{task.name} → {_outcome(task)}")
        else:
            self.held.append(task)

    def end(self, owner: object) -> list[Task]:
        """End everything under way in a process, as a kill would; return what was."""
        doomed = [task for task in self.held if task.owner is owner]
        for task in doomed:
            task.doomed = True
            self.resume(task)
        return doomed

    def give_up(self) -> None:
        """End everything that is held, wherever it runs."""
        while self.held:
            self.held[0].doomed = True
            self.resume(self.held[0])

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(line)

    # -- called from the thread of a task

    def reach(self, place: str, *, failpoint: bool = False) -> None:
        """A task passes a place: it goes on, is held there, or its process ends there."""
        task = self._task()
        if task is None:
            return
        self._stop_doomed(task)
        self._stop_endless(task)
        if self.calm:
            return
        task.place = place
        if self.chance.random() < (self.habits.crash if failpoint else self.habits.crash_anywhere):
            self._crash(task)
        if self.chance.random() < (self.habits.hold if failpoint else self.habits.hold_anywhere):
            self._hold(task)

    def at_commit(self, place: str) -> Fate:
        """Say what becomes of a COMMIT: it is a place like others, and its connection may break before it or after."""
        self.reach(place)
        task = self._task()
        if task is None or self.calm or self.chance.random() >= self.habits.cut:
            return "kept"
        fate: Fate = self.chance.choice(("cut before", "reply lost"))
        self.note(f"{task.name}: {fate} at {place}")
        return fate

    def fails(self, rate: float, what: str) -> bool:
        """Say whether a part of the world outside fails this time."""
        task = self._task()
        if task is None or self.calm or self.chance.random() >= rate:
            return False
        self.note(f"{task.name}: {what}")
        return True

    def _task(self) -> Task | None:
        """Return the task whose thread this is; None for the scheduler's own."""
        task = self._running
        return task if task is threading.current_thread() else None

    def _stop_doomed(self, task: Task) -> None:
        """What is dead says nothing more to anybody, whatever its code would still do on the way out."""
        if task.doomed:
            raise Crash

    def _stop_endless(self, task: Task) -> None:
        task.passed += 1
        if task.passed > LONGEST:
            raise Endless

    def _crash(self, task: Task) -> None:
        self.note(f"{task.name}: its process ends at {task.place}")
        self.crashed.append(task.owner)
        task.doomed = True
        raise Crash

    def _hold(self, task: Task) -> None:
        self.note(f"{task.name} held at {task.place}")
        self._back.release()
        task.go.acquire()
        self._stop_doomed(task)


def _outcome(task: Task) -> str:
    if task.error is not None:
        return type(task.error).__name__
    if isinstance(task.result, dict):
        progress = cast("dict[str, str]", task.result)
        return " ".join(progress.values())
    return str(task.result) if isinstance(task.result, str | int | None) else "answered"
