"""The mode with a process per service: its topics and its schemas."""

from __future__ import annotations

from typing import Annotated

import typer

from ladder.commands.terminal import tell

commands = typer.Typer()
topics_commands = typer.Typer(no_args_is_help=True, help="The topics of Kafka, as the contracts declare them.")
commands.add_typer(topics_commands, name="topics")

Replication = Annotated[int, typer.Option(help="How many brokers keep each record.", min=1, max=9)]


@topics_commands.command("apply")
def topics_apply(replication: Replication = 1) -> None:
    """Make the topics that are missing; what is there stays as it is."""
    from ladder.commands import platform  # only who speaks to Kafka waits for its client

    made = platform.make_topics(replication)
    for name in made:
        tell(f"Made {name}")
    if not made:
        tell("Every topic is there already.")


@topics_commands.command("check")
def topics_check() -> None:
    """Compare the topics with what is declared; exit code 1 when they differ."""
    from ladder.commands import platform

    found = platform.differing_topics()
    for one in found:
        tell(one)
    if found:
        raise typer.Exit(1)
    tell("Every topic is as declared.")


@commands.command()
def migrate() -> None:
    """Bring the schema of every service and the keys up to date; before processes of a new version start."""
    from ladder.commands import platform

    platform.migrate()
    tell("The database is up to date.")
