"""Every service as processes of its own on this machine, over a Kafka and a PostgreSQL that are there."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any, Final, TypeVar

import psycopg
from aiokafka.errors import KafkaError

from chassis.kafka import TOPICS, ClientSettings, apply_topics, differences
from chassis.postgres import Embedded, External, Server, default_home
from ladder.commands.reach import allow_unsafe
from ladder.commands.terminal import Refused, Steps, steps, tell
from ladder.composition import Composition
from ladder.front import front_app
from ladder.processes import NotReady, Processes, environment_of
from ladder.server import operator_door, serving

T = TypeVar("T")
LOCAL_KAFKA: Final = "127.0.0.1:9092"


def make_topics(replication: int) -> list[str]:
    """Make the topics that are missing; return their names."""
    return _asked(apply_topics(_kafka(), TOPICS, replication))


def differing_topics() -> list[str]:
    """Return a line for every way in which a topic is not as declared."""
    return [str(one) for one in _asked(differences(_kafka(), TOPICS))]


def migrate() -> None:
    """Bring the database that was named up to date."""
    if External.from_environment() is None:
        raise Refused("LADDER_DATABASE_URL is not set; without it `ladder up` does this by itself.")
    with steps() as say, Composition(default_home(), say, allow_unsafe=allow_unsafe()):
        pass


def serve(home: Path, listening: socket.socket, stopping: Event) -> None:
    """Run every service as an api and a worker process, and one port before them, until told to stop."""
    kafka = _kafka()
    if wrong := differing_topics():
        raise Refused(*wrong)
    with ExitStack() as stack:
        with steps() as say:
            url = _database_url(stack, home, say)
            processes = Processes(environment_of(url, ",".join(kafka.servers), home), home / "logs", say)
            stack.callback(processes.stop)
            system = stack.enter_context(Composition(home, say, allow_unsafe=allow_unsafe()))
            refuse_narrow(system.server, processes.connections)
            system.accompany()
            try:
                processes.start()
            except NotReady as error:
                raise Refused(str(error)) from None
        stack.enter_context(operator_door(system))
        stack.enter_context(serving(front_app(processes.at), listening))
        host, port = listening.getsockname()[:2]
        tell(f"Ready: http://{host}:{port} (logs in {home / 'logs'})")
        tell("Stop: Ctrl-C")
        stopping.wait()
        with steps() as say:
            say("Ending")
            stack.close()


def refuse_narrow(server: Server, needed: int) -> None:
    """Refuse a database that could not take every connection: some would be turned away, now these, now those."""
    with psycopg.connect(server.dsn("people", "follower")) as connection:
        row = connection.execute("select current_setting('max_connections')::int").fetchone()
    taken = row[0] if row else 0
    if taken < needed:
        remedy = f"set max_connections = {needed} or more there, or a smaller LADDER_POOL here"
        raise Refused(f"The database takes {taken} connections, these processes may need {needed}: {remedy}.")


def _database_url(stack: ExitStack, home: Path, say: Steps) -> str:
    """Return where the database is: the one that was named, else an embedded one for as long as this runs."""
    if "LADDER_DATABASE_URL" not in os.environ:
        say(f"Starting PostgreSQL, data in {home}")
        database = stack.enter_context(Embedded(home, {"max_connections": "300"})).database
        os.environ["LADDER_DATABASE_URL"] = database.admin_dsn()
        stack.callback(os.environ.pop, "LADDER_DATABASE_URL")
    return os.environ["LADDER_DATABASE_URL"]


def _kafka() -> ClientSettings:
    try:
        settings = ClientSettings.from_environment()
    except ValueError as error:
        raise Refused(str(error)) from None
    if settings is not None:
        return settings
    host, _, port = LOCAL_KAFKA.partition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        raise Refused(f"There is no Kafka at {LOCAL_KAFKA}; name one: LADDER_KAFKA=host:9092.") from None
    return ClientSettings((LOCAL_KAFKA,))


def _asked(answer: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(answer)
    except (KafkaError, OSError) as error:
        raise Refused(f"Kafka does not answer ({type(error).__name__}): is LADDER_KAFKA right?") from None
