"""How the steps of a command are shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ladder.commands import terminal

ERASED = "\x1b[2K"
"""What a terminal is told before a line is written anew."""


def shown(monkeypatch: pytest.MonkeyPatch, *, on_a_terminal: bool, kept: bool = True) -> str:
    """What standard error holds after two steps, one of them of a known length."""
    written = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(terminal, "err", Console(file=written, force_terminal=on_a_terminal, width=100))
    with terminal.steps(kept=kept) as say:
        say("Starting")
        for done in range(3):
            say("Building [the company]", done, 4)
    return written.getvalue()


def test_elsewhere_than_on_a_terminal_each_step_is_one_plain_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, on_a_terminal=False) == "· Starting\n· Building [the company]\n"


def test_on_a_terminal_a_step_of_known_length_has_a_bar_and_every_step_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    left = shown(monkeypatch, on_a_terminal=True).rpartition(ERASED)[2]
    starting, building, _ = left.split("\n")
    assert "Starting" in starting
    assert "━" not in starting
    assert "Building [the company]" in building
    assert "━" in building


def test_the_steps_of_a_short_command_leave_nothing_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    left = shown(monkeypatch, on_a_terminal=True, kept=False).rpartition(ERASED)[2]
    assert "Building" not in left
