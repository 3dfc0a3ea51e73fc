"""A system that answers but whose followers do not run, so that a command's own cost can be told from what follows."""

from __future__ import annotations

import signal
import sys
import threading

from chassis.postgres import default_home
from chassis.telemetry import configure_logs
from ladder.composition import Composition
from ladder.server import listen, operator_door, public_app, serving


def main() -> None:
    """Serve the data in `LADDER_HOME` until this process is told to end."""
    configure_logs("console", level="WARNING", stream=sys.stderr)  # as `ladder up` does
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    with (
        listen("127.0.0.1", 0) as listening,
        Composition(default_home()) as system,
        operator_door(system),
        serving(public_app(system), listening),
    ):
        sys.stdout.write(f"Ready: http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        stopping.wait()


if __name__ == "__main__":
    main()
