"""Explainable wording rules: what makes an action item hard to check, and what makes evidence vague.

No model, no dependency: every finding names its rule, the words it fired on, why, and what to write instead. The
rules advise; they never block. The phrases are data, in `phrases.json`.
"""

from wording.rules import Finding, Rule, check, findings_of_evidence, vague

__all__ = ["Finding", "Rule", "check", "findings_of_evidence", "vague"]
