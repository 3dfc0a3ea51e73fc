"""Northwind: a small invented company, the people in it, and the steps of the loop as they take them over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

PEOPLE = """employee number,given name,family name,work email,job title,manager,start date,status,family,track,level
1,Clara,Lind,clara@northwind.example,Managing Director,,2016-02-01,active,engineering,management,M2
2,Hanna,Berg,hanna@northwind.example,People Partner,clara@northwind.example,2018-05-02,active,people,partner,P1
3,Daniel,Reyes,daniel@northwind.example,Engineering Manager,clara@northwind.example,2019-03-04,active,engineering,management,M1
4,Priya,Shah,priya@northwind.example,Engineering Manager,clara@northwind.example,2020-09-01,active,engineering,management,M1
5,Maya,Okonkwo,maya@northwind.example,Engineer,daniel@northwind.example,2021-05-10,active,engineering,ic,IC2
6,Ines,Duarte,ines@northwind.example,Engineer,daniel@northwind.example,2022-01-03,active,engineering,ic,IC2
7,Tom,Novak,tom@northwind.example,Associate Engineer,daniel@northwind.example,2023-08-14,active,engineering,ic,IC1
8,Lena,Weber,lena@northwind.example,Engineer,daniel@northwind.example,2022-10-03,active,engineering,ic,IC2
9,Sam,Hughes,sam@northwind.example,Engineer,priya@northwind.example,2022-03-01,active,engineering,ic,IC2
10,Kofi,Mensah,kofi@northwind.example,Associate Engineer,priya@northwind.example,2024-12-02,active,engineering,ic,Junior
"""
"""Clara leads; Hanna is HR; Daniel and Priya manage the engineers. Nobody knows a level "Junior": HR places Kofi."""

ENOUGH = "Led the carrier cut-over in May; no parcel was lost on the way."
"""Evidence that the pre-check has nothing to say about."""

FRAMEWORKS = Path(__file__).parent / "frameworks"

class Refused(Exception):
    """The system said no: with which status, and in which words."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code}: {answer.text[:2000]}")
        self.status = answer.status_code
        self.problem: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}


