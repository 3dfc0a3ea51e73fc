"""Chance that follows from a seed: asked the same question it gives the same answer, in whatever order."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Chance:
    """Random numbers by question, so that a change in one place leaves the rest of the history as it is."""

    seed: int

    def of(self, *question: object) -> random.Random:
        """Return the random numbers that belong to a question."""
        return random.Random("/".join(map(str, (self.seed, *question))))  # noqa: S311 - an invented company, no secret

    def is_so(self, share: float, *question: object) -> bool:
        """Return whether something is so, as it is in a share of all cases."""
        return self.of(*question).random() < share
