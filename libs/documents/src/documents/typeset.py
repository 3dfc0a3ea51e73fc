"""Typst as a pure function: a template and data become a PDF in which every text of the data stays text."""

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, Full, LifoQueue
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typst import Compiler

FONTS = Path(__file__).parent / "fonts"
STANDARD: Literal["ua-1"] = "ua-1"
IDLE = 4
"""How many compilers of a kind are kept for the next document; each holds its fonts and cache, some 30 MB."""

_UNPRINTABLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but tab and newline
    "\u202a-\u202e\u2066-\u2069"  # direction overrides, which make a text read other than it is written
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff"  # what is no character at all
    "]"
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Typeset:
    """A PDF, the standard its compiler checked it against, and what the reader of the log should know.

    `standard` is "ua-1" (PDF/UA-1 as checked by typst, not certified), or None where a glyph was missing everywhere;
    the tags are there in either case. `note` is None where nothing needs saying, and never holds a text of the data.
    """

    pdf: bytes
    standard: str | None
    note: str | None


def printable(text: str) -> str:
    """Return `text` without what no page can show: control characters, direction overrides, lone surrogates."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class Typesetter:
    """Compiles one template, from any thread.

    The template reads its data by `json(bytes(sys.inputs.data))`: data never becomes source. Its folder is all that
    typst may read, so it should hold templates only. Glyphs that the bundled fonts lack come from `fallback_fonts`,
    a folder, or from the system's fonts.
    """

    def __init__(self, template: Path, fallback_fonts: Path | None = None) -> None:
        folders = [FONTS] if fallback_fonts is None else [FONTS, fallback_fonts]
        self._bundled = _Compilers(template, [FONTS], system=False)
        self._fallback = _Compilers(template, folders, system=fallback_fonts is None)

    def typeset(self, data: Mapping[str, Json], at: datetime) -> Typeset:
        """Return the PDF of `data`; equal data and `at` (the file's own date) give equal bytes on one machine.

        Raises TypstError where the template itself fails.
        """
        inputs = _inputs(data)
        with _missing_glyphs():
            return Typeset(self._bundled.pdf(inputs, at, STANDARD), STANDARD, None)
        with _missing_glyphs():
            return Typeset(self._fallback.pdf(inputs, at, STANDARD), STANDARD, "typeset with fallback fonts")
        note = "no font has a glyph for every character: typeset without PDF/UA-1, tagged all the same"
        return Typeset(self._fallback.pdf(inputs, at, None), None, note)


@contextmanager
def _missing_glyphs() -> Generator[None, None, None]:
    """Let a missing glyph pass to the next attempt, and nothing else: a faulty template must be heard of."""
    from typst import TypstError  # only who prints waits for the typesetter

    try:
        yield
    except TypstError as error:
        if "could not be displayed" not in error.message:
            raise


class _Compilers:
    """Compilers of one template and one set of fonts: a compiler serves one thread at a time, and is kept warm."""

    def __init__(self, template: Path, folders: list[Path], *, system: bool) -> None:
        self._template, self._folders, self._system = template, folders, system
        self._idle: LifoQueue[Compiler] = LifoQueue(maxsize=IDLE)

    def pdf(self, inputs: dict[str, str], at: datetime, standard: Literal["ua-1"] | None) -> bytes:
        with self._one() as compiler:
            result = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=standard or [], timestamp=at)
        return result if isinstance(result, bytes) else b"".join(result or ())

    @contextmanager
    def _one(self) -> Generator["Compiler", None, None]:
        try:
            compiler = self._idle.get_nowait()
        except Empty:
            compiler = self._new()
        try:
            yield compiler
        finally:
            with suppress(Full):
                self._idle.put_nowait(compiler)

    def _new(self) -> "Compiler":
        from typst import Compiler, Fonts

        fonts = Fonts(include_system_fonts=self._system, font_paths=self._folders)
        return Compiler(self._template, root=self._template.parent, font_paths=fonts)


def _inputs(data: Mapping[str, Json]) -> dict[str, str]:
    return {"data": json.dumps(_printable(dict(data)), ensure_ascii=False)}


def _printable(value: Json) -> Json:
    match value:
        case str():
            return printable(value)
        case list():
            return [_printable(item) for item in value]
        case dict():
            return {key: _printable(item) for key, item in value.items()}
        case _:
            return value
