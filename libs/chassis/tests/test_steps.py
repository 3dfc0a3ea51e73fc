"""The one runner: it wakes, goes on while there is more, sets a failing workspace aside, and survives every error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from chassis.steps import Progress, Runner, arm, disarm, failpoint
from chassis.testing import until

Act = Callable[[], Progress]


@dataclass
class Counting:
    """A step that does what it is told, workspace by workspace, and remembers being called."""

    acts: dict[str, deque[Act]] = field(default_factory=dict[str, deque[Act]])
    found: list[str] = field(default_factory=list[str])
    called: list[str] = field(default_factory=list[str])
    sweeps: int = 0
    fail_sweeps: int = 0
    name: str = "counting"
    changed: threading.Condition = field(default_factory=threading.Condition)

    def step(self, workspace: str) -> Progress:
        with self.changed:
            self.called.append(workspace)
            self.changed.notify_all()
        acts = self.acts.get(workspace)
        return acts.popleft()() if acts else "done"

    def behind(self) -> Iterable[str]:
        with self.changed:
            self.sweeps += 1
            self.changed.notify_all()
        if self.fail_sweeps:
            self.fail_sweeps -= 1
            raise ConnectionError
        return self.found

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, 10)


@dataclass
class CountingTogether(Counting):
    """The same, many workspaces at once."""

    asked: list[list[str]] = field(default_factory=list[list[str]])

    def steps(self, workspaces: Sequence[str]) -> Mapping[str, Progress]:
        self.asked.append(list(workspaces))
        return {one: self.step(one) for one in workspaces}


@pytest.fixture
def started() -> Iterator[Callable[..., Runner]]:
    runners: list[Runner] = []

    def start(step: Counting, **settings: float) -> Runner:
        runner = Runner(step, **settings)  # pyright: ignore[reportArgumentType] - only times are given
        runners.append(runner)
        runner.start()
        return runner

    yield start
    for runner in runners:
        runner.stop()
        assert not runner.alive


def fails() -> Progress:
    raise RuntimeError


def test_at_its_start_it_takes_up_what_is_behind(started: Callable[..., Runner]) -> None:
    step = Counting(found=["a", "b"])

    started(step)

    step.wait_for(lambda: sorted(step.called) == ["a", "b"])


def test_it_wakes_for_a_workspace_that_changed(started: Callable[..., Runner]) -> None:
    step = Counting()
    runner = started(step)
    step.wait_for(lambda: step.sweeps == 1)

    runner.wake("a")

    step.wait_for(lambda: step.called == ["a"])


def test_it_goes_on_while_there_is_more(started: Callable[..., Runner]) -> None:
    step = Counting({"a": deque([lambda: "more", lambda: "more", lambda: "done"])})

    started(step).wake("a")

    step.wait_for(lambda: step.called == ["a"] * 3)


def test_many_are_done_together_and_where_one_fails_each_is_tried_alone(started: Callable[..., Runner]) -> None:
    step = CountingTogether({"b": deque([fails, fails, lambda: "done"])}, found=["a", "b", "c"])

    started(step, first_pause=0.01)

    step.wait_for(lambda: step.called.count("b") == 3 and {"a", "c"} <= set(step.called))
    together, *alone, again = step.asked
    assert sorted(together) == ["a", "b", "c"]
    assert alone == [[one] for one in together]
    assert again == ["b"]


def test_a_workspace_that_waits_is_not_asked_again_until_something_changes(started: Callable[..., Runner]) -> None:
    step = Counting({"a": deque([lambda: "waiting", lambda: "done"])})
    runner = started(step)

    runner.wake("a")
    step.wait_for(lambda: step.called == ["a"])
    runner.wake("b")
    step.wait_for(lambda: step.called == ["a", "b"])
    runner.wake("a")

    step.wait_for(lambda: step.called == ["a", "b", "a"])


def test_a_failing_workspace_is_set_aside_tried_again_and_holds_up_no_other(started: Callable[..., Runner]) -> None:
    told: list[str | None] = []

    def fails_again() -> Progress:
        told.append(runner.last_error)
        return "failed"

    step = Counting({"a": deque([fails, fails_again, lambda: "done"])})
    runner = started(step, first_pause=0.01)

    runner.wake("a")
    step.wait_for(lambda: step.called[:1] == ["a"])
    runner.wake("b")

    step.wait_for(lambda: step.called.count("a") == 3 and "b" in step.called)
    assert told == ["RuntimeError"]
    until(lambda: runner.set_aside == 0 and runner.last_error is None)


def test_what_went_wrong_is_told_until_nothing_waits_for_a_next_try(started: Callable[..., Runner]) -> None:
    step = Counting({"a": deque([fails])})
    runner = started(step, first_pause=600, longest_pause=600)
    runner.wake("a")
    until(lambda: runner.set_aside == 1)

    for name in ("b", "c"):
        runner.wake(name)
        step.wait_for(lambda name=name: name in step.called)

    assert (runner.last_error, runner.set_aside) == ("RuntimeError", 1)


def test_a_workspace_set_aside_is_not_woken_before_its_time(started: Callable[..., Runner]) -> None:
    step = Counting({"a": deque([fails])})
    runner = started(step, first_pause=600, longest_pause=600)
    runner.wake("a")
    until(lambda: runner.set_aside == 1)

    runner.wake("a")
    runner.wake("b")

    step.wait_for(lambda: "b" in step.called)
    assert step.called == ["a", "b"]


def test_pauses_grow_up_to_the_longest() -> None:
    runner = Runner(Counting(), first_pause=0.05, longest_pause=30.0)
    pauses = [runner.pause(tries) for tries in range(1, 21)]

    assert 0.05 <= pauses[0] <= 0.1
    assert all(later > earlier * 0.9 for earlier, later in pairwise(pauses[:7]))
    assert max(pauses) <= 30
    assert min(pauses[12:]) >= 15


def test_a_sweep_that_fails_is_made_again_and_the_runner_lives(started: Callable[..., Runner]) -> None:
    told: list[str | None] = []

    class Listening(Counting):
        def behind(self) -> Iterable[str]:
            told.extend(runner.last_error for runner in runners)
            return super().behind()

    runners: list[Runner] = []
    step = Listening(found=["a"], fail_sweeps=1)
    runner = started(step)
    runners.append(runner)

    step.wait_for(lambda: step.called == ["a"])

    assert told[-1:] == ["ConnectionError"]
    assert (runner.alive, step.sweeps) == (True, 2)
    until(lambda: runner.last_error is None)


def test_it_sweeps_again_and_again(started: Callable[..., Runner]) -> None:
    step = Counting(found=["a"])

    started(step, sweep_every=0.01)

    step.wait_for(lambda: step.called.count("a") >= 3)


def test_it_stops_after_the_step_under_way() -> None:
    entered, leave = threading.Event(), threading.Event()
    ended: list[str] = []

    def long() -> Progress:
        entered.set()
        leave.wait(10)
        ended.append("a")
        return "more"

    step = Counting({"a": deque([long])})
    runner = Runner(step)
    runner.start()
    runner.wake("a")
    entered.wait(10)
    stopping = threading.Thread(target=runner.stop)
    stopping.start()
    leave.set()
    stopping.join()

    assert (ended, step.called, runner.alive) == (["a"], ["a"], False)


def test_a_failpoint_does_nothing_until_it_is_armed() -> None:
    passed: list[str] = []
    failpoint("here")
    arm("here", lambda: passed.append("here"))

    failpoint("elsewhere")
    failpoint("here")
    disarm("here")
    failpoint("here")

    assert passed == ["here"]


def test_a_failpoint_named_in_the_environment_kills_the_process_at_the_nth_passage() -> None:
    program = """
from chassis.steps import arm_from_environment, failpoint
arm_from_environment()
for n in range(5):
    failpoint("elsewhere")
    print(n, flush=True)
    failpoint("here")
"""
    environment = {**os.environ, "LADDER_FAILPOINT": "here:3"}

    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)

    assert (ended.returncode, ended.stdout.split()) == (-signal.SIGKILL, [b"0", b"1", b"2"])


def test_a_thread_that_is_stopped_at_a_failpoint_does_nothing_after_it() -> None:
    program = """
import os, threading
from chassis.steps import arm_from_environment, failpoint
arm_from_environment()
def work():
    failpoint("here")
    os.write(1, b"went on")
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    environment = {**os.environ, "LADDER_FAILPOINT": "here:1:stop"}

    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE) as process:
        os.waitpid(process.pid, os.WUNTRACED)
        process.kill()
        assert process.stdout is not None
        written = process.stdout.read()

    assert written == b""
