"""The environment of this service."""

from chassis.cipher import Grant

NAME = "framework"

GRANTS = (Grant(NAME, "placement", may_make=True), Grant(NAME, "person"))
"""Whose keys this service uses: its own, and those of the directory, to know somebody by their e-mail address."""
