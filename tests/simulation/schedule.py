"""One schedule: what one seed lets happen, from the first command until everything is at rest, and how it is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import psycopg
from psycopg_pool import PoolTimeout

from chassis import parked
from chassis.cipher import KeysUnavailable
from chassis.identity import Actor
from chassis.kernel import DomainError
from chassis.projection import Overtaken
from chassis.steps import Progress
from chassis.unit import Answer, CommandInfo, Executed, Unavailable, Unit
from ladder.verifying import verify

from .broker import Log
from .habits import Habits
from .play import Act, Client, Scene
from .scheduler import Crash, Endless, Scheduler, Task
from .world import Process, World

TURNS = 600
"""Turns of a schedule before it is let come to rest."""
ROUNDS = 10
"""How often a system that is left alone may find something left when it compares everything."""
STEPS = 100
"""Rounds of steps that a change may cause."""
PASSING = (psycopg.OperationalError, PoolTimeout, Unavailable, KeysUnavailable, DomainError, Overtaken, Crash)
"""What a step, a command or a rebuild beside another may end with while parts fail; it is tried again."""
CRASHING = "the process ended while this event was applied"


@dataclass(frozen=True)
class Outcome:
    """What came of a seed: what is broken, and everything that happened on the way."""

    seed: int
    habits: Habits
    trace: list[str]
    broken: list[str]
    errors: list[BaseException]


def play(world: World, seed: int) -> Outcome:
    """Play the schedule of a seed."""
    return Schedule(world, seed).play()


@dataclass
class Schedule:
    """A seed, at work."""

    world: World
    seed: int
    broken: list[str] = field(default_factory=list[str])
    errors: list[BaseException] = field(default_factory=list[BaseException])

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.world.play.name}/{self.seed}")
        self.scheduler = Scheduler(self.chance, Habits.drawn(self.chance))
        names = [f"{self.world.play.name}_{self.seed}_{n}" for n in range(self.world.play.workspaces)]
        self.scenes = [self.world.play.scene(name, self.chance) for name in names]
        self.short = {name: f"w{n}" for n, name in enumerate(names)}
        self.tasks: dict[Task, Callable[[Task], None]] = {}

    def play(self) -> Outcome:
        """Play it, let everything come to rest, judge."""
        partitions = self.chance.randint(1, self.world.play.workspaces)
        with self.world.schedule(self.scheduler, list(self.short), partitions):
            try:
                self._rough()
                self._calm()
                self.broken += self._judged()
            except Endless:
                self.scheduler.give_up()
        broken = list(dict.fromkeys(self.broken))
        return Outcome(self.seed, self.scheduler.habits, self.scheduler.trace, broken, self.errors)

    # -- while things go wrong

    def _rough(self) -> None:
        for _ in range(TURNS):
            if all(client.done for client in self._clients()) and self.chance.random() < 0.1:
                return
            self._turn()

    def _turn(self) -> None:
        habits, chance = self.scheduler.habits, self.chance
        self._mischief()
        if self.scheduler.held and chance.random() < habits.resume:
            self._resume(chance.choice(self.scheduler.held))
        elif chance.random() < 0.3 * habits.haste + 0.02 and (client := self._idle_client()):
            self._send(client, chance.choice(self._processes(client)))
        elif chance.random() < habits.sweep * 0.2:
            process = chance.choice(self.world.processes)
            self._sweep(process, chance.choice(list(process.followers)))
        elif chance.random() < 0.35:
            self._deliver_some()
        else:
            self._step_some()

    def _mischief(self) -> None:
        habits, chance, broker = self.scheduler.habits, self.chance, self.world.broker()
        heard = [log for log in broker.logs.values() if self._hearers(log)]
        if heard:
            log = chance.choice(heard)
            if chance.random() < habits.rewind:
                broker.rewind(log, chance.choice(self._hearers(log)))
            if chance.random() < habits.lose:
                self.scheduler.note(f"{log.topic} {log.partition} is lost")
                broker.lose(log)
            if chance.random() < habits.poison:
                broker.poison(log.topic, chance.choice(list(self.short)))
        if broker.late and chance.random() < 0.1:
            broker.arrive_late()
        if chance.random() < habits.restart:
            self._crash(chance.choice(self.world.processes))
        if chance.random() < habits.rebuild:
            self._rebuild(chance.choice(self.world.processes))

    def _idle_client(self) -> Client | None:
        idle = [client for client in self._clients() if not client.busy and client.look() is not None]
        return self.chance.choice(idle) if idle else None

    def _processes(self, client: Client) -> list[Process]:
        assert client.act is not None
        return self.world.processes_of(client.act.service)

    def _deliver_some(self) -> None:
        waiting = [
            (log, name) for log in self.world.broker().logs.values() for name in self._hearers(log) if log.left(name)
        ]
        if waiting:
            log, name = self.chance.choice(waiting)
            self._deliver(self.chance.choice(self.world.processes_of(name)), log)

    def _step_some(self) -> None:
        woken = [
            (process, follower, workspace)
            for process in self.world.processes
            for follower, workspaces in process.woken.items()
            for workspace in sorted(workspaces)
        ]
        if woken:
            process, follower, workspace = self.chance.choice(woken)
            together = follower == "relay" and self.chance.random() < 0.5
            self._step(process, follower, sorted(process.woken[follower]) if together else [workspace])

    # -- the tasks there are

    def _send(self, client: Client, process: Process) -> None:
        act = client.act
        assert act is not None
        client.busy = True
        name = f"{process} {client.name} {client.number} {self.short[client.workspace]}"
        self._begin(name, process, lambda: _execute(process, client, act), lambda task: self._answered(client, task))

    def _answered(self, client: Client, task: Task) -> None:
        client.busy = False
        if isinstance(task.result, Executed):
            client.answered(task.result)
        else:
            client.refusal = type(task.error).__name__

    def _step(self, process: Process, follower: str, workspaces: list[str]) -> None:
        if self._is_busy(process, follower):
            return
        process.woken[follower].difference_update(workspaces)
        name = f"{process} {follower} {' '.join(self.short[one] for one in workspaces)}"

        def ended(task: Task) -> None:
            progress: dict[str, Progress] = task.result or {}
            again = {one for one in workspaces if progress.get(one) not in ("done", "waiting")}
            process.wake(follower, again)

        self._begin(name, (process, follower), lambda: process.step(follower, workspaces), ended)

    def _sweep(self, process: Process, follower: str) -> None:
        if not self._is_busy(process, follower):
            self._begin(f"{process} {follower} sweep", (process, follower), lambda: process.sweep(follower))

    def _deliver(self, process: Process, log: Log) -> None:
        if not self._is_busy(process, "driver"):
            name = f"{process} hears {log.topic} {log.partition}"
            self._begin(name, (process, "driver"), lambda: process.deliver(log))

    def _rebuild(self, process: Process) -> None:
        views = process.service.all_views
        view, workspace = self.chance.choice(views).NAME, self.chance.choice(list(self.short))
        name = f"{process} rebuilds {view} {self.short[workspace]}"
        self._begin(name, process, lambda: process.service.projections.rebuild(view, workspace))

    def _is_busy(self, process: Process, follower: str) -> bool:
        """A follower of a process has one thread: it does one thing after the other."""
        return any(task.part == follower and task.owner is process for task in self.scheduler.held)

    def _begin(
        self,
        name: str,
        owner: Process | tuple[Process, str],
        work: Callable[[], object],
        ended: Callable[[Task], None] = lambda _: None,
    ) -> None:
        process, part = owner if isinstance(owner, tuple) else (owner, "")
        task = self.scheduler.begin(name, process, work, part)
        self.tasks[task] = ended
        self._look_at(task)

    def _resume(self, task: Task) -> None:
        self.scheduler.resume(task)
        self._look_at(task)

    def _look_at(self, task: Task) -> None:
        """Take what came of a task, and end the process that was killed in it."""
        if not task.has_ended:
            return
        self.tasks.pop(task)(task)
        if task.error is not None and not isinstance(task.error, PASSING):
            self.broken.append(f"{task.name} raised {type(task.error).__name__}")
            self.errors.append(task.error)
            if isinstance(task.error, Endless):
                raise task.error
        if self.scheduler.crashed:
            process = self.scheduler.crashed.pop()
            assert isinstance(process, Process)
            self._crash(process)

    def _crash(self, process: Process) -> None:
        """Kill a process and start it again; its runners compare everything at their start."""
        self.scheduler.note(f"{process} is killed")
        for task in self.scheduler.end(process):
            self._look_at(task)
        self.world.restart(process, careful=True)
        for follower in process.followers:
            self._sweep(process, follower)

    # -- until everything is at rest

    def _calm(self) -> None:
        self.scheduler.calm = True
        self.scheduler.note("calm")
        while self.scheduler.held:
            self._resume(self.scheduler.held[0])
        self.world.broker().arrive_late()
        self._come_to_rest()
        self._replay_parked()
        self._finish_scripts()
        self.world.clock.at += timedelta(days=self.world.play.days)
        self._come_to_rest()

    def _finish_scripts(self) -> None:
        """Let every client come to its end; what is refused while nothing else is on its way is refused for good."""
        while clients := [client for client in self._clients() if client.look() is not None]:
            before = [client.number for client in clients]
            for client in clients:
                self._send(client, self._processes(client)[0])
            self._come_to_rest()
            if before == [client.number for client in clients]:
                self.broken += [f"{client.name} {client.number} is refused: {client.refusal}" for client in clients]
                return
        self.broken += [f"{client.name} waits for ever" for client in self._clients() if not client.done]

    def _come_to_rest(self) -> None:
        """Do what is known to be left, then compare everything, until comparing finds nothing.

        A step that raised what no fault explains would do so for ever: then it is judged at once.
        """
        for _ in range(ROUNDS):
            self._do_what_is_known()
            for process in self._first_of_each():
                for follower in process.followers:
                    self._sweep(process, follower)
            if self.errors or not self._known():
                return
        self.broken.append("it never comes to rest")

    def _do_what_is_known(self) -> None:
        for _ in range(STEPS):
            self._deliver_all()
            known = self._known()
            if self.errors or not known:
                return
            for process, follower, workspace in known:
                self._step(process, follower, [workspace])
        self.broken.append("a follower never has done all it could")

    def _deliver_all(self) -> None:
        for log in list(self.world.broker().logs.values()):
            for name in self._hearers(log):
                while log.left(name):
                    self._deliver(self.world.processes_of(name)[0], log)

    def _known(self) -> list[tuple[Process, str, str]]:
        """Return what the first process of each service was told of, follower by follower."""
        return [
            (process, follower, workspace)
            for process in self._first_of_each()
            for follower in process.followers
            for workspace in sorted(process.woken.get(follower, ()))
        ]

    def _first_of_each(self) -> list[Process]:
        return [process for process in self.world.processes if process.letter == "a"]

    def _replay_parked(self) -> None:
        """Replay what was parked: an event under way in too many crashes is, untried, and so may be what rests on it."""
        found = self._parked()
        if found and not any(CRASHING in one.reason for _, one in found):
            self.broken += [f"{process.name} parked {one.type}: {one.reason}" for process, one in found]
        for process, workspace in {(process.name, one.workspace): (process, one.workspace) for process, one in found}.values():
            self._begin(f"{process} replays", process, lambda w=workspace, p=process: parked.replay(p.service, w))
            self._come_to_rest()
        self.broken += [f"{process.name} still has {one.type} parked: {one.reason}" for process, one in self._parked()]

    def _parked(self) -> list[tuple[Process, parked.Parked]]:
        return [
            (process, one)
            for process in self._first_of_each()
            for workspace in self.short
            for one in parked.listed(process.service, workspace)
        ]

    # -- judged

    def _judged(self) -> Iterator[str]:
        services = self.world.services
        for broken in verify(list(services.values())).broken:
            yield f"{broken.service}: {broken.invariant}: {broken.detail}"
        for scene in self.scenes:
            yield from scene.promises(services)
            yield from self._sent(scene)

    def _sent(self, scene: Scene) -> Iterator[str]:
        """Everything published was sent, each for the first time after the one before it."""
        sent = self.world.broker().sent
        for service in self.world.services.values():
            published, after = list[int](), 0
            while records := service.feed.events(service.topic, scene.workspace, after).records:
                published += [record.sequence for record in records]
                after = records[-1].sequence
            first = list(dict.fromkeys(sent.get((service.topic, scene.workspace), [])))
            if first != published:
                yield f"{service.name}: the topic holds everything in order: published {published}, sent {first}"

    def _clients(self) -> list[Client]:
        return [client for scene in self.scenes for client in scene.clients]

    def _hearers(self, log: Log) -> list[str]:
        return [name for name, service in self.world.services.items() if log.topic in service.consumer.feeds]


def _execute(process: Process, client: Client, act: Act) -> Executed:
    """Send a command to a process, as its interface would."""

    def decide(unit: Unit) -> Answer:
        answer = act.do(process.service.application, unit)
        return Answer(ids=answer) if isinstance(answer, tuple) else Answer(id=answer)

    info = CommandInfo(client.workspace, act.who, client.key, client.key)
    actor = Actor(workspace=client.workspace, person=act.who, roles=act.roles)
    return process.service.execute(info, actor, decide)
