"""The files a command is given and the files it writes: what is wrong with one is said in a line."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from framework_svc.documents.exchange import NotReadable
from ladder.commands.terminal import Refused

FRAMEWORK: Final = "a career-framework/v1 file (YAML or JSON)"
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def given(path: Path, what: str) -> bytes:
    """Return the content of a file; `what` says what it should be, such as "a framework (YAML or JSON)"."""
    if path.is_dir():
        raise Refused(f"{path} is a folder: name {what}.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Refused(f"{path} is not there: name {what}.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read ({error.strerror}): name {what} that you may read.") from None


@contextmanager
def framework_problems(path: Path) -> Generator[None]:
    """Say of a framework file that cannot be read everything that is wrong, with its line and path."""
    try:
        yield
    except NotReadable as wrong:
        lines = [f"{path}, line {one.line}, {one.path or 'the file'}: {one.problem}" for one in wrong.errors]
        if wrong.unlisted:
            lines.append(f"{path}: {wrong.unlisted} more problems; mend these first.")
        raise Refused(*lines) from None


def writable(path: Path, *, force: bool) -> Path:
    """Return where to write, once it is clear that nothing stands there and the folder does; before any work."""
    if path.is_dir():
        raise Refused(f"-o {path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise Refused(f"-o {path}: there is no folder {path.parent}; make it, or name another.")
    if path.exists() and not force:
        raise Refused(f"-o {path} is there already: name another file, or replace it with --force.")
    return path


def write(path: Path, content: bytes) -> None:
    """Write a whole file, or none."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        raise Refused(f"-o {path} cannot be written ({error.strerror}): name a file that you may write.") from None
    finally:
        with suppress(OSError):
            partial.unlink()
