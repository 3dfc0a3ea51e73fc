"""What the employee can tell of an approval before its release: nothing, by no route, in no answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, cast

import pytest
from httpx import Response

from chassis.testing import now
from contracts import evaluation, framework

from ..test_access import ROUTES
from .conftest import Company, Running, draft, founded

M1 = {"ladder": "eng", "level": "eng.m1"}
READINGS: dict[str, dict[str, Any]] = {
    "/people/{person}/report": {},
    "/people/{person}/report.pdf": {},
    "/people/{person}/report/history": {},
    "/people/{person}/report/newer-framework": {},
    "/people/{person}/reports": {},
    "/people/{person}/target": {},
    "/people/{person}/target/history": {},
    "/people/{person}/trend": {},
    "/people/{person}/nearest": {},
    "/heat-map": {},
    "/placements-to-check": {},
}
DOINGS: dict[tuple[str, str], Any] = {
    ("POST", "/people/{person}/reports"): M1,
    ("PUT", "/people/{person}/target"): {"target": M1},
    ("POST", "/what-if"): draft(3.5),
}
SPOKEN = ("content-type", "etag", "location", "content-disposition")
"""The headers that say something about the answer."""


def nothing(company: Company, person: str) -> None:
    """Nothing of this person was approved before."""


def released(company: Company, person: str) -> None:
    """A report is there, and was released; the person chose a target once."""
    company.approve(person, by="gro")
    company.release(person)
    company.send(person, "PUT", f"/people/{person}/target", {"target": M1})


def first_approval(company: Company, person: str) -> None:
    """The evaluation of the cycle is approved."""
    company.approve(person, by="gro", cycle="cy_2", ends_on=date(2026, 12, 31), design=4.5)


def next_revision(company: Company, person: str) -> None:
    """What was released is reopened, and approved again."""
    named = company.evaluation(person)
    company.hear(evaluation.EvaluationReopened(evaluation=named, revision=2, employee=person, was_released=True))
    company.approve(person, 2, by="gro", design=4.5)


def reopened_approval(company: Company, person: str) -> None:
    """The evaluation of the cycle is approved, reopened and approved again."""
    first_approval(company, person)
    named = company.evaluation(person, "cy_2")
    company.hear(evaluation.EvaluationReopened(evaluation=named, revision=2, employee=person, was_released=False))
    company.approve(person, 2, by="gro", cycle="cy_2", ends_on=date(2026, 12, 31), design=1.5)


def cancelled_approval(company: Company, person: str) -> None:
    """The evaluation of the cycle is approved, and the cycle cancelled."""
    first_approval(company, person)
    company.hear(evaluation.CycleCancelled(cycle="cy_2"))


def read_by_hr(company: Company, person: str) -> None:
    """The evaluation of the cycle is approved, and HR asks for a report on it."""
    first_approval(company, person)
    company.send("hugo", "POST", f"/people/{person}/reports", {"ladder": "eng", "level": "eng.ic2"})


HISTORIES = [
    (nothing, first_approval),
    (nothing, reopened_approval),
    (nothing, cancelled_approval),
    (nothing, read_by_hr),
    (released, first_approval),
    (released, next_revision),
    (released, reopened_approval),
    (released, cancelled_approval),
    (released, read_by_hr),
]
History = Callable[[Company, str], None]

every_history = pytest.mark.parametrize(
    ("before", "hidden"), HISTORIES, ids=[f"{one.__name__}, {two.__name__}" for one, two in HISTORIES]
)
everybody = pytest.mark.parametrize("person", ["maya", "erik", "hanna", "olga"])
"""An employee, a manager, an HR admin and an analyst, each about themselves."""


def spoken(answer: Response) -> tuple[Any, ...]:
    """Return what an answer says."""
    return answer.status_code, {name: answer.headers.get(name) for name in SPOKEN}, answer.content


def test_every_route_is_looked_at() -> None:
    assert {("GET", path) for path in READINGS} | set(DOINGS) == set(ROUTES)


@everybody
@every_history
def test_every_answer_about_oneself_is_the_same_byte_for_byte_before_and_after_an_unreleased_approval(
    company: Company, before: History, hidden: History, person: str
) -> None:
    before(company, person)
    paths = [path.format(person=person) for path in READINGS]
    heard = {path: spoken(company.get(person, path)) for path in paths}
    hidden(company, person)
    assert {path: spoken(company.get(person, path)) for path in paths} == heard


@everybody
@every_history
def test_what_one_does_about_oneself_goes_the_same_way_with_and_without_an_unreleased_approval(
    running: Running, before: History, hidden: History, person: str
) -> None:
    plain, other = founded(running), founded(running)
    for company in (plain, other):
        before(company, person)
    hidden(other, person)
    assert acted(other, person) == acted(plain, person)


def acted(company: Company, person: str) -> list[Any]:
    """Return how everything one can do about oneself goes, and how it reads then; ids and times of events apart."""
    answers = [
        company.send(person, method, path.format(person=person), body)
        for (method, path), body in DOINGS.items()
        for _ in range(2)
    ]
    company.hear(_promoted(person))
    for target in (None, M1):
        answers.append(company.send(person, "PUT", f"/people/{person}/target", {"target": target}))
    paths = [path.format(person=person) for path in READINGS if not path.endswith(".pdf")]
    answers.extend(company.get(person, path) for path in paths)
    return [(*spoken(answer)[:2], timeless(answer.json())) for answer in answers]


def _promoted(person: str) -> framework.PersonPlaced:
    today = now().date()
    return framework.PersonPlaced(
        person=person, ladder="eng", level="eng.ic3", effective_on=today, reason="promotion", version=1
    )


def timeless(said: Any) -> Any:
    """Return what was said without the ids of events and the moments of their recording."""
    unlike = ("because", "computed_at", "computed", "at", "event", "caused_by", "heard", "choice")
    unlike += ("approved_at", "in_force_from", "since")
    if isinstance(said, dict):
        named = cast("dict[str, Any]", said)
        return {name: timeless(one) for name, one in named.items() if name not in unlike}
    return [timeless(one) for one in cast("list[Any]", said)] if isinstance(said, list) else said


def test_a_target_chosen_while_an_approval_waits_for_its_release_is_followed_by_the_report_one_reads(
    company: Company,
) -> None:
    company.approve()
    company.release()
    first_approval(company, "maya")
    company.send("maya", "PUT", "/people/maya/target", {"target": M1})
    assert company.read("maya", "/people/maya/report")["target"]["code"] == "M1"
    assert company.read("erik", "/people/maya/report")["target"]["code"] == "M1"
    company.release(cycle="cy_2")
    assert company.read("maya", "/people/maya/report")["target"]["code"] == "M1"
    assert company.read("maya", "/people/maya/report")["evaluation"] == company.evaluation("maya", "cy_2")
