"""The environment of this service."""

from chassis.cipher import Grant

NAME = "people"

GRANTS = (Grant(NAME, "person", may_make=True),)
"""Which kinds of stream this service makes keys for; that it alone may destroy keys is the key database's own rule."""
