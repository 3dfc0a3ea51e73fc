"""Which table of an O*NET® release a file is, told by its columns alone.

The releases name the same thing in several ways: “O*NET-SOC Code” in the text layout, “onetsoc_code” in the SQL
layout and in CSV copies of it. Files were renamed and split in release 30.3, so their names say nothing here.
"""

import re
from typing import Literal

from chassis.kernel import Frozen

Kind = Literal[
    "occupations",
    "titles",
    "ratings",
    "wide ratings",
    "content model",
    "anchors",
    "tasks",
    "task ratings",
    "task activities",
    "skill activities",
    "job zones",
    "job zone texts",
]

_NAMES = {
    "o_net_soc_code": "code",
    "onetsoc_code": "code",
    "onet_soc_code": "code",
    "element_id": "element",
    "element_name": "element name",
    "scale_id": "scale",
    "data_value": "value",
    "recommend_suppress": "suppress",
    "not_relevant": "not relevant",
    "importance_im": "IM",
    "level_lv": "LV",
    "title": "title",
    "description": "description",
    "alternate_title": "other title",
    "reported_job_title": "other title",
    "job_title": "other title",
    "anchor_value": "anchor value",
    "anchor_description": "anchor",
    "task_id": "task id",
    "task": "task",
    "task_type": "task type",
    "dwa_id": "detailed activity",
    "work_activities_element_id": "activity",
    "job_zone": "job zone",
    "name": "name",
    "education": "education",
}

_KINDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("ratings", frozenset({"code", "element", "scale", "value"})),
    ("wide ratings", frozenset({"code", "element", "IM"})),
    ("task ratings", frozenset({"code", "task id", "scale", "value"})),
    ("task activities", frozenset({"code", "task id", "detailed activity"})),
    ("tasks", frozenset({"code", "task id", "task"})),
    ("titles", frozenset({"code", "other title"})),
    ("occupations", frozenset({"code", "title", "description"})),
    ("job zones", frozenset({"code", "job zone"})),
    ("job zone texts", frozenset({"job zone", "name", "education"})),
    ("anchors", frozenset({"element", "scale", "anchor value", "anchor"})),
    ("skill activities", frozenset({"skill", "activity"})),
    ("content model", frozenset({"element", "element name", "description"})),
)
"""A table is the first kind all of whose columns it has."""


class Table(Frozen):
    """A table found in an archive: which member, how it is separated, where each known column stands."""

    member: str
    kind: Kind
    separator: str
    columns: dict[str, int]


def recognised(member: str, header: str) -> Table | None:
    """Return the table that begins with this header line, or None when it is none that a draft uses."""
    separator = "\t" if "\t" in header else ","
    columns: dict[str, int] = {}
    for place, written in enumerate(header.strip("\ufeff\r\n").split(separator)):
        columns.setdefault(_column(written), place)
    for kind, needed in _KINDS:
        if needed <= columns.keys():
            return Table(member=member, kind=kind, separator=separator, columns=columns)
    return None


def _column(written: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", written.lower()).strip("_")
    if plain.endswith(("skills_element_id", "skill_element_id")):  # skills, essential_skills, transferable_skills
        return "skill"
    return _NAMES.get(plain, plain)
