"""Cells that a spreadsheet would run: made harmless when written, given back unchanged when read."""

import re

_BLANK = "\ufeff\u200b\u200c\u200d\u2060 \xa0"
_HOSTILE = re.compile(rf"^[{_BLANK}]*'*[{_BLANK}]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


def neutralised(text: str) -> str:
    """Return `text` with an apostrophe before it if a spreadsheet could take it for a formula; numbers stay numbers.

    A text that already begins with apostrophes and then a hostile character gets one more, so that `restored` is exact.
    """
    return f"'{text}" if _HOSTILE.match(text) and not _NUMBER.fullmatch(text) else text


def restored(cell: str) -> str:
    """Return what `neutralised` was given."""
    return cell[1:] if cell.startswith("'") and neutralised(cell[1:]) == cell else cell
