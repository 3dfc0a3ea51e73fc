"""What stands where in a matrix: its columns, and what a level's heading and a cell say."""

from framework_svc.domain.texts import NOT_EXPECTED, Cell, Expectation, Level

AREA, IDENTIFIER, NAME = "Area", "Competency id", "Competency"
ALIASES = {
    AREA: ("competency area", "category"),
    IDENTIFIER: ("id",),
    NAME: ("name", "competency name"),
}
CREDIT = "Credit"
"""What the area column says in a row that holds a credit line and no competency."""
UNDECIDED = "?"


def heading(level: Level) -> str:
    """Return the heading of a level's column: `IC2: Senior engineer`."""
    return f"{level.code}: {level.title}"


def cell_text(cell: Cell | None) -> str:
    """Return what a cell of the matrix holds."""
    if cell is None:
        return ""
    if not isinstance(cell, Expectation):
        return NOT_EXPECTED
    rating = UNDECIDED if cell.required is None else f"{cell.required:g}"
    first = rating if cell.weight == 1 else f"{rating}, weight {cell.weight}"
    return "\n".join([first, *(" ".join(behaviour.split()) for behaviour in cell.behaviours)])