@contextmanager
def refused(status: int, words: str = "") -> Generator[None]:
    """Expect that what stands in the block is refused, with this status and these words."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.status == status, str(caught.value)
    assert words in caught.value.problem.get("detail", ""), str(caught.value)


@dataclass(frozen=True)
class NotSeen:
    """Instead of a rating: not seen, and why."""

    because: str


@dataclass(frozen=True)
class Said:
    """A rating with its evidence: texts, and observations (or examples) that are cited."""

    rating: float
    evidence: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()


Line = float | NotSeen | Said
"""A bare rating stands with evidence that nobody has anything to say about; see `from_memory` for none."""


def from_memory(rating: float) -> Said:
    """Return a rating without evidence."""
    return Said(rating)


def line_body(line: Line) -> dict[str, Any]:
    """Return how a line goes over the wire."""
    match line:
        case NotSeen():
            return {"not_seen": line.because}
        case Said():
            return {"rating": line.rating, "evidence": list(line.evidence), "cites": list(line.cites)}
        case _:
            return {"rating": line, "evidence": [ENOUGH]}


@dataclass
class Company:
    """One workspace. Whoever reads waits for all that anybody of the company wrote: its positions are kept here.

    Idempotency keys are counted, so that the same journey makes the same ids wherever it is played; and before another
    service is written to than before it lets the system come to rest, so that what two of them tell a third arrives in
    the same order.
    """

    http: httpx.Client
    operator: httpx.Client
    workspace: str
    positions: dict[str, str] = field(default_factory=dict[str, str])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    comes_to_rest: Callable[[], None] = lambda: None
    _written: str = ""

    def person(self, name: str) -> Person:
        """Return somebody by given name."""
        return Person(self, name)

    def people(self, *names: str) -> tuple[Person, ...]:
        """Return several by their given names."""
        return tuple(self.person(name) for name in names)

    def note(self, header: str) -> None:
        """Keep the positions a write answered; after one about people everybody asks for a new token."""
        for one in header.split(","):
            if one.strip():
                self.positions[one.strip().split("/")[0]] = one.strip()
        if header.startswith("people/"):
            self.tokens.clear()

    def turns_to(self, service: str) -> None:
        """Let what another service was told arrive everywhere before this one is written to."""
        if service != self._written:
            self.comes_to_rest()
            self._written = service

    def token(self, email: str) -> str:
        """Return a token of somebody, as the operator signs them."""
        if email not in self.tokens:
            asked = {"who": email, "workspace": self.workspace}
            self.tokens[email] = self.operator.post("/tokens", json=asked).json()["token"]
        return self.tokens[email]

    def wait_for(self) -> str:
        """Return what a read has to show."""
        return ", ".join(self.positions.values())


@dataclass(frozen=True)
class Person:
    """Somebody of the company, at the one port of the system."""

    company: Company
    name: str

    @property
    def email(self) -> str:
        """Their address."""
        return f"{self.name}@northwind.example"

    @property
    def id(self) -> str:
        """Their id in the directory."""
        return self.company.ids[self.name]

    # ---- speaking HTTP

    def headers(self) -> dict[str, str]:
        """Return a token of one's own, and the positions of all that was written."""
        return {"Authorization": f"Bearer {self.company.token(self.email)}", "Wait-For": self.company.wait_for()}

    def ask(self, path: str, **params: Any) -> httpx.Response:
        """Read, after everything that anybody of this company wrote; the answer as it is."""
        return self._asked("GET", path, params=params)

    def reads(self, path: str, **params: Any) -> Any:
        """Read, or raise Refused."""
        answer = self.ask(path, **params)
        if answer.status_code != 200:
            raise Refused(answer)
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    def lists(self, path: str, **params: Any) -> list[Any]:
        """Read a whole list, page by page where it has pages."""
        page: Any = self.reads(path, **params)
        if isinstance(page, list):
            return cast("list[Any]", page)
        cursor = page.get("next_cursor")
        rest = self.lists(path, **params, cursor=cursor) if cursor else []
        return [*page["items"], *rest]

    def send(
        self, path: str, body: Any = None, *, method: str = "POST", key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Change something, under a new key where none is given; the answer as it is."""
        self.company.turns_to(path.split("/")[1])
        headers = {"Idempotency-Key": key or f"e2e-{next(self.company.keys)}"} | more.pop("headers", {})
        answer = self._asked(method, path, json=body, headers=headers, **more)
        self.company.note(answer.headers.get("Position", ""))
        return answer

    def does(self, path: str, body: Any = None, **more: Any) -> Any:
        """Change something, or raise Refused."""
        answer = self.send(path, body, **more)
        if answer.status_code not in (200, 201, 202):
            raise Refused(answer)
        return answer.json()

    def _asked(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """Send a request: again while what was written is not shown yet, and with a new token where time ran out."""

        def ask() -> httpx.Response:
            return self.company.http.request(method, path, headers=self.headers() | (headers or {}), **more)

        answer = ask()
        for _ in range(19):
            if answer.status_code == 401:
                self.company.tokens.pop(self.email)
            elif answer.status_code != 503:
                break
            answer = ask()
        return answer

    def _writes(self, path: str, lines: Mapping[str, Line]) -> None:
        """Write lines of what is read first, each at the version that writing the one before answered."""
        version = self.ask(path).headers.get("ETag", '"0"')
        for competency, line in lines.items():
            at = {"If-Match": version}
            answer = self.send(f"{path}/lines/{competency}", line_body(line), method="PUT", headers=at)
            if answer.status_code != 200:
                raise Refused(answer)
            version = answer.headers["ETag"]

    # ---- the employee

    def assesses_self(self, evaluation: str, **lines: Line) -> None:
        """Write lines of the own self-assessment."""
        self._writes(f"/evaluation/v1/self-assessments/{evaluation}", lines)

    def submits_self_assessment(self, evaluation: str) -> None:
        """Hand it in."""
        self.does(f"/evaluation/v1/self-assessments/{evaluation}/submission")

    def self_assessment(self, evaluation: str) -> Any:
        """Read it."""
        return self.reads(f"/evaluation/v1/self-assessments/{evaluation}")

    def acknowledges(self, evaluation: str) -> None:
        """Say that one has read it."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/acknowledgement")

    def reacts(self, evaluation: str, competency: str, reaction: str, reason: str | None = None) -> None:
        """Answer a released score."""
        path = f"/evaluation/v1/evaluations/{evaluation}/reactions/{competency}"
        self.does(path, {"reaction": reaction, "reason": reason})

    def chooses(self, level: str | None) -> None:
        """Choose the level to aim for."""
        target = {"ladder": level.partition(".")[0], "level": level} if level else None
        self.does(f"/gap/v1/people/{self.id}/target", {"target": target}, method="PUT")

    def notes_example(self, on: str, competency: str, text: str) -> str:
        """Keep an example of one's own."""
        return self.does("/evaluation/v1/examples", {"on": on, "competencies": [competency], "text": text})["id"]

    # ---- the evaluator and the manager

    def observes(self, employee: Person, on: str, competency: str, text: str) -> str:
        """Note what one saw somebody do."""
        body = {"employee": employee.id, "on": on, "competencies": [competency], "text": text}
        return self.does("/evaluation/v1/observations", body)["id"]

    def rates(self, evaluation: str, **lines: Line) -> None:
        """Write lines of the draft."""
        self._writes(f"/evaluation/v1/evaluations/{evaluation}", lines)

    def evaluates(self, evaluation: str, **lines: Line) -> None:
        """Write lines and hand the evaluation to HR."""
        self.rates(evaluation, **lines)
        self.submits(evaluation)

    def submits(self, evaluation: str) -> None:
        """Hand it to HR."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/submission")

    def recalls(self, evaluation: str) -> None:
        """Take it back."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/recall")

    def opens_self_assessment(self, evaluation: str) -> None:
        """Open the employee's self-assessment, which the record keeps."""
        self.does(f"/evaluation/v1/self-assessments/{evaluation}/opening")

    def releases(self, evaluation: str) -> None:
        """Show it to the employee."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/release")

    def answers(self, evaluation: str, competency: str, text: str) -> None:
        """Answer a push-back."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/answers/{competency}", {"text": text})

    # ---- HR, or the substitute

    def opens(self, evaluation: str) -> None:
        """Open a submitted evaluation to decide on it."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/opening")

    def approves(self, evaluation: str) -> None:
        """Approve it."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/approval")

    def returns(self, evaluation: str, **comments: str) -> None:
        """Give it back with what to look at again."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/return", {"comments": comments})

    def reopens(self, evaluation: str, reason: str) -> None:
        """Start the next revision."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/reopening", {"reason": reason})

    def holds(self, evaluation: str, reason: str) -> None:
        """Keep it from being released."""
        self.does(f"/evaluation/v1/evaluations/{evaluation}/hold", {"reason": reason})

    def plans(self, name: str, starts_on: str, ends_on: str, due: tuple[str, str, str, str], **more: Any) -> str:
        """Plan a cycle; `due` are the days for self-assessment, evaluation, approval and conversation."""
        return self.does("/evaluation/v1/cycles", plan_body(name, starts_on, ends_on, due, **more))["id"]

    def opens_cycle(self, cycle: str) -> dict[str, str]:
        """Open a cycle; return the evaluations by given name."""
        self.does(f"/evaluation/v1/cycles/{cycle}/opening")
        return {name: one["evaluation"] for name, one in self.participants(cycle).items()}

    def participants(self, cycle: str) -> dict[str, Any]:
        """Read who takes part, by given name."""
        return self._by_name(self.reads(f"/evaluation/v1/cycles/{cycle}/participants")["participants"])

    def left_out(self, cycle: str) -> dict[str, Any]:
        """Read who takes no part and why, by given name."""
        found = self.reads(f"/evaluation/v1/cycles/{cycle}/participants")["left_out"]
        return {name: found[one] for name, one in self.company.ids.items() if one in found}

    def arranges(self, cycle: str, what: str, person: Person, **how: Any) -> None:
        """Arrange a participant: `participants`, `evaluators`, `excuse`, `extension`."""
        self.does(f"/evaluation/v1/cycles/{cycle}/{what}", {"person": person.id, **how})

    def places(self, person: Person, level: str, on: str, reason: str, **more: Any) -> None:
        """Place somebody at a level from a day on."""
        body = {"person": person.id, "level": level, "effective_on": on, "reason": reason, **more}
        self.does("/framework/v1/placements", body)

    def drafts(self, file: str) -> None:
        """Take a framework file into the draft and mark its ladders ready."""
        text = (FRAMEWORKS / file).read_bytes()
        for ladder in self.does("/framework/v1/framework/import", files={"file": (file, text)})["ids"]:
            self.does(f"/framework/v1/framework/draft/ladders/{ladder}/readiness")

    def publishes(self, file: str, note: str, fates: list[dict[str, Any]] | None = None) -> None:
        """Take a framework file into the draft, mark its ladders ready, publish."""
        self.drafts(file)
        self.does("/framework/v1/framework/publication", {"note": note, "fates": fates or []})

    # ---- reading

    def evaluation(self, evaluation: str) -> Any:
        """Read an evaluation as far as one may."""
        return self.reads(f"/evaluation/v1/evaluations/{evaluation}")

    def status(self, evaluation: str) -> str:
        """Read where it is."""
        return self.evaluation(evaluation)["status"]

    def late(self, cycle: str) -> dict[str, list[str]]:
        """Read who is late with what, by given name."""
        return {name: one["late"] for name, one in self.participants(cycle).items() if one["late"]}

    def lines(self, evaluation: str) -> dict[str, Any]:
        """Read its lines by competency."""
        return {line["competency"]: line for line in self.evaluation(evaluation)["revision"]["lines"]}

    def codes(self, evaluation: str) -> set[tuple[str, str | None]]:
        """Read the reason codes of the pre-check."""
        return {(code["reason"], code["competency"]) for code in self.evaluation(evaluation)["revision"]["codes"]}

    def waiting(self) -> set[tuple[str, str]]:
        """Read what waits for oneself: kind and evaluation."""
        return {(one["kind"], one["evaluation"]) for one in self.lists("/evaluation/v1/waiting")}

    def queue(self) -> list[str]:
        """Read which evaluations wait for one's approval, those with most codes first."""
        return [one["evaluation"] for one in self.lists("/evaluation/v1/approvals")]

    def report(self, of: Person, **params: Any) -> Any:
        """Read a gap report."""
        return self.reads(f"/gap/v1/people/{of.id}/report", **params)

    def reports(self, of: Person) -> list[Any]:
        """Read the list of all versions of reports."""
        return self.lists(f"/gap/v1/people/{of.id}/reports")

    def _by_name(self, found: list[Any]) -> dict[str, Any]:
        names = {one: name for name, one in self.company.ids.items()}
        return {names[one["person"]]: one for one in found}


