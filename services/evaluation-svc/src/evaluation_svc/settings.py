"""The environment of this service."""

from chassis.cipher import Grant

NAME = "evaluation"

GRANTS = tuple(
    Grant(NAME, kind, may_make=True) for kind in ("evaluation", "self-assessment", "observation", "example", "cycle")
)
"""Which kinds of stream this service makes keys for."""
