"""What somebody may know of their own evaluation: whatever happens on the way to a release, every answer is the same.

assigned → drafted → submitted → recalled → submitted → opened → returned → submitted → late → approved → held →
reopened → drafted → submitted → approved → released, and once more from a reopening on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from httpx import Response

from chassis.testing import Caller, now
from contracts import people
from documents.xlsx import read as cells_of
from evaluation_svc.documents import Card, CardLine, write

from .conftest import Company, wrote
from .test_access import ROUTES

PROBED_PARTS = ("evidence/delivery/2", "not-seen/mentoring/4", "return/delivery/5", "hold/6", "reopening/2/7")
HEADERS = ("ETag", "Location", "Link", "Content-Type", "Content-Disposition")
REASON = {"reason": "Tell me."}


@dataclass
class Case:
    """One person's evaluation in a cycle of its own, with whoever evaluates and approves it."""

    company: Company
    employee: str
    evaluator: str
    approver: str
    evaluation: str
    cycle: str

    def does(self, person: str, what: str, body: Any = None) -> None:
        self.company.as_(person).done(f"/evaluations/{self.evaluation}/{what}", body)

    def draft(self) -> None:
        self.company.draft(self.evaluation, self.evaluator)
        line = {"not_seen": "Nobody to mentor yet."}
        wrote(self.company.as_(self.evaluator), f"/evaluations/{self.evaluation}", "mentoring", line)

    def way_to_approval(self) -> Iterator[str]:
        """Bring it to its approval by every detour, saying at each stop where it is."""
        yield "assigned"
        self.draft()
        yield "drafted"
        self.company.running.fire(self.company.workspace, "evaluation due", self.evaluation)
        self.does(self.evaluator, "submission")
        yield "submitted"
        self.does(self.evaluator, "recall")
        yield "recalled"
        self.does(self.evaluator, "submission")
        self.does(self.approver, "opening")
        yield "opened by the approver"
        self.does(self.approver, "return", {"comments": {"delivery": "Say which project."}})
        yield "returned"
        self.does(self.evaluator, "submission")
        self.company.running.fire(self.company.workspace, "approval waiting", self.evaluation)
        yield "waiting too long"
        self.does(self.approver, "approval")
        yield "approved"
        self.does(self.approver, "hold", {"reason": "A complaint is looked into."})
        yield "held"

    def detour(self) -> Iterator[str]:
        """Reopen what is approved and not released, and approve it again."""
        self.does(self.approver, "reopening", {"reason": "The wrong year."})
        yield "reopened"
        wrote(self.company.as_(self.evaluator), f"/evaluations/{self.evaluation}", "delivery", {"rating": 5})
        self.does(self.evaluator, "submission")
        yield "submitted again"
        self.does(self.approver, "approval")
        yield "approved again"


def case(company: Company, employee: str, evaluator: str, approver: str) -> Case:
    hr = company.as_(approver)
    cycle = hr.done("/cycles", company.plan(scope="person", of=employee))["id"]
    (evaluation,) = hr.done(f"/cycles/{cycle}/opening")["ids"]
    return Case(company, employee, evaluator, approver, evaluation, cycle)


def shown(answer: Response) -> tuple[Any, ...]:
    """What an answer tells, to the byte; of a workbook its cells."""
    is_workbook = "spreadsheet" in answer.headers.get("Content-Type", "")
    content = repr(cells_of(answer.content)) if is_workbook else answer.text
    return (answer.status_code, *(answer.headers.get(name) for name in HEADERS), content)


def reads(one: Case, caller: Caller) -> Iterator[tuple[str, Response]]:
    for method, path in ROUTES:
        if method == "GET":
            params = {"cycle": one.cycle} if path == "/scorecards.xlsx" else {}
            yield f"GET {path}", caller.get(_filled(one, path), **params)


def acts(one: Case, caller: Caller, routes: Callable[[str], bool]) -> Iterator[tuple[str, Response]]:
    """Try every act, with bodies that say nothing of where the evaluation is."""
    bodies = _bodies(one)
    for method, path in ROUTES:
        if method == "GET" or path == "/scorecards" or not routes(path):
            continue
        body = bodies.get(path, REASON)
        if path.endswith("/lines/{competency}"):
            yield f"{method} {path}", wrote(caller, _filled(one, path.removesuffix("/lines/{competency}")), "delivery", body)
        else:
            send = caller.put if method == "PUT" else caller.post
            yield f"{method} {path}", send(_filled(one, path), body)
    card = write((Card(one.evaluation, "Me", "", (CardLine("delivery", "Delivery", rating=3),)),))
    yield "POST /scorecards", caller.upload("/scorecards", card)


