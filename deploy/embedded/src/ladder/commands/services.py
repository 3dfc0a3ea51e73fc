"""The mode with a process per service: its topics, its schemas, and all of it on one machine."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Final, TypeVar

import typer
from aiokafka.errors import KafkaError

from chassis.kafka import ClientSettings, apply_topics, differences
from chassis.postgres import Embedded, External, default_home
from contracts.topics import TOPICS
from ladder.commands.reach import allow_unsafe
from ladder.commands.terminal import Refused, Steps, steps, tell
from ladder.composition import Composition
from ladder.front import front_app
from ladder.processes import SERVICES, NotReady, Processes, environment_of
from ladder.server import listen, operator_door, serving

T = TypeVar("T")
LOCAL_KAFKA: Final = "127.0.0.1:9092"

commands = typer.Typer()
topics_commands = typer.Typer(no_args_is_help=True, help="The topics of Kafka, as the contracts declare them.")
commands.add_typer(topics_commands, name="topics")

Replication = Annotated[int, typer.Option(help="How many brokers keep each record.", min=1, max=9)]


@topics_commands.command("apply")
def topics_apply(replication: Replication = 1) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    made = _asked(apply_topics(_kafka(), TOPICS, replication))
    for name in made:
        tell(f"Made {name}")
    if not made:
        tell("Every topic is there already.")


@topics_commands.command("check")
def topics_check() -> None:
    """Compare the topics with what is declared; exit code 1 when they differ."""
    found = _asked(differences(_kafka(), TOPICS))
    for one in found:
        tell(str(one))
    if found:
        raise typer.Exit(1)
    tell(f"{len(TOPICS)} topics are as declared.")


@commands.command()
def migrate() -> None:
    """Bring the schema of every service and the keys up to date; before processes of a new version start."""
    server = External.from_environment()
    if server is None:
        raise Refused("LADDER_DATABASE_URL is not set; without it `ladder up` does this by itself.")
    with steps() as say:
        say("Bringing the database up to date")
        with Composition(default_home(), say, allow_unsafe=allow_unsafe()):
            pass
    tell("The database is up to date.")


def run_services(home: Path, host: str, port: int, stopping: Event) -> None:
    """Run every service as an api and a worker process, and one port before them, until told to stop."""
    kafka = _kafka()
    wrong = _asked(differences(kafka, TOPICS))
    if wrong:
        raise Refused(*(str(one) for one in wrong))
    with ExitStack() as stack:
        listening = stack.enter_context(listen(host, port))
        with steps() as say:
            url = _database_url(stack, home, say)
            processes = Processes(environment_of(url, ",".join(kafka.servers), home), home / "logs", say)
            stack.callback(processes.stop)
            system = stack.enter_context(Composition(home, say, allow_unsafe=allow_unsafe()))
            try:
                processes.start()
            except NotReady as error:
                raise Refused(str(error)) from None
        stack.enter_context(operator_door(system))
        stack.enter_context(serving(front_app({name: processes.api(name) for name in SERVICES}), listening))
        tell(f"Ready: http://{host}:{listening.getsockname()[1]} (logs in {home / 'logs'})")
        tell("Stop: Ctrl-C")
        stopping.wait()
        with steps() as say:
            say("Ending")
            stack.close()


def _database_url(stack: ExitStack, home: Path, say: Steps) -> str:
    """Return where the database is: the one that was named, else an embedded one for as long as this runs."""
    if "LADDER_DATABASE_URL" not in os.environ:
        say(f"Starting PostgreSQL, data in {home}")
        database = stack.enter_context(Embedded(home)).database
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
