"""The environment of this service."""

from chassis.cipher import Grant

NAME = "framework"

GRANTS = (Grant(NAME, "placement", may_make=True), Grant(NAME, "person"))
"""Which kinds of stream this service makes keys for; a service without a grant has no account at the key database."""
