"""Files in and out of evaluation-svc: the XLSX scorecard, filled and blank, and the results of a cycle."""

from evaluation_svc.documents.blank import (
    BlankLine,
    FilledIn,
    NoScorecard,
    NotFilledIn,
    blank_card,
    find_level,
    read_blank,
)
from evaluation_svc.documents.results import PersonResult, Rated, write_results
from evaluation_svc.documents.scorecard import Card, CardLine, Filled, FilledLine, Problem, on_one_line, read, write

__all__ = [
    "BlankLine",
    "Card",
    "CardLine",
    "Filled",
    "FilledIn",
    "FilledLine",
    "NoScorecard",
    "NotFilledIn",
    "PersonResult",
    "Problem",
    "Rated",
    "blank_card",
    "find_level",
    "on_one_line",
    "read",
    "read_blank",
    "write",
    "write_results",
]
