"""The names of what a system keeps in its data folder, beside what PostgreSQL and the keys have there."""

from typing import Final

SOCKET: Final = "operator.sock"
"""The operator's door, there while a system runs."""
UNFINISHED: Final = "demo-unfinished"
"""There while a demo company is built: no command comes in between."""
