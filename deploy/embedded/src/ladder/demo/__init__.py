"""A demo company of invented people and three rounds of history, built from a seed by the same commands people give."""

from ladder.demo.stage import settle
from ladder.demo.story import beginning, build

__all__ = ["beginning", "build", "settle"]
