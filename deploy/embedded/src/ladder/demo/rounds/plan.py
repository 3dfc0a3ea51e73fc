"""What the rounds are to show: when each opens, by which version, and the special ways of single evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evaluation_svc.domain.cycle import ReleaseRule

Part = Literal[
    "",
    "returned",
    "stays returned",
    "pushes back",
    "is not answered",
    "reopened",
    "reopened, in work",
    "reopened before release",
    "late",
    "begun",
    "not begun",
    "waits for approval",
    "recalled",
    "stays recalled",
    "held",
    "stays held",
    "released by HR",
    "released by itself",
    "peeks",
    "far from self",
    "self-assessment late",
    "self-assessment begun",
    "text withdrawn",
]
"""What is special about the way of one evaluation."""

SELF_DUE, MANAGER_DUE, APPROVAL_DUE, CONVERSATIONS_BY = 14, 28, 42, 70
HR_DAYS = (21, 23, 25, 27, 29, 32, 34, 36, 39, 41, 44, 46)
"""When HR sits down to what waits for approval, counted from the opening."""
RELEASE_DAY, CLOSING_DAY = 49, 77
STAYING: frozenset[Part] = frozenset({"waits for approval", "recalled", "stays recalled"})
"""HR does not come to these: not yet, or because they are taken back first."""


@dataclass(frozen=True)
class Round:
    """One cycle of the whole company: when it opens, by which version, how it is released, and special ways in it."""

    number: int
    opens_on: int
    version: int
    parts: tuple[Part, ...]
    release: ReleaseRule = "by manager"
    extended: bool = False
    adds_late_joiner: bool = False
    closes: bool = True


ROUNDS = (
    Round(
        1,
        56,
        1,
        (
            "reopened", "returned", "pushes back", "is not answered", "late", "begun", "recalled", "held",
            "released by HR", "released by itself", "peeks", "far from self", "self-assessment late",
            "self-assessment begun", "returned",
        ),
        extended=True,
    ),
    Round(
        2,
        406,
        1,
        (
            "text withdrawn", "reopened before release", "returned", "pushes back", "late", "peeks", "held",
            "self-assessment late", "far from self", "begun", "is not answered",
        ),
        release="on date",
        adds_late_joiner=True,
    ),
    Round(
        3,
        756,
        2,
        (
            "reopened, in work", "stays returned", "waits for approval", "begun", "not begun", "stays recalled",
            "stays held", "is not answered", "released by HR", "self-assessment begun", "self-assessment late",
            "late", "peeks", "waits for approval",
        ),
        closes=False,
    ),
)  # fmt: skip
