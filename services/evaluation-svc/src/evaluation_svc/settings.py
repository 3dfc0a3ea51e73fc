"""The environment of this service."""

from chassis.cipher import Grant

NAME = "evaluation"

GRANTS = (
    *(
        Grant(NAME, kind, may_make=True)
        for kind in ("evaluation", "self-assessment", "observation", "example", "cycle")
    ),
    Grant(NAME, "person"),
)
"""Which kinds of stream this service makes keys for; the names of people, for scorecards and results, it only reads."""
