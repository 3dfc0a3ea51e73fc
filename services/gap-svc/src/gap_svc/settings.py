"""The environment of this service."""

from chassis.cipher import Grant

NAME = "gap"

GRANTS = tuple(Grant(NAME, kind) for kind in ("evaluation", "self-assessment", "person"))
"""Whose texts this service opens: evidence, examples of one's own, and names. It makes no keys: it stores no text."""
