"""The faults between the services: what breaks, how it is brought about, and how the platform lives through it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from psycopg_pool import PoolTimeout

from chassis.postgres import INTERRUPTED
from ladder.processes import Child

from ..company import Company
from ..faults import Outcome
from ..load import Load, Promised, unkept
from . import topics, wires
from .carried import published_by, uncarried
from .gate import Gate
from .platform import LED_BY_TWO, Platform

THINKS = 0.05
"""Seconds a client waits between two commands: the platform, its brokers and the clients share one machine."""
A_FEW, MANY = 8, 20
"""Commands that are answered before a fault, and while something is broken."""


@dataclass
class Scene:
    """Where a fault happens: a company whose people are at work on the platform, and what they were promised so far.

    `times` is how often it happens in `make faults`, where what is a duration lasts as long as its description says;
    None is how `make test` plays it: once, and short (docs/faults.md says what).
    """

    platform: Platform
    company: Company
    chance: random.Random
    times: int | None = None
    promised: Promised = field(default_factory=Promised)
    load: Load[Platform] = field(init=False)
    broken: list[str] = field(default_factory=list[str])

    def meanwhile(self, seconds: float, at_least: int = MANY) -> None:
        """Let time pass (little of it in `make test`) in which people go on and are answered."""
        self.load.wait_for_commands(at_least)
        time.sleep(seconds if self.times else 0.0)

    def until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait for a condition while people work."""
        self.load.wait_until(condition, otherwise)


@dataclass(frozen=True)
class Fault:
    """One thing that may break between the services; `make faults` lets it happen so many `times`, `make test` once."""

    name: str
    how: str
    strike: Callable[[Scene], None]
    times: int = 3


def live_through(scene: Scene, fault: Fault) -> Outcome:
    """Let a fault happen to the platform under load, once or several times, and verify each time, when all is at rest.

    A recovery is the time from the end of a fault until every client was answered again, and every relay has sent and
    every service has heard all that had been published by then. What is broken ends it: it belongs to that time.
    """
    outcome = Outcome()
    for number in range(1, (scene.times or 1) + 1):
        outcome.recoveries.append(_strike(scene, fault))
        if broken := _broken(scene):
            outcome.broken = [f"after the {number}. time: {one}" for one in broken]
            break
    return outcome


def _strike(scene: Scene, fault: Fault) -> float:
    """Let a fault happen once under load; return how long the recovery took."""
    platform = scene.platform
    with Load(platform, scene.company, scene.promised, THINKS) as scene.load:
        scene.load.wait_for_commands(A_FEW)
        fault.strike(scene)
        struck = time.monotonic()
        published = patiently(scene, platform.published)
        scene.until(lambda: _came_through(platform, published), "not everything was sent and heard")
        scene.load.wait_for_work(struck)
        return time.monotonic() - struck


def _broken(scene: Scene) -> list[str]:
    """Return what is broken now that nobody works."""
    platform, told = scene.platform, scene.broken.copy()
    scene.broken.clear()
    damage = [*map(str, platform.broken()), *unkept(platform, scene.company, scene.promised)]
    return [*told, *damage, *uncarried(platform)]


def patiently(scene: Scene, read: Callable[[], dict[tuple[str, str, str], int]]) -> dict[tuple[str, str, str], int]:
    """Read from the database as soon as it can be read."""
    found: list[dict[tuple[str, str, str], int]] = []

    def has_read() -> bool:
        try:
            found.append(read())
        except (*INTERRUPTED, PoolTimeout):
            return False
        return True

    scene.until(has_read, "the database cannot be read")
    return found[0]


def _came_through(platform: Platform, published: dict[tuple[str, str, str], int]) -> bool:
    try:
        return platform.has_heard(published) and platform.has_sent(published)
    except (*INTERRUPTED, PoolTimeout):
        return False


# -- brokers


