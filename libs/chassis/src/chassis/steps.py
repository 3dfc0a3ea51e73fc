"""Steps and the one runner: every follower is a plain `step(workspace)`; only the runner owns threads and waiting."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import structlog

log = structlog.get_logger(__name__)

Progress = Literal["done", "more", "waiting", "failed"]
"""`done`: nothing left; `more`: call again at once; `waiting`: something else must move first; `failed`: try later."""

_armed: dict[str, Callable[[], None]] = {}


def failpoint(name: str) -> None:
    """Mark a point where a crash must do no harm; nothing happens unless a test armed it."""
    if _armed:
        action = _armed.get(name)
        if action is not None:
            action()


def arm(name: str, action: Callable[[], None]) -> None:
    """Let `action` happen at a failpoint of this process."""
    _armed[name] = action


def disarm(name: str | None = None) -> None:
    """Take the action of a failpoint (None: of all) away."""
    _armed.clear() if name is None else _armed.pop(name, None)


def arm_from_environment() -> None:
    """Arm `LADDER_FAILPOINT=name[:count[:stop]]`: kill or stop this process at the count-th passage of that point."""
    text = os.environ.get("LADDER_FAILPOINT")
    if not text:
        return
    name, count, how = [*text.split(":"), "", ""][:3]
    left = [int(count or 1)]
    number = signal.SIGSTOP if how == "stop" else signal.SIGKILL

    def end() -> None:
        left[0] -= 1
        if left[0] == 0:
            # To this thread: one that is sent to the process may meet another, and this one goes on for a moment.
            signal.pthread_kill(threading.get_ident(), number)

    arm(name, end)


class Step(Protocol):
    """A follower of one service."""

    name: str

    def step(self, workspace: str) -> Progress:
        """Do some work for a workspace, in transactions of its own."""
        ...

    def behind(self) -> Iterable[str]:
        """Return the workspaces that have something to do, compared at start and every now and then."""
        ...


@runtime_checkable
class Together(Protocol):
    """A follower to which many workspaces at once are cheaper than one after the other."""

    def steps(self, workspaces: Sequence[str]) -> Mapping[str, Progress]:
        """Do some work for each, in transactions they may share."""
        ...


TOGETHER = 500
"""Workspaces a follower is given at once, where it can do many together."""


@dataclass
class _Aside:
    """A workspace whose step failed: when to try again."""

    tries: int
    at: float


@dataclass
class Runner:
    """Runs one step in one thread: waits for names of changed workspaces, backs off where a step failed.

    Where several processes share the work, `leads` is asked before each step, and nothing is done unless it says yes.
    """

    step: Step
    sweep_every: float = 30.0
    first_pause: float = 0.05
    longest_pause: float = 30.0
    leads: Callable[[], bool] = lambda: True
    jitter: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - spreads retries, no secret
    alive: bool = False
    last_error: str | None = None
    _changed: set[str] = field(default_factory=set[str])
    _aside: dict[str, _Aside] = field(default_factory=dict[str, _Aside])
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _stopping: bool = False
    _next_sweep: float = 0.0
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name=self.step.name, daemon=True)
        self.alive = True
        self._thread.start()

    def wake(self, workspace: str) -> None:
        """Say that a workspace changed."""
        with self._wake:
            self._changed.add(workspace)
            self._wake.notify()

    def compare(self) -> None:
        """Say that names may have been missed: look for everything that is behind."""
        with self._wake:
            self._next_sweep = 0.0
            self._wake.notify()

    def stop(self) -> None:
        """End the thread after the step under way; one that hangs is not waited for longer than half a minute."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(30)

    @property
    def set_aside(self) -> int:
        """How many workspaces wait for a next try."""
        return len(self._aside)

    def _run(self) -> None:
        try:
            while not self._stopping:
                if not self.leads():
                    self._rest()
                    continue
                if time.monotonic() >= self._next_sweep:
                    self._next_sweep = time.monotonic() + self.sweep_every
                    if not self._sweep():
                        self._next_sweep = time.monotonic() + 1.0
                self._pass(self._take())
        finally:
            self.alive = False

    def _sweep(self) -> bool:
        names = set[str]()
        try:
            for name in self.step.behind():
                names.add(name)
        except Exception as error:  # noqa: BLE001  (one runner: any failing sweep is told and tried again)
            self._note(error, None)
            return False
        finally:
            with self._wake:
                self._changed.update(names)  # what was found before something failed is not held up by it
        self._note_success()
        return True

    def _rest(self) -> None:
        """Let somebody else lead; whoever leads next compares everything first."""
        with self._wake:
            self._changed.clear()
            self._next_sweep = 0.0
            if not self._stopping:
                self._wake.wait(0.5)

    def _take(self) -> list[str]:
        with self._wake:
            now = time.monotonic()
            due = [name for name, aside in self._aside.items() if aside.at <= now]
            if not self._changed and not due and not self._stopping:
                times = [self._next_sweep, *(aside.at for aside in self._aside.values())]
                self._wake.wait(max(0.0, min(times) - now))
            taken = [*(name for name in self._changed if name not in self._aside), *due]
            self._changed.difference_update(taken)
            self._changed.difference_update(self._aside)
            return taken

    def _pass(self, workspaces: Sequence[str]) -> None:
        size = TOGETHER if isinstance(self.step, Together) else 1
        for first in range(0, len(workspaces), size):
            if self._stopping or not self.leads():
                return
            for workspace, progress in self._try(workspaces[first : first + size]).items():
                self._follow_up(workspace, progress)

    def _try(self, workspaces: Sequence[str]) -> Mapping[str, Progress]:
        """Step some workspaces; what fails together is tried one by one, so that one workspace stops no other."""
        try:
            if isinstance(self.step, Together):
                return self.step.steps(workspaces)
            return {workspace: self.step.step(workspace) for workspace in workspaces}
        except Exception as error:  # noqa: BLE001  (one runner: any failing step is told and tried again)
            if len(workspaces) > 1:
                return {name: progress for one in workspaces for name, progress in self._try([one]).items()}
            self._note(error, workspaces[0])
            return {workspaces[0]: "failed"}

    def _follow_up(self, workspace: str, progress: Progress) -> None:
        if progress == "failed":
            self._set_aside(workspace)
            return
        self._aside.pop(workspace, None)
        self._note_success()
        if progress == "more":
            with self._wake:
                self._changed.add(workspace)

    def _set_aside(self, workspace: str) -> None:
        tries = self._aside[workspace].tries + 1 if workspace in self._aside else 1
        self._aside[workspace] = _Aside(tries, time.monotonic() + self.pause(tries))

    def pause(self, tries: int) -> float:
        """Return how many seconds to leave a workspace alone that failed so often: growing, and spread."""
        return min(self.longest_pause, self.first_pause * 2 ** min(tries, 12)) * self.jitter.uniform(0.5, 1.0)

    def _note_success(self) -> None:
        """Forget the last error once nothing waits for a next try: whoever asks is told what is wrong now."""
        if not self._aside:
            self.last_error = None

    def _note(self, error: Exception, workspace: str | None) -> None:
        self.last_error = type(error).__name__
        log.warning("step failed", step=self.step.name, workspace=workspace, error=self.last_error)