def evidence(report: Any, competency: str) -> list[str | None]:
    """Return the evidence of one line of a gap report."""
    line = next(one for one in report["lines"] if one["competency"] == competency)
    return [one["text"] for one in line["evidence"]]


def plan_body(
    name: str, starts_on: str, ends_on: str, due: tuple[str, str, str, str], version: int = 1, **more: Any
) -> dict[str, Any]:
    """Return a plan of a cycle as it goes over the wire."""
    days = dict(zip(("self_due", "manager_due", "approval_due", "conversations_by"), due, strict=True))
    named = {"name": name, "starts_on": starts_on, "ends_on": ends_on, "framework_version": version}
    return {**named, **days, **more}


def found(company: Company) -> Company:
    """Publish the first framework, take the people, place the one whose level nobody knows, invite everybody."""
    hanna = company.person("hanna")
    hanna.publishes("first.yaml", "What we ask of engineers and people partners")
    csv = {"content": PEOPLE.encode(), "headers": {"Content-Type": "text/csv"}}
    preview = hanna.does("/people/v1/imports/preview", **csv)
    hanna.does("/people/v1/imports", params={"plan": preview["plan"]}, **csv)
    read_ids(company)
    hanna.places(company.person("kofi"), "engineering.ic1", "2024-12-02", "hire")
    for name in company.ids:
        hanna.does(f"/people/v1/people/{company.person(name).id}/invitation")
    return company


