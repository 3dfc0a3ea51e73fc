"""The words of a printed report, read back from its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf


def words_of(pdf: bytes) -> str:
    """Return the text of a PDF in the order it is drawn, without any white space."""
    with pikepdf.open(BytesIO(pdf)) as file:
        return re.sub(r"\s+", "", "".join(piece for page in file.pages for piece in _drawn(page)))


def says(pdf: bytes, text: str) -> bool:
    """Tell whether a text stands in a PDF, however its lines are broken."""
    return re.sub(r"\s+", "", text) in words_of(pdf)


def _drawn(page: Any) -> Iterator[str]:
    fonts = {str(name): _letters(font) for name, font in page.resources.get("/Font", {}).items()}
    letters: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            letters = fonts[str(operands[0])]
        elif str(operator) in ("Tj", "TJ"):
            pieces = operands[0] if str(operator) == "TJ" else operands
            for raw in (bytes(piece) for piece in pieces if isinstance(piece, pikepdf.String)):
                yield from (letters.get(int.from_bytes(raw[i : i + 2]), "") for i in range(0, len(raw), 2))


def _letters(font: Any) -> dict[int, str]:
    """Return a font's ToUnicode map: glyph code → text (ISO 32000-1, 9.10.3)."""
    source = font["/ToUnicode"].read_bytes().decode()
    pairs = (
        pair for body in re.findall(r"beginbfchar(.*?)endbfchar", source, re.S) for pair in re.findall(_PAIR, body)
    )
    return {int(code, 16): bytes.fromhex(text).decode("utf-16-be") for code, text in pairs}


_PAIR = r"<(\w+)>\s*<(\w+)>"
