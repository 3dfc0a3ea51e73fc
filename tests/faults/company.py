"""The company that faults happen to: a small team whose evaluations are all handed in and wait for HR."""

from __future__ import annotations

import itertools
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from .clients import System
from .killable import Killable

TODAY = date.today()
HR, MANAGER = "hanna@example.com", "daniel@example.com"
TEAM = ("maya", "kofi", "tom", "ines")
_COLUMNS = "given name,family name,work email,job title,manager,start date,status,family,track,level"
EVIDENCE = "Led the carrier cut-over in May; no parcel was lost."


@dataclass(frozen=True)
class Company:
    """Who is in it: people by name, and their evaluations."""

    people: dict[str, str]
    evaluations: dict[str, str]


@dataclass(frozen=True)
class Prepared(Company):
    """A company with the folder its data is in, at rest."""

    home: Path

    def copy(self) -> Killable:
        """Return a system over a copy of the data (with its owners, which `shutil` would not keep), not started."""
        to = folder()
        subprocess.run(["cp", "-a", str(self.home), str(to)], check=True)
        return Killable(to / self.home.name)

    def remove(self) -> None:
        """Take the prepared data away."""
        shutil.rmtree(self.home.parent, ignore_errors=True)


def folder() -> Path:
    """Return a new folder that PostgreSQL's account may enter."""
    made = Path(tempfile.mkdtemp(prefix="ladder-faults-"))
    made.chmod(0o755)
    return made


def email(name: str) -> str:
    """Return somebody's address."""
    return f"{name}@example.com"


def prepare() -> Prepared:
    """Make the company in a system of one process, and end that in order."""
    system = Killable(folder() / "data")
    try:
        system.start()
        system.operator("POST", "/workspaces", {"name": "Northwind", "admin": HR})
        company = found(system)
        system.end(signal.SIGINT)
    except BaseException:
        system.remove()
        raise
    return Prepared(company.people, company.evaluations, system.home)


def found(system: System) -> Company:
    """Make the company over HTTP in a workspace that was opened for it, as its people would."""
    keys = (f"prepare-{n}" for n in itertools.count(1))

    def hr(method: str, path: str, body: Any = None, **more: Any) -> Any:
        return system.does(HR, method, path, body, next(keys), **more)

    system.sign_in(HR)
    _publish(system, hr)
    people = _hire(system, hr)
    evaluations = _open_cycle(system, hr, people)
    system.sign_in(MANAGER)
    for evaluation in evaluations.values():
        _hand_in(system, evaluation, keys)
    _settle(system)
    return Company(people, evaluations)


def _publish(system: System, hr: Any) -> None:
    hr("POST", "/framework/v1/framework/draft/templates/engineering")
    draft = "/framework/v1/framework/draft/ladders/engineering"
    edition = system.send(HR, "GET", draft).headers["ETag"]
    hr("POST", f"{draft}/readiness", headers={"If-Match": edition})
    hr("POST", "/framework/v1/framework/publication", {"note": "The first framework"})


def _hire(system: System, hr: Any) -> dict[str, str]:
    rows = [f"Daniel,Reyes,{MANAGER},Engineering Manager,,2019-03-04,active,engineering,ic,IC4"]
    rows += [f"{n.title()},Example,{email(n)},Engineer,{MANAGER},2021-05-10,active,engineering,ic,IC2" for n in TEAM]
    csv = {"content": "\n".join((_COLUMNS, *rows, "")).encode(), "headers": {"Content-Type": "text/csv"}}
    plan = system.send(HR, "POST", "/people/v1/imports/preview", key="preview", **csv).json()["plan"]
    hr("POST", "/people/v1/imports", params={"plan": plan}, **csv)
    _settle(system)
    listed = system.does(HR, "GET", "/people/v1/people", params={"limit": 50})["items"]
    return {one["work_email"].split("@")[0]: one["id"] for one in listed}


def _open_cycle(system: System, hr: Any, people: dict[str, str]) -> dict[str, str]:
    plan = {
        "name": "Pilot",
        "starts_on": str(TODAY - timedelta(days=180)),
        "ends_on": str(TODAY),
        "framework_version": 1,
        "self_due": str(TODAY + timedelta(days=7)),
        "manager_due": str(TODAY + timedelta(days=14)),
        "approval_due": str(TODAY + timedelta(days=21)),
        "conversations_by": str(TODAY + timedelta(days=42)),
        "scope": "team",
        "of": people["daniel"],
    }
    cycle = hr("POST", "/evaluation/v1/cycles", plan)["id"]
    hr("POST", f"/evaluation/v1/cycles/{cycle}/opening")
    _settle(system)
    names = {person: name for name, person in people.items()}
    entered = hr("GET", f"/evaluation/v1/cycles/{cycle}/participants")["participants"]
    return {names[one["person"]]: one["evaluation"] for one in entered}


def _hand_in(system: System, evaluation: str, keys: Any) -> None:
    path = f"/evaluation/v1/evaluations/{evaluation}"
    answer = system.send(MANAGER, "GET", path)
    for line in answer.json()["revision"]["lines"]:
        body, at = {"rating": 3.0, "evidence": [EVIDENCE]}, {"If-Match": answer.headers["ETag"]}
        answer = system.send(MANAGER, "PUT", f"{path}/lines/{line['competency']}", body, next(keys), headers=at)
        assert answer.status_code == 200, answer.text
    system.does(MANAGER, "POST", f"{path}/submission", key=next(keys))


def _settle(system: System) -> None:
    broken = system.broken()
    assert broken == [], broken
