"""The read models: cycles, evaluations with their states and codes, notes, reactions, and the deadlines that stand."""

from evaluation_svc.projections.cycles import CycleList
from evaluation_svc.projections.deadlines import deadlines
from evaluation_svc.projections.evaluations import EvaluationList
from evaluation_svc.projections.notes import NoteList
from evaluation_svc.projections.reactions import ReactionList

__all__ = ["CycleList", "EvaluationList", "NoteList", "ReactionList", "deadlines"]
