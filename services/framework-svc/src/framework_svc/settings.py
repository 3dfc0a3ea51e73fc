"""The environment of this service."""

from chassis.cipher import Grant

NAME = "framework"

GRANTS: tuple[Grant, ...] = ()
"""Nothing this service stores is personal text, so it makes and opens no keys."""