def probes(one: Case, caller: Caller) -> Iterator[tuple[str, Response]]:
    """Ask for what one may not see by guessing: parts of texts, revisions, versions."""
    path = f"/evaluations/{one.evaluation}"
    for part in PROBED_PARTS:
        yield f"part {part}", caller.post(f"{path}/withdrawal", {"part": part, **REASON})
    for number in (2, 3):
        yield f"revision {number}", caller.get(f"{path}/revisions/{number}")
    versions = [one.company.as_(who).get(path).headers["ETag"] for who in (one.evaluator, one.employee)]
    version = versions[0] if versions[0] != versions[1] else '"99"'
    react = caller.post(f"{path}/reactions/sailing", {"reaction": "matches"}, **{"If-Match": version})
    yield "reaction at the version that only the evaluator knows", react


def _filled(one: Case, path: str) -> str:
    known = {"evaluation": one.evaluation, "cycle": one.cycle, "competency": "delivery", "number": 1, "note": "none"}
    return path.format(**known)


def _bodies(one: Case) -> dict[str, Any]:
    """Bodies for the acts; what is not listed takes a reason or nothing."""
    plan, nobody = one.company.plan(), {"person": one.employee}
    days = {name: plan[name] for name in ("self_due", "manager_due", "approval_due", "conversations_by")}
    return {
        "/cycles": plan,
        "/cycles/{cycle}": plan,
        "/cycles/{cycle}/participants": nobody,
        "/cycles/{cycle}/extension": {**nobody, **days},
        "/cycles/{cycle}/excuse": {**nobody, "reason": "leave"},
        "/cycles/{cycle}/evaluators": {**nobody, "keep": True},
        "/evaluations/{evaluation}/lines/{competency}": {"rating": 3},
        "/evaluations/{evaluation}/return": {"comments": {"delivery": "No."}},
        "/evaluations/{evaluation}/reactions/{competency}": {"reaction": "push back"},
        "/evaluations/{evaluation}/answers/{competency}": {"text": "No."},
        "/evaluations/{evaluation}/withdrawal": {"part": "evidence/delivery/1", **REASON},
        "/self-assessments/{evaluation}/lines/{competency}": {"rating": 4},
        "/self-assessments/{evaluation}/withdrawal": {"part": "self/delivery/9", **REASON},
        "/approvals": {"evaluations": [one.evaluation]},
        "/observations": {"employee": one.evaluator, "on": "2026-06-02", "text": "No."},
        "/observations/{note}/passing-on": {"to": "nils"},
        "/examples": {"on": "2026-06-02", "text": ""},
    }


def answers(one: Case, routes: Callable[[str], bool] = lambda path: True) -> dict[str, tuple[Any, ...]]:
    caller = one.company.as_(one.employee)
    asked = (*acts(one, caller, routes), *probes(one, caller), *reads(one, caller))
    return {what: shown(answer) for what, answer in asked}


