"""Files in and out of evaluation-svc: the XLSX scorecard."""

from evaluation_svc.documents.scorecard import Card, CardLine, Filled, FilledLine, Problem, read, write

__all__ = ["Card", "CardLine", "Filled", "FilledLine", "Problem", "read", "write"]
