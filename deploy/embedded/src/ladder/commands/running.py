"""Running the whole system on this machine, with or without the demo company."""

from __future__ import annotations

from typing import Annotated, Final

import typer

DEMO_SEED: Final = 2026
commands = typer.Typer()
Port = Annotated[int, typer.Option(help="TCP port.", envvar="LADDER_PORT", min=0, max=65535)]
Seed = Annotated[int, typer.Option(help="The same seed gives the same company.", min=0)]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        help="Also serve /metrics and /readyz on this port of 127.0.0.1.", envvar="LADDER_METRICS_PORT", min=0, max=65535
    ),
]


@commands.command()
def up(
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    with_demo: Annotated[bool, typer.Option("--demo", help="Build the demo company first, where nothing is.")] = False,
    metrics_port: MetricsPort = None,
    services: Annotated[bool, typer.Option("--services", help="A process per service, over Kafka (LADDER_KAFKA).")] = False,
) -> None:
    """Run the whole system in this process, or as a process per service, until Ctrl-C."""
    from ladder.commands import serving  # only who starts a system waits until all of it is imported

    if services:
        serving.serve_services(host, port)
        return
    serving.serve(host, port, DEMO_SEED if with_demo else None, metrics_port)


@commands.command()
def demo(seed: Seed = DEMO_SEED) -> None:
    """Build a company of 120 invented people with three cycles of history; where nothing is, and nothing runs."""
    from ladder.commands import serving

    serving.build_demo(seed)
