"""Fixtures of gap on PostgreSQL: the service, and upstreams whose events a test tells by hand.

The upstreams are services of the same chassis that publish whatever they are told: what gap hears went through a
record, a relay and its consumer, as at home. Followers are stepped by hand, so nothing moves unless a test moves it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from pydantic import Field

from chassis.cipher import Grant
from chassis.identity import Actor
from chassis.kernel import Event, Personal, Sealed, State, Unsealed
from chassis.postgres import Database, Embedded
from chassis.restored import begin_epochs
from chassis.service import Service
from chassis.testing import fresh_database, keyed, opened
from chassis.unit import Answer, CommandInfo, Decide, Executed, Unit
from contracts import evaluation, framework, people
from contracts.envelope import Published
from gap_svc.application import Reports
from gap_svc.domain.levels import LevelRef
from gap_svc.main import service
from gap_svc.settings import GRANTS

_numbers = itertools.count(1)

NOVEMBER = datetime(2026, 11, 12, 9, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
IC2, IC3, M1 = (LevelRef(ladder="engineering", level=f"engineering.{name}") for name in ("ic2", "ic3", "m1"))
PO2 = LevelRef(ladder="product", level="product.po2")
EVIDENCE = "Led the billing migration in May; no invoice was late."
CONTRACTS = {
    contract.TYPE: contract
    for module in (people, framework, evaluation)
    for contract in vars(module).values()
    if isinstance(contract, type) and issubclass(contract, Published) and contract.TYPE
}


class Told(Event):
    """What an upstream publishes: a type, its data, and texts that stand in the data as their names."""

    TOPIC = "upstream.told"
    type: str
    data: str
    texts: dict[str, Personal] = Field(default={})


class Upstream(State):
    """A stream of an upstream; it keeps nothing."""

    @classmethod
    def evolve(cls, state: State | None, event: Event) -> Upstream:
        """Return the state after `event`."""
        return cls()


class Someone(Upstream):
    """A stream of people."""

    KIND = "person"


class Job(Upstream):
    """A stream of framework."""

    KIND = "framework"


class Judged(Upstream):
    """A stream of evaluation."""

    KIND = "evaluation"


RECORD = ("events", "published", "head", "epochs", "relayed")
"""The tables that are an upstream's record."""
STREAMS: dict[str, type[Upstream]] = {"people": Someone, "framework": Job, "evaluation": Judged}


def as_told(event: Event, state: State) -> Published | None:
    """Return what an upstream was told to publish, with the texts sealed by now."""
    assert isinstance(event, Told)
    data = json.loads(event.data, object_hook=lambda part: _text(part, event.texts))
    return CONTRACTS[event.type].model_validate(data)


def _text(part: dict[str, Any], texts: dict[str, Personal]) -> Any:
    sealed = texts.get(part.get("text", "")) if set(part) == {"text"} else None
    return sealed.model_dump() if isinstance(sealed, Sealed) else part


@dataclass
class Clock:
    """A virtual clock that shows exactly what it is set to."""

    at: datetime = NOVEMBER

    def __call__(self) -> datetime | None:
        return self.at