def a_broker_killed(scene: Scene) -> None:
    """Kill one of three brokers, whichever topics it leads, and start it again."""
    node = scene.chance.choice(scene.platform.kafka.nodes)
    node.kill()
    scene.meanwhile(0)
    node.start()


def kafka_gone(scene: Scene) -> None:
    """Kill every broker, let people go on, start them again."""
    nodes = scene.platform.kafka.nodes
    for node in nodes:
        node.kill()
    scene.meanwhile(60, 2 * MANY)
    for node in nodes:
        node.start()


def acknowledgements_lost(scene: Scene) -> None:
    """Cut the connection of a relay after its records were written and before it is told."""
    platform = scene.platform
    (worker,) = platform.workers("people")
    with Gate(platform.kafka.nodes) as gate:
        platform.restarted(worker, {"LADDER_KAFKA": platform.kafka.gates})
        gate.lose_acknowledgements(3)
        scene.until(lambda: gate.lost == 3, "no acknowledgement was lost")
        scene.meanwhile(0)
        platform.restarted(worker, {})


# -- workers


def _killed_at(scene: Scene, worker: Child, point: str, most: int) -> None:
    scene.platform.restarted(worker, {"LADDER_FAILPOINT": f"{point}:{scene.chance.randint(1, most)}"})
    armed = worker.starts
    scene.until(lambda: worker.starts > armed, f"{worker.name} never came to the point where it was to die")


def relay_killed(scene: Scene) -> None:
    """Kill the relay of the directory when the brokers have its records and its position does not say so."""
    _killed_at(scene, scene.platform.workers("people")[0], "between send and position", 10)


def consumer_killed(scene: Scene) -> None:
    """Kill a consumer when its work is committed.

    Whether Kafka's offset is too is chance: it says only that records were taken into memory, whatever became of them.
    Where it is not, they come again; that they do is certain after `offset_lost` and `rewound`.
    """
    _killed_at(scene, scene.platform.workers("gap")[0], "after consumer commit", 10)


def offset_lost(scene: Scene) -> None:
    """Kill a consumer that has a batch in its hands whose offset is not committed."""
    _killed_at(scene, scene.platform.workers("gap")[0], "between offer and offset", 5)


def zombie(scene: Scene) -> None:
    """Stop a leading worker until another has taken over and its group has given its partitions away; let it go on."""
    platform = scene.platform
    worker = platform.leader(LED_BY_TWO)
    worker.signal(signal.SIGSTOP)
    scene.until(lambda: platform.leader(LED_BY_TWO) is not worker, "nobody took over")
    asyncio.run(topics.given_away(platform.settings, f"{LED_BY_TWO}-svc", len(platform.workers(LED_BY_TWO)) - 1))
    scene.meanwhile(30)
    worker.signal(signal.SIGCONT)


def lock_cut(scene: Scene) -> None:
    """Stop the leader and end its lock's session, as a broken network would; let it go on."""
    platform = scene.platform
    worker = platform.leader(LED_BY_TWO)
    worker.signal(signal.SIGSTOP)
    sessions = """select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and application_name = %s"""
    assert platform.rows(sessions, f"{LED_BY_TWO} leadership")
    scene.until(lambda: platform.leader(LED_BY_TWO) is not worker, "nobody took over")
    scene.meanwhile(0)
    worker.signal(signal.SIGCONT)


def rebalances(scene: Scene) -> None:
    """Let a member that applies nothing join a consumer's group and leave it again, every three seconds."""
    for _ in range(20 if scene.times else 2):
        asyncio.run(topics.join_and_leave(scene.platform.settings, "gap-svc", topics.heard_by_gap(scene.platform)))
        scene.load.wait_for_commands(1)


