"""Our wording for the elements of O*NET®: the area each belongs to, near relatives, and what one sees people do.

O*NET® describes elements for comparing occupations (“Using logic and reasoning to identify …”). A ladder is read by
the people it rates, so each element gets a name in plain words and a phrase with a verb of doing, in the third person.
Elements of one `kin` say nearly the same; a draft takes the first of them. `steps` names their row in `steps.toml`: the
kin, or where a relative needs sentences of its own “kin/row”.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from chassis.kernel import Frozen

Area = Literal[
    "Professional knowledge",
    "Craft",
    "Problem solving",
    "Communication",
    "Working with others",
    "Leadership",
    "Planning and resources",
    "Ways of working",
]

AREAS: tuple[Area, ...] = (
    "Craft",
    "Professional knowledge",
    "Problem solving",
    "Communication",
    "Working with others",
    "Planning and resources",
    "Leadership",
    "Ways of working",
)
"""The order in which a draft shows the areas."""


class Wording(Frozen):
    """How a draft speaks of an element; `doing` is empty for knowledge and for elements that a later release added."""

    name: str
    area: Area
    steps: str = ""
    doing: str = ""

    @property
    def kin(self) -> str:
        """What this is nearly the same as."""
        return self.steps.partition("/")[0]


LEFT_OUT = {
    "4.A.3.a.1": "a physical demand belongs in the job description, not in a rating of people",
    "4.A.3.a.2": "a physical demand belongs in the job description, not in a rating of people",
    "2.C.7.a": "rating people's English can exclude by origin; writing and speaking cover what the work needs",
    "Social Orientation": "a personal preference, not something a person does",
    "Optimism": "a trait, not something a person does",
    "Self-Confidence": "a trait, not something a person does",
}
"""Elements that no draft proposes, by id or name, and why."""


@cache
def _table() -> dict[str, Wording]:
    """Our words by element id, those for work styles by name: their ids changed between 29.0 (1.C) and 30.x (1.D)."""
    text = files("framework_svc.documents.onet").joinpath("elements.csv").read_text(encoding="utf-8")
    return {
        row["element"]: Wording(name=row["name"], area=cast(Area, row["area"]), steps=row["steps"], doing=row["doing"])
        for row in csv.DictReader(text.splitlines())
    }


def wording(element: str, name: str) -> Wording:
    """Return our words for an element; for one we have none for, its own name makes do."""
    known = _table().get(element) or _table().get(name)
    if known:
        return known
    area: Area = "Craft"
    if element.startswith("2.C."):
        area = "Professional knowledge"
    elif element.startswith(("1.C.", "1.D.")):
        area = "Ways of working"
    return Wording(name=sentence_case(name), area=area, steps=element)


def sentence_case(name: str) -> str:
    """Return a title-cased name in sentence case: “Law and Government” → “Law and government”."""
    first, *rest = name.split(" ")
    return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])
