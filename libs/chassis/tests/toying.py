"""The toy services as processes of their own, for tests that kill them: `python -m tests.toying reader worker`."""

from __future__ import annotations

import os
import signal
import sys

from chassis.cipher import Cipher, Grant
from chassis.process import run
from chassis.service import Service
from chassis.unit import Unit
from contracts.envelope import Envelope
from contracts.topics import Topic

from . import notebook_api, toy

GRANTS = {"toy": Grant("toy", "notebook", may_make=True), "reader": Grant("reader", "notebook")}
DEADLY = "deadly"
"""A line with this word ends the process that hears of it, as a fault in a library of C does."""


def writes(_: Cipher) -> Service:
    one = toy.toy()
    one.router, one.errors = notebook_api.router, {toy.AlreadyClosed: 410}
    return one


def reads(_: Cipher) -> Service:
    one = toy.reader()
    one.router = notebook_api.reader_router
    one.heard[toy.NotebookLineWritten] = [
        when_line_written_then_die_or_count_it if handler is toy.when_line_written_then_count_it else handler
        for handler in one.heard[toy.NotebookLineWritten]
    ]
    return one


def when_line_written_then_die_or_count_it(unit: Unit, heard: toy.NotebookLineWritten, envelope: Envelope) -> None:
    toy.when_line_written_then_count_it(unit, heard, envelope)
    if DEADLY in (unit.open(heard.text) or ""):
        os.kill(os.getpid(), signal.SIGKILL)


def declared() -> list[Topic]:
    """Return the topics as a test declares them: `TOY_TOPICS=toy.v1:3,reader.v1:1`."""
    given = [one.split(":") for one in os.environ.get("TOY_TOPICS", "toy.v1:3").split(",")]
    return [Topic(name=name, partitions=int(partitions)) for name, partitions in given]


if __name__ == "__main__":
    name = sys.argv[1]
    make = {"toy": writes, "reader": reads}[name]
    run(name, make, [GRANTS[name]], arguments=sys.argv[2:], topics=declared())