def restarted_in_turn(scene: Scene) -> None:
    """End every process in order, one after the other, each when the one before is ready again.

    Two processes answer for each service, and people ask at the one port: none of them may hear of it.
    """
    platform = scene.platform
    with platform.behind_one_port():
        # Every process is asked once before: only then it knows the keys by which people prove who they are.
        scene.load.wait_for_commands(2 * MANY)
        platform.refusals.clear()
        for child in list(platform.processes.children):
            starts = child.starts
            child.signal(signal.SIGTERM)
            scene.until(lambda child=child, starts=starts: child.starts > starts and child.is_ready(), f"{child.name} is away")
        if platform.refusals:
            scene.broken.append(f"answers during the restart: {dict(platform.refusals)}")
        with scene.load.at_rest():
            platform.front = ""


# -- topics and what lies on them


def rewound(scene: Scene) -> None:
    """Set the group of a consumer back by 500 records in every partition."""
    platform = scene.platform
    with platform.down(*platform.workers("gap")):
        scene.load.wait_for_commands(MANY)
        asyncio.run(topics.rewind(platform.settings, "gap-svc", topics.heard_by_gap(platform), 500))


def topics_lost(scene: Scene) -> None:
    """Delete every topic while a consumer is down that has not heard of a new workspace; make the topics again."""
    platform = scene.platform
    with platform.down(*platform.workers("gap")):
        topics.open_a_silent_workspace(scene)
        asyncio.run(topics.delete_and_make(platform.settings))
        platform.gone |= _sent(platform)


def retention_ran_out(scene: Scene) -> None:
    """Delete every record while a consumer is down that has not heard them."""
    platform = scene.platform
    with platform.down(*platform.workers("gap")):
        topics.open_a_silent_workspace(scene)
        scene.load.wait_for_commands(MANY)
        asyncio.run(topics.delete_records(platform.settings))
        platform.gone |= _sent(platform)


def _sent(platform: Platform) -> set[tuple[str, str]]:
    """Return what the relays had sent, so what may have stood on the topics."""
    sql = """select p.topic, p.event_id::text from {0}.published p join {0}.relayed r using (workspace, topic)
    where p.sequence <= r.sequence and p.workspace = any(%s)"""
    company = [platform.workspace, *platform.silent]
    return {event for one in platform.system.services for event in platform.rows(sql.format(one.name), company)}


def no_events(scene: Scene) -> None:
    """Put null headers, bytes that are no text and tombstones on three partitions of every topic at once."""
    wires.aside(scene, wires.no_events())


def doubled_and_reordered(scene: Scene) -> None:
    """Put what the directory has published and not sent on its topic backwards and doubled; then its relay sends it."""
    platform = scene.platform
    with platform.down(*platform.workers("people")):
        scene.until(lambda: len(platform.unsent("people")) >= A_FEW, "nothing is published while the relay is away")
        unsent = platform.unsent("people")
        wires.produce(platform, [wires.as_record(one) for one in reversed(unsent) for _ in range(2)])


def poison(scene: Scene) -> None:
    """Publish what can be no event of ours for a workspace nobody knows; it is set aside, by name, and nothing else.

    What was parked after it is replayed once it is discarded.
    """
    wires.poison(scene)


def newer_events(scene: Scene) -> None:
    """Publish an event with a field nobody knows, one of an unknown type, and one more: the two known are applied."""
    wires.newer(scene)


def too_large(scene: Scene) -> None:
    """Ask for a framework whose event no broker would take; it is refused where it is asked for."""
    wires.too_large(scene)


# -- PostgreSQL


def database_restored(scene: Scene) -> None:
    """Bring back what evaluation-svc had ten minutes ago; what was acknowledged there since is lost, and only that."""
    platform, promised = scene.platform, scene.promised
    with scene.load.at_rest():
        archive = platform.backed_up("evaluation")
        approved, released = promised.approved.copy(), promised.released.copy()
    scene.meanwhile(600)
    with scene.load.at_rest(), platform.down(*platform.processes_of("evaluation")):
        there = set(published_by(platform, platform.service("evaluation")))
        platform.bring_back("evaluation", archive)
        platform.gone |= there - set(published_by(platform, platform.service("evaluation")))
        promised.approved, promised.released = approved, released


