"""A ladder as the matrix HR people keep: one row per competency, one column per level, as XLSX or CSV.

A cell holds the required rating (with its weight, where it is not 1) on the first line and one behaviour on each
line after it, or “not expected”; an empty cell is a hole. What a matrix has no room for (scopes, moves, examples,
provenance) stays as it is in the ladder that is read onto.
"""

from framework_svc.documents.matrix.onto import Matrix, NotAMatrix, Problem
from framework_svc.documents.matrix.reading import read_csv, read_xlsx
from framework_svc.documents.matrix.writing import write_csv, write_xlsx

__all__ = ["Matrix", "NotAMatrix", "Problem", "read_csv", "read_xlsx", "write_csv", "write_xlsx"]
