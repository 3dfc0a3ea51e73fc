"""Invented names and pieces of evidence for the demo company. All people are invented."""

import random
from typing import Final

GIVEN_NAMES: Final = (
    "Maya", "Daniel", "Priya", "Kofi", "Ines", "Tom", "Aisha", "Lukas", "Chloe", "Mateo", "Sofia", "Noah", "Hana",
    "Owen", "Zofia", "Ravi", "Elif", "Marcus", "Ngozi", "Anders", "Leila", "Pavel", "Grace", "Yusuf",
)  # fmt: skip

FAMILY_NAMES: Final = (
    "Okonkwo", "Reyes", "Shah", "Mensah", "Duarte", "Novak", "Rahman", "Weber", "Martin", "Silva", "Rossi", "Lindqvist",
    "Tanaka", "Hughes", "Kowalska", "Iyer", "Demir", "Brown", "Adeyemi", "Larsen",
)  # fmt: skip

_DEEDS: Final = (
    "Led the {thing} from first sketch to go-live in {month}",
    "Rewrote the {thing} guide in {month}",
    "Ran three working sessions on the {thing} with the depot in {month}",
    "Found the cause of the {thing} failures in {month}",
    "Prepared the numbers for the {thing} review in {month}",
    "Took over the {thing} when two colleagues were away in {month}",
    "Proposed a simpler {thing} and tried it with one team in {month}",
)

_THINGS: Final = (
    "returns portal",
    "carrier contract",
    "month-end close",
    "onboarding plan",
    "route planner",
    "pricing page",
    "renewal forecast",
    "stock count",
    "incident process",
)

_RESULTS: Final = (
    "; follow-up questions fell from eleven a week to two.",
    "; two other teams use it now.",
    ", and the customer extended for a year.",
    ". The plan held for six of eight weeks; the slip was raised on the day.",
    "; errors halved within the month.",
    ", though the hand-over took a second attempt.",
)

_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "September", "October", "November")

_VAGUE: Final = ("Good with people.", "Always a strong team player.", "Great attitude.")


def evidence(source: random.Random) -> str:
    """Return a piece of evidence: mostly concrete, now and then as vague as real ones are."""
    if source.random() < 0.06:
        return source.choice(_VAGUE)
    deed = source.choice(_DEEDS).format(thing=source.choice(_THINGS), month=source.choice(_MONTHS))
    return deed + source.choice(_RESULTS)
