"""What a draft says of a level: its scope, its numeral, and the behaviours of each competency."""

from framework_svc.documents.onet.elements import Wording
from framework_svc.documents.onet.steps import LEADERSHIP, knowledge, steps_of

ESTABLISHED = 2
"""The place, from 0, of the level that carries the hint of the level rating."""

SCOPES = (
    "Carries out described tasks with guidance. Learns the methods, rules and tools of the work.",
    "Carries out familiar tasks alone and asks when a case is new. Answers for their own results.",
    "Carries the full range of the work unsupervised. Answers for whole pieces of work and advises newer colleagues.",
    "Takes the difficult cases and leads pieces of work that involve others. Improves how the team works.",
    "Sets direction and standards for this work across teams. Answers for results that others deliver.",
)
"""What each level answers for; the entry level first."""

NUMERALS = ("I", "II", "III", "IV", "V")


def behaviour(words: Wording, level: int) -> str:
    """Return what one sees at a level (0 to 4) of somebody in this competency."""
    steps = knowledge() if words.area == "Professional knowledge" else steps_of(words.steps)
    return steps[level].format(subject=subject(words))


def expected(words: Wording, level: int) -> bool:
    """Whether a level asks for this at all: nobody leads people in a first year."""
    return level > 0 or words.kin not in LEADERSHIP or words.area == "Professional knowledge"


def subject(words: Wording) -> str:
    """Return the competency's name as it stands within a sentence."""
    first, _, rest = words.name.partition(" ")
    return words.name if first.isupper() and len(first) > 1 else f"{first.lower()} {rest}".strip()