def postgres_killed(scene: Scene) -> None:
    """Kill PostgreSQL's first process at a random moment; its supervisor starts it again."""
    server = scene.platform.server
    time.sleep(scene.chance.uniform(0.05, 1.0))
    before, pid = server.restarts, server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    scene.until(lambda: server.restarts > before, "PostgreSQL did not come back")


BROKER_KILLED = Fault("a broker killed", "kill −9 of one of three brokers, started again", a_broker_killed, 10)
KAFKA_GONE = Fault("Kafka gone for a minute", "kill −9 of all three brokers, started again after 60 s", kafka_gone, 1)
ACKNOWLEDGEMENTS_LOST = Fault(
    "produce acknowledgement lost", "a proxy keeps three answers to a relay back and cuts it off", acknowledgements_lost
)
RELAY_KILLED = Fault("relay killed between send and position", "kill −9 at the failpoint, people-svc", relay_killed)
CONSUMER_KILLED = Fault(
    "consumer killed after commit", "kill −9 at the failpoint, gap-svc; its offset may be committed or not", consumer_killed
)
OFFSET_LOST = Fault("consumer killed before its offset", "kill −9 at the failpoint, gap-svc", offset_lost)
ZOMBIE = Fault(
    "worker paused and resumed", "SIGSTOP of the leader until another leads and has its partitions, and 30 s more", zombie
)
LOCK_CUT = Fault("leader stopped, its lock cut", "SIGSTOP, and pg_terminate_backend of its lock's session", lock_cut)
REBALANCES = Fault("rebalances", "a member joins gap-svc's group and leaves, every 3 s, 20 times", rebalances, 1)
RESTARTED = Fault(
    "everything restarted in turn",
    "SIGTERM, each when the one before is ready; two api of each service behind the one port, asked there: no 5xx",
    restarted_in_turn,
    1,
)
REWOUND = Fault("group rewound", "gap-svc's offsets set back by 500 in every partition", rewound)
TOPICS_LOST = Fault("topics deleted and made again", "while gap-svc is down; one workspace stays silent", topics_lost)
RETENTION = Fault("retention ran out", "every record deleted while gap-svc is down", retention_ran_out)
NO_EVENTS = Fault("records that are no events", "null headers, no text, tombstones, on three partitions", no_events)
DOUBLED = Fault(
    "records doubled and reordered",
    "what people-svc has not sent yet backwards, each twice, and then from its relay",
    doubled_and_reordered,
)
POISON = Fault(
    "poison", "no JSON, NaN, lone surrogate, U+0000, 10,000 deep, no such id, another workspace's, 5 MB, …", poison
)
TOO_LARGE = Fault("a record over the broker's limit", "a ladder of 350 kB published: refused at the command", too_large)
NEWER = Fault("events of a newer version", "a new optional field, an unknown type, an unknown version", newer_events)
POSTGRES_KILLED = Fault("PostgreSQL killed", "kill −9 of its first process at a random moment", postgres_killed, 10)
DATABASE_RESTORED = Fault(
    "a service's database restored", "evaluation-svc's schema by pg_restore, as ten minutes before", database_restored, 1
)

FAULTS = (
    BROKER_KILLED,
    KAFKA_GONE,
    ACKNOWLEDGEMENTS_LOST,
    RELAY_KILLED,
    CONSUMER_KILLED,
    OFFSET_LOST,
    ZOMBIE,
    LOCK_CUT,
    REBALANCES,
    REWOUND,
    TOPICS_LOST,
    RETENTION,
    NO_EVENTS,
    DOUBLED,
    POISON,
    TOO_LARGE,
    NEWER,
    POSTGRES_KILLED,
    DATABASE_RESTORED,
    RESTARTED,
)