@dataclass(frozen=True)
class Round:
    """An open cycle, and the evaluations in it by the given name of the employee."""

    cycle: str
    of: dict[str, str]


def first_cycle(company: Company) -> Round:
    """Open H2 2024 for everybody but Clara; Daniel approves Hanna's, who is the only HR admin."""
    hanna, clara, daniel = company.people("hanna", "clara", "daniel")
    due = ("2025-01-17", "2025-01-24", "2025-01-31", "2025-02-28")
    cycle = hanna.plans("H2 2024", "2024-07-01", "2024-12-31", due)
    hanna.arranges(cycle, "participants", clara, excluded="Leads the company")
    hanna.arranges(cycle, "evaluators", hanna, substitute=daniel.id)
    return Round(cycle, hanna.opens_cycle(cycle))


def finish(company: Company, evaluator: Person, evaluation: str, manager: Person | None = None, **lines: Line) -> None:
    """Take an evaluation the straight way: evaluated, approved by HR, released by the manager."""
    evaluator.evaluates(evaluation, **lines)
    company.person("hanna").approves(evaluation)
    (manager or evaluator).releases(evaluation)


def read_ids(company: Company) -> None:
    """Learn the id of everybody."""
    everybody = company.person("hanna").reads("/people/v1/people", limit=200)["items"]
    company.ids = {one["given_name"].lower(): one["id"] for one in everybody}