def differing(before: dict[str, tuple[Any, ...]], after: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    return {what: (before[what], told) for what, told in after.items() if told != before[what]}


def assert_tells_nothing(one: Case, stops: Iterator[str], routes: Callable[[str], bool] = lambda path: True) -> None:
    next(stops)
    answers(one, routes)  # whatever the employee can do themselves is done
    before = answers(one, routes)
    for stop in stops:
        assert differing(before, answers(one, routes)) == {}, stop


def of_oneself(path: str) -> bool:
    """An HR admin can do more than read only where it is about themselves; the rest would arrange the cycle."""
    return path.startswith(("/evaluations", "/self-assessments", "/approvals"))


def test_an_employee_cannot_tell_what_happens_to_their_evaluation_before_it_is_released(company: Company) -> None:
    one = case(company, "maya", "erik", "hanna")

    def way() -> Iterator[str]:
        yield from one.way_to_approval()
        yield from one.detour()

    assert_tells_nothing(one, way())


def test_an_hr_admin_knows_of_their_own_evaluation_what_any_employee_knows(company: Company) -> None:
    one = case(company, "hanna", "gro", "hugo")

    def way() -> Iterator[str]:
        yield from one.way_to_approval()
        yield from one.detour()

    assert_tells_nothing(one, way(), of_oneself)


def test_an_employee_cannot_tell_how_far_the_correction_of_a_released_evaluation_is(company: Company) -> None:
    one = case(company, "maya", "erik", "hanna")
    for _ in one.way_to_approval():
        pass
    one.does("hanna", "release")
    company.as_("maya").done(f"/evaluations/{one.evaluation}/acknowledgement")

    assert_tells_nothing(one, one.detour())


def test_the_employee_is_told_why_hr_reopened_what_they_had_read_and_nothing_of_an_earlier_reopening(
    company: Company,
) -> None:
    one = case(company, "maya", "erik", "hanna")
    for stop in (*one.way_to_approval(), *one.detour()):
        assert stop
    one.does("erik", "release")
    maya = company.as_("maya")
    first = maya.read(f"/evaluations/{one.evaluation}")["revision"]
    assert (first["number"], first["because"], first["reopened_because"]) == (2, None, None)
    assert "evaluation.reopened" not in [one["what"] for one in maya.read(f"/evaluations/{one.evaluation}/history")]

    one.does("hanna", "reopening", {"reason": "The wrong project."})

    told = maya.read(f"/evaluations/{one.evaluation}")
    assert (told["status"], told["revision"]["number"]) == ("released", 2)
    assert told["revision"]["reopened_because"]["text"] == "The wrong project."
    assert "evaluation.reopened" in [one["what"] for one in maya.read(f"/evaluations/{one.evaluation}/history")]
    assert company.as_("erik").read(f"/evaluations/{one.evaluation}")["revision"]["because"]["text"] == (
        "The wrong project."
    )
    assert maya.get(f"/evaluations/{one.evaluation}/revisions/1").status_code == 404


def test_the_employee_changes_at_the_version_they_were_told(company: Company) -> None:
    evaluation = company.open_for()
    company.release(evaluation)
    maya = company.as_("maya")
    tag = maya.get(f"/evaluations/{evaluation}").headers["ETag"]
    answer = maya.post(f"/evaluations/{evaluation}/acknowledgement", None, **{"If-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (
        200,
        maya.get(f"/evaluations/{evaluation}").headers["ETag"],
    )
    late = maya.post(f"/evaluations/{evaluation}/reactions/delivery", {"reaction": "matches"}, **{"If-Match": tag})
    assert late.status_code == 412


def test_the_draft_of_a_self_assessment_stays_its_authors_also_in_its_history(company: Company) -> None:
    evaluation = company.open_for()
    maya, erik = company.as_("maya"), company.as_("erik")
    for rating in (5, 4):
        wrote(maya, f"/self-assessments/{evaluation}", "delivery", {"rating": rating})
    assert erik.get(f"/self-assessments/{evaluation}/history").status_code == 404
    maya.done(f"/self-assessments/{evaluation}/submission")
    company.submit(evaluation)
    erik.done(f"/self-assessments/{evaluation}/opening")

    for reader in (erik, company.as_("hanna")):
        history = reader.read(f"/self-assessments/{evaluation}/history")
        assert [one["what"] for one in history] == ["self-assessment.submitted"]
    own = maya.read(f"/self-assessments/{evaluation}/history")
    assert [one["details"]["rating"] for one in own if one["what"] == "self-assessment.rated"] == [5, 4]


def test_nobody_withdraws_a_text_of_a_self_assessment_that_is_not_submitted_but_its_author(company: Company) -> None:
    evaluation = company.open_for()
    maya = company.as_("maya")
    line = {"rating": 4, "evidence": ["Kept the launch on its day."]}
    wrote(maya, f"/self-assessments/{evaluation}", "delivery", line)
    body = {"part": "self/delivery/1", "reason": "Not this one."}
    path = f"/self-assessments/{evaluation}/withdrawal"
    assert [company.as_(one).post(path, body).status_code for one in ("erik", "hanna")] == [403, 404]
    maya.done(path, body)


def test_an_employee_who_acts_for_their_evaluator_finds_nothing_of_themselves_among_what_waits(
    company: Company,
) -> None:
    """Gro is evaluated by Erik, who leaves: his evaluations are with Gro, but for her own."""
    hanna = company.as_("hanna")
    cycle = hanna.done("/cycles", company.plan(scope="person", of="gro"))["id"]
    hanna.done(f"/cycles/{cycle}/evaluators", {"person": "gro", "evaluator": "erik"})
    hanna.done(f"/cycles/{cycle}/opening")
    gone = people.StatusChanged(person="erik", status="left", effective_on=now().date())
    company.running.hear(company.workspace, gone)

    assert [one["kind"] for one in company.as_("gro").listed("/waiting")] == ["self due"]
    assert company.as_("gro").get("/scorecards.xlsx", cycle=cycle).status_code == 404
