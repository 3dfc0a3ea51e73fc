"""Invented names: all people of the demo company are made of these."""

from typing import Final

GIVEN_NAMES: Final = (
    "Maya", "Daniel", "Priya", "Kofi", "Ines", "Tom", "Aisha", "Lukas", "Chloe", "Mateo", "Sofia", "Noah", "Hana",
    "Owen", "Zofia", "Ravi", "Elif", "Marcus", "Ngozi", "Anders", "Leila", "Pavel", "Grace", "Yusuf", "Femke", "Joris",
)  # fmt: skip

FAMILY_NAMES: Final = (
    "Okonkwo", "Reyes", "Shah", "Mensah", "Duarte", "Novak", "Rahman", "Weber", "Martin", "Silva", "Rossi", "Lindqvist",
    "Tanaka", "Hughes", "Kowalska", "Iyer", "Demir", "Brown", "Adeyemi", "Larsen", "Visser", "Bakker", "Whitfield",
)  # fmt: skip
