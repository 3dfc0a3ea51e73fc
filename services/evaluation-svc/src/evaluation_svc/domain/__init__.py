"""Cycles, evaluations, self-assessments and notes: the rules."""
