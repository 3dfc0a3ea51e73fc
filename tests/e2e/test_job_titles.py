"""A job title leaves the directory as a digest alone, and whoever types it again means the same people.

HR adds somebody with a title (people) → its digest is published → HR places all with that title, typed anew (framework)
"""

from __future__ import annotations

import pytest

from .company import Company, refused
from .conftest import Running

TITLES = [
    ("  Senior   Engineer II ", "SENIOR engineer ii"),
    ("Head\tof\nSales", "head of sales"),
    ("Chief\u00a0of\u2003Staff", "Chief of Staff"),
    ("STRASSENBAULEITER", "Straßenbauleiter"),
    ("Finance Lead", "ﬁnance Lead"),
    ("ΤΕΧΝΙΚΟΣ", "τεχνικος"),
    ("İş Geliştirme Uzmanı", "İş Geliştirme Uzmanı"),
    ("De\u0301veloppeur", "De\u0301veloppeur"),
    ("Data\u200bScientist", "data\u200bscientist"),
    ("מנהלת מוצר", "מנהלת מוצר"),
    ("🚀 Growth 👩‍💻", "🚀  growth 👩‍💻"),
    ("title/Architect", "TITLE/architect"),
    ('=SUM(1;2) "Ops", L3 \\ %s', '=sum(1;2)  "ops", l3 \\ %S'),
    ("x" * 200, "X" * 200),
]
"""A title as the directory has it, and as somebody types it who means it; no two lines mean the same."""


@pytest.fixture(scope="module")
def titled(northwind: Company) -> dict[str, str]:
    """Somebody for each title; by the title, who that is."""
    return {title: added(northwind, number, title) for number, (title, _) in enumerate(TITLES)}


def added(company: Company, number: int, title: str) -> str:
    person = {
        "given_name": f"Number {number}",
        "family_name": "Hale",
        "work_email": f"number{number}@northwind.example",
        "job_title": title,
        "starts_on": "2025-01-06",
    }
    return company.person("hanna").does("/people/v1/people", person)["id"]


def group(title: str) -> dict[str, str]:
    return {"job_title": title, "level": "engineering.ic1", "effective_on": "2025-01-06", "reason": "hire"}


@pytest.mark.parametrize(("title", "typed"), TITLES, ids=[ascii(title) for title, _ in TITLES])
def test_whoever_has_a_job_title_is_meant_by_it_however_it_is_typed(
    northwind: Company, titled: dict[str, str], title: str, typed: str
) -> None:
    placed = northwind.person("hanna").does("/framework/v1/placements/group", group(typed))
    assert placed["ids"] == [titled[title]]


@pytest.mark.parametrize("near", ["Senior EngineerII", "Developpeur", "DataScientist", "Architect", "x" * 199])
def test_a_title_that_only_looks_alike_means_nobody(northwind: Company, titled: dict[str, str], near: str) -> None:
    assert titled
    with refused(409, "nobody who is here has this one"):
        northwind.person("hanna").does("/framework/v1/placements/group", group(near))


def test_what_happened_is_the_same_in_every_mode(
    running: Running, northwind: Company, titled: dict[str, str]
) -> None:
    assert titled
    assert running.differs(northwind) == []
