"""What a command says: results on standard output; steps, warnings and refusals on standard error."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Refused(Exception):
    """What was asked cannot be done; `lines` name the field, the value and the remedy. Exit code 2."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


def tell(line: str) -> None:
    """Print one line of a result; it is never broken, so that it can be copied."""
    out.print(line, markup=False, soft_wrap=True)


def warn(line: str) -> None:
    """Print one line about what deserves a look."""
    err.print(line, style="yellow", markup=False, soft_wrap=True)


def refuse(line: str) -> None:
    """Print one line about what cannot be done."""
    err.print(line.replace("\n", " "), style="red", markup=False, soft_wrap=True)


class Steps:
    """Hears what is being done: `steps("Building the company", 3, 120)`; each new text is a new step.

    On a terminal the step under way has a spinner and, where a total is known, a bar; elsewhere each step is a line.
    """

    def __init__(self, shown: Progress | None) -> None:
        self._shown, self._step, self._task = shown, "", TaskID(0)

    def __call__(self, step: str, done: int = 0, total: int | None = None) -> None:
        """Say what is being done now, and how much of it is done."""
        begins, self._step = step != self._step, step
        if self._shown is None:
            if begins:
                err.print(f"· {step}", style="dim", markup=False, soft_wrap=True)
        elif begins:
            self.end()
            self._task = self._shown.add_task(step, completed=done, total=total)
        else:
            self._shown.update(self._task, completed=done, total=total)

    def end(self) -> None:
        """Stop the spinner of the step under way."""
        if self._shown is not None:
            for task in self._shown.tasks:
                self._shown.update(task.id, completed=task.total or 1, total=task.total or 1)


class _HowFar(ProgressColumn):
    """A bar, where a total is known."""

    def render(self, task: Task) -> RenderableType:
        """Return the bar, or nothing."""
        known = task.total is not None and task.total > 1
        return ProgressBar(total=task.total, completed=task.completed, width=30) if known else ""


@contextmanager
def steps(*, kept: bool = True) -> Generator[Steps]:
    """Show the steps of a command; `kept`: they stay on the terminal when it is done."""
    if not err.is_terminal:
        yield Steps(None)
        return
    looks = (SpinnerColumn(finished_text="·"), TextColumn("{task.description}", markup=False), _HowFar())
    with Progress(*looks, TimeElapsedColumn(), console=err, transient=not kept) as shown:
        told = Steps(shown)
        yield told
        told.end()
