"""The yearly rounds: a cycle of the whole company from its plan to its end, each evaluation on a way of its own."""

from ladder.demo.rounds.cycle import YearlyRound
from ladder.demo.rounds.plan import ROUNDS

__all__ = ["ROUNDS", "YearlyRound"]