@dataclass
class Running:
    """The service and its upstreams over one database."""

    service: Service
    upstreams: dict[str, Service]
    clock: Clock
    database: Database

    def tell(self, workspace: str, *events: Told, stream: str = "one", settle: bool = True) -> None:
        """Let an upstream publish events by one command."""
        (name,) = {CONTRACTS[event.type].TOPIC.split(".")[0] for event in events}

        def decide(unit: Unit) -> Answer:
            unit.record(STREAMS[name], stream, *events)
            return Answer()

        self._run(self.upstreams[name], workspace, decide)
        if settle:
            self.settle(workspace)

    def run(self, workspace: str, decide: Decide, person: str = "maya") -> Executed:
        """Run a command of gap."""
        executed = self._run(self.service, workspace, decide, person)
        self.settle(workspace)
        return executed

    def published(self, name: str, workspace: str) -> int:
        """Return where the record of an upstream ends."""
        epochs = self.upstreams[name].feed.heads(f"{name}.v1")
        return next((head.last for head in epochs if head.workspace == workspace), 0)

    def restore(self, name: str, workspace: str, to: int) -> None:
        """Give an upstream the record that it had up to a place, as a backup from then would, and a new epoch."""
        above = f"where workspace = '{workspace}' and sequence > {to}"
        last = f"select coalesce(max(sequence), 0) from {name}.published where workspace = '{workspace}'"
        with psycopg.connect(self.database.admin_dsn()) as admin:
            for table in ("events", "published"):
                admin.execute(f"delete from {name}.{table} {above}".encode())
            published = f"published = jsonb_build_object('{name}.v1', ({last}))"
            head = f"update {name}.head set sequence = {to}, before = '{{}}', {published} where workspace = '{workspace}'"
            admin.execute(head.encode())
            admin.execute(f"update {name}.relayed set sequence = {to} {above}".encode())
        begin_epochs(self.upstreams[name])
        self.settle(workspace)

    def backup(self, name: str, workspace: str) -> str:
        """Keep the record of an upstream as it is now; return under which name."""
        kept = f"kept_{next(_numbers)}"
        with psycopg.connect(self.database.admin_dsn()) as admin:
            for table in RECORD:
                copied = f"select * from {name}.{table} where workspace = '{workspace}'"
                admin.execute(f"create table {kept}_{table} as {copied}".encode())
        return kept

    def bring_back(self, name: str, workspace: str, kept: str) -> None:
        """Give an upstream the record that was kept, in a new epoch."""
        with psycopg.connect(self.database.admin_dsn()) as admin:
            for table in RECORD:
                admin.execute(f"delete from {name}.{table} where workspace = '{workspace}'".encode())
                admin.execute(f"insert into {name}.{table} table {kept}_{table}".encode())
        begin_epochs(self.upstreams[name])
        self.settle(workspace)

    def settle(self, workspace: str) -> None:
        """Let every follower do all it can."""
        list(self.service.consumer.behind())
        relays = [one.relay for one in (*self.upstreams.values(), self.service)]
        for step in (*relays, self.service.consumer, self.service.projections):
            for _ in range(100):
                if step.step(workspace) != "more":
                    break

    def at(self, workspace: str, moment: datetime) -> None:
        """Let it be a later moment, and fire what is due then."""
        self.clock.at = moment
        self.service.clockwork.step(workspace)
        self.settle(workspace)

    def rows(self, workspace: str, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Ask as the service itself does."""
        with self.service.reader(workspace) as reader:
            return reader.rows(sql, params)

    def _run(self, on: Service, workspace: str, decide: Decide, person: str = "upstream") -> Executed:
        command = f"command {next(_numbers)}"
        info = CommandInfo(workspace, person, command, correlation_id=command)
        return on.execute(info, Actor(workspace=workspace, person=person, roles=frozenset()), decide)


@pytest.fixture(scope="session")
def running(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service and its upstreams over a database of their own."""
    grants = [*GRANTS, *(Grant(name, cls.KIND, may_make=True) for name, cls in STREAMS.items())]
    upstreams = {name: Service(name=name, application=None, published=as_told) for name in STREAMS}
    services, home, clock = [*upstreams.values(), service()], tmp_path_factory.mktemp("home"), Clock()
    with (
        fresh_database(postgres) as database,
        keyed(database, home, grants, *(one.name for one in services)) as ciphers,
        opened(database, ciphers, *services, size=4, clock=clock),
    ):
        yield Running(services[-1], upstreams, clock, database)


@dataclass
class Company:
    """A workspace with two ladders and people in it: Hanna (HR), Erik who manages Maya and Nils, Gro above them."""

    running: Running
    workspace: str

    def publish(self, version: int = 1, digests: dict[str, str] | None = None, **required: float) -> None:
        """Publish a framework version; `required` changes what IC3 asks."""
        ladders = engineering(version, **required), product(version)
        found = {ladder.ladder: sha256(ladder.model_dump_json().encode()).hexdigest() for ladder in ladders}
        closing = framework.FrameworkPublished(version=version, note="New", scale=(), digests=digests or found)
        self.tell(*ladders, closing)

    def place(self, person: str, at: LevelRef, on: date = LONG_AGO, version: int = 1) -> None:
        """Place somebody."""
        placed = framework.PersonPlaced(
            person=person, ladder=at.ladder, level=at.level, effective_on=on, reason="promotion", version=version
        )
        self.tell(placed, stream=f"placement of {person}")

    def approve(
        self, person: str = "maya", number: str = "ev_1", revision: int = 1, cycle: str = "cy_1", **changes: Any
    ) -> evaluation.EvaluationApproved:
        """Approve an evaluation by `scores`, None where it was not seen; return what was published."""
        scores: dict[str, float | None] = changes.pop("scores", {"code": 3.5, "design": 2, "leading": None})
        values: dict[str, Any] = {
            "evaluation": number,
            "revision": revision,
            "employee": person,
            "evaluator": "erik",
            "cycle": cycle,
            "cycle_name": "Autumn",
            "framework_version": 1,
            "ladder": "engineering",
            "level": "engineering.ic2",
            "approved_by": "hanna",
            "approved_at": self.running.clock.at,
            "period_ends_on": date(2026, 10, 31),
            "lines": [
                {"competency": name, "rating": score, "not_seen": score is None, "evidence": [{"text": name}]}
                for name, score in scores.items()
            ],
        }
        data = json.dumps(values | changes, default=str)
        texts = {name: Unsealed(person=person, part=f"evidence/{name}/1", text=EVIDENCE) for name in scores}
        told = Told(type=evaluation.EvaluationApproved.TYPE, data=data, texts=dict(texts))
        self.running.tell(self.workspace, told, stream=number)
        feed = self.running.upstreams["evaluation"].feed
        published = feed.events(evaluation.TOPIC, self.workspace, 0).records[-1]
        return evaluation.EvaluationApproved.model_validate_json(published.data)

    def release(self, person: str = "maya", number: str = "ev_1", revision: int = 1, cycle: str = "cy_1") -> None:
        """Release a revision to its employee."""
        released = evaluation.EvaluationReleased(
            evaluation=number, revision=revision, employee=person, cycle=cycle, conversations_by=date(2026, 12, 11)
        )
        self.tell(released, stream=number)

    def cancel(self, cycle: str) -> None:
        """Cancel a cycle."""
        self.tell(evaluation.CycleCancelled(cycle=cycle), stream=cycle)

    def choose(self, person: str, target: LevelRef | None) -> None:
        """Choose a target."""

        def decide(unit: Unit) -> Answer:
            Reports().choose_target(unit, person, target)
            return Answer()

        self.running.run(self.workspace, decide, person)

    def request(self, person: str, target: LevelRef, by: str = "hanna") -> str:
        """Ask for the report about a level."""

        def decide(unit: Unit) -> Answer:
            return Answer(id=Reports().request_report(unit, person, target))

        return self.running.run(self.workspace, decide, by).answer.id or ""

    def tell(self, *events: Published, stream: str = "one") -> None:
        """Let the upstream of these events publish them."""
        told = [Told(type=event.TYPE, data=event.model_dump_json()) for event in events]
        self.running.tell(self.workspace, *told, stream=stream)

    def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Ask the service's tables and views."""
        return self.running.rows(self.workspace, sql, **params)

    def versions(self, person: str = "maya") -> list[dict[str, Any]]:
        """Return every report version about somebody, in the order of their computation."""
        return self.rows(
            "select v.* from report_versions v join gap.events e on e.workspace = v.workspace"
            " and e.event_id::text = v.event_id where v.workspace = %(workspace)s and v.employee = %(person)s"
            " order by e.sequence",
            person=person,
        )

    def standing(self, person: str = "maya") -> dict[str, Any]:
        """Return where somebody stands."""
        sql = "select * from standings where workspace = %(workspace)s and person = %(person)s"
        return self.rows(sql, person=person)[0]

    def parked(self) -> list[str]:
        """Return why events were parked."""
        return [row["reason"] for row in self.rows("select reason from parked where workspace = %(workspace)s")]


@pytest.fixture
def company(running: Running) -> Company:
    """A new company, in November, before its first approval."""
    running.clock.at = NOVEMBER
    one = Company(running, f"w{next(_numbers)}")
    one.tell(
        people.WorkspaceOpened(
            name="Northwind", locale="en-GB", calendar=people.WorkspaceCalendar(time_zone="Europe/Berlin")
        ),
        stream="workspace",
    )
    managers = {"gro": None, "hanna": "gro", "erik": "gro", "maya": "erik", "nils": "erik"}
    for person, manager in managers.items():
        running.tell(one.workspace, _person(person, manager), stream=person, settle=False)
    one.publish()
    for person in managers:
        one.place(person, IC2)
    return one


def _person(person: str, manager: str | None) -> Told:
    values: dict[str, Any] = {
        "person": person,
        **{name: {"text": name} for name in ("given_name", "family_name")},
        "status": "active",
        "manager": manager,
        "starts_on": LONG_AGO.isoformat(),
        "roles": ["hr"] if person == "hanna" else [],
        "invited": True,
    }
    texts: dict[str, Personal] = {
        "given_name": Unsealed(person=person, part="details", text=person.title()),
        "family_name": Unsealed(person=person, part="details", text="Berg"),
    }
    return Told(type=people.PersonAdded.TYPE, data=json.dumps(values), texts=texts)


def engineering(version: int, **required: float) -> framework.LadderPublished:
    """Return the engineering ladder: IC2 may move to IC3 or to M1, M1 also to a level of another ladder."""
    asked: dict[str, dict[str, float]] = {
        "ic2": {"code": 3, "design": 2},
        "ic3": {"code": 4, "design": 3, **required},
        "m1": {"leading": 3, "code": 3},
    }
    following = {"ic2": ("ic3", "m1"), "ic3": ("m1",), "m1": ()}
    levels = tuple(
        framework.LevelText(
            id=f"engineering.{name}",
            code=name.upper(),
            title=name,
            track="management" if name == "m1" else "ic",
            next=tuple(f"engineering.{one}" for one in following[name]) + (("product.po2",) if name == "m1" else ()),
        )
        for name in asked
    )
    return _ladder(version, "engineering", levels, {f"engineering.{name}": found for name, found in asked.items()})


def product(version: int) -> framework.LadderPublished:
    """Return a ladder of one level."""
    levels = (framework.LevelText(id="product.po2", code="PO2", title="Product owner", track="ic"),)
    return _ladder(version, "product", levels, {"product.po2": {"design": 2, "leading": 4}})


def _ladder(
    version: int, name: str, levels: tuple[framework.LevelText, ...], asked: dict[str, dict[str, float]]
) -> framework.LadderPublished:
    tracks = dict.fromkeys(level.track for level in levels)
    competencies = dict.fromkeys(one for found in asked.values() for one in found)
    return framework.LadderPublished(
        version=version,
        ladder=name,
        name=name.title(),
        tracks=tuple(
            framework.TrackText(id=track, name=track, levels=tuple(one.id for one in levels if one.track == track))
            for track in tracks
        ),
        levels=levels,
        competencies=tuple(framework.CompetencyText(id=one, name=one.title(), area="Craft") for one in competencies),
        expectations=tuple(
            framework.ExpectationText(level=level, competency=one, required=required, behaviours=(f"Shows {one}.",))
            for level, found in asked.items()
            for one, required in found.items()
        ),
        changed_in=version,
    )
