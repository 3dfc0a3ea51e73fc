"""The sentences of a draft: what one sees of somebody at each of the five levels, read from `steps.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import cast

Steps = tuple[str, str, str, str, str]

LEADERSHIP = frozenset({"leading", "staffing", "teaching", "strategy"})
"""Rows whose first sentence is not asked of anybody at the entry level."""


def core_work() -> Steps:
    """The competency that gathers the typical tasks of the occupation."""
    return _rows()["core work"]


def knowledge() -> Steps:
    """Any element of professional knowledge; `{subject}` stands where its name goes."""
    return _rows()["knowledge"]


def steps_of(row: str) -> Steps:
    """Any other element, by the row `elements.csv` names; one that a later release added has sentences all the same."""
    return _rows().get(row, _rows()["otherwise"])


@cache
def _rows() -> dict[str, Steps]:
    areas = tomllib.loads(files("framework_svc.documents.onet").joinpath("steps.toml").read_text(encoding="utf-8"))
    return {name: cast(Steps, tuple(steps)) for rows in areas.values() for name, steps in rows.items()}
