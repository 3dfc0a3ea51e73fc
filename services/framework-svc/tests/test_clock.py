"""Planned placements begin by the clock: on their day, where the person is, once, and not for who has left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.identity import Actor
from chassis.postgres import Embedded
from chassis.testing import assert_live_equals_rebuilt, sealed
from chassis.unit import Answer, CommandInfo, Decide, Unit
from chassis.virtual import StandingClock
from contracts import people
from framework_svc import templates
from framework_svc.application import Frameworks
from framework_svc.documents import exchange
from framework_svc.domain.placements import Placement

from .conftest import WORKSPACES, Running, added, standing

MARCH = datetime(2026, 3, 3, 9, tzinfo=UTC)
IC1, IC2 = "engineering.ic1", "engineering.ic2"
JUNE = date(2026, 6, 1)
MIDNIGHT = datetime(2026, 5, 31, 22, tzinfo=UTC)
"""When the first of June begins in Berlin."""


CLOCK = StandingClock(MARCH)


@dataclass
class Timed:
    """A company whose clock and followers a test moves: Maya and Nils, engineering published."""

    running: Running
    workspace: str

    def do(self, decide: Decide) -> None:
        command = f"command {next(WORKSPACES)}"
        info = CommandInfo(self.workspace, "hanna", command, correlation_id=command)
        actor = Actor(workspace=self.workspace, person="hanna", roles=frozenset({"hr"}))
        self.running.service.execute(info, actor, decide)
        self.follow()

    def follow(self) -> None:
        while self.running.service.projections.step(self.workspace) == "more":
            pass

    def at(self, moment: datetime) -> None:
        """Let it be a later moment, and let what is due happen."""
        CLOCK.at = moment
        self.running.service.clockwork.step(self.workspace)
        self.follow()

    def place(self, person: str, level: str, on: date) -> None:
        def decide(unit: Unit) -> Answer:
            Frameworks().place(unit, person, level, on, "move")
            return Answer()

        self.do(decide)

    def take_back(self, person: str, placement: str) -> None:
        def decide(unit: Unit) -> Answer:
            Frameworks().take_back(unit, person, placement)
            return Answer()

        self.do(decide)

    def seats(self, person: str = "maya") -> list[tuple[str, bool]]:
        """Return where somebody sits and will sit, the latest day first: level, planned."""
        with self.running.service.reader(self.workspace) as reader:
            rows = reader.rows(
                "select level, planned from placements where workspace = %(workspace)s and person = %(person)s"
                " order by effective_on desc, recorded_at desc",
                {"person": person},
            )
        return [(row["level"], row["planned"]) for row in rows]

    def topics(self, person: str = "maya") -> list[str]:
        with self.running.service.reader(self.workspace) as reader:
            return [entry.topic.removeprefix("placement.") for entry in reader.history(Placement, person)]

    def told(self) -> list[str]:
        """Return what others heard of placements."""
        found = self.running.service.feed.events("framework.v1", self.workspace, 0).records
        return [record.type.split(".")[2] for record in found if record.subject.startswith("placement/")]

    def waiting(self) -> list[datetime]:
        with self.running.service.reader(self.workspace) as reader:
            sql = "select ask_at from deadlines where workspace = %(workspace)s and ask_at is not null order by ask_at"
            return [row["ask_at"] for row in reader.rows(sql)]


@pytest.fixture(scope="module")
def still(postgres: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with standing(postgres, tmp_path_factory, CLOCK) as one:
        yield one


@pytest.fixture
def company(still: Running) -> Timed:
    CLOCK.at = MARCH
    one = Timed(still, f"w{next(WORKSPACES)}")
    berlin = people.WorkspaceCalendar(time_zone="Europe/Berlin")
    name = sealed(still.people, one.workspace, "person/maya", "maya", "Maya")
    still.hear(
        one.workspace,
        people.WorkspaceOpened(name="Northwind", locale="en-GB", calendar=berlin),
        added("maya", None, name),
        added("nils", None, name),
    )

    def publish(unit: Unit) -> Answer:
        cases, file = Frameworks(), exchange.read(templates.text("engineering"))
        cases.bring(unit, file.ladders, file.competencies, file.scale, "template")
        cases.mark_ready(unit, "engineering", None)
        cases.publish(unit, "The first.", (), None)
        return Answer()

    one.do(publish)
    one.place("maya", IC1, date(2024, 1, 1))
    return one


def test_a_plan_takes_effect_when_its_day_begins_where_the_person_is(company: Timed) -> None:
    company.place("maya", IC2, JUNE)
    assert company.waiting() == [MIDNIGHT]

    company.at(MIDNIGHT - timedelta(seconds=1))
    assert company.seats() == [(IC2, True), (IC1, False)]
    assert company.told() == ["person-placed"]

    company.at(MIDNIGHT)
    assert company.seats() == [(IC2, False), (IC1, False)]
    assert company.told() == ["person-placed", "person-placed"]
    assert company.waiting() == []


def test_a_plan_takes_effect_once_also_after_days_of_downtime(company: Timed) -> None:
    company.place("maya", IC2, JUNE)

    company.at(MIDNIGHT + timedelta(days=5))
    company.at(MIDNIGHT + timedelta(days=6))

    assert company.topics() == ["opened", "person-placed", "planned", "person-placed"]


def test_a_plan_that_was_taken_back_never_takes_effect(company: Timed) -> None:
    company.place("maya", IC2, JUNE)
    with company.running.service.reader(company.workspace) as reader:
        state, _ = reader.state(Placement, "maya")
    assert state is not None
    company.take_back("maya", state.planned()[0].placement)

    company.at(MIDNIGHT)

    assert company.seats() == [(IC1, False)]
    assert company.told() == ["person-placed"]


def test_the_plans_of_somebody_who_left_end_on_their_day(company: Timed) -> None:
    company.place("maya", IC2, JUNE)
    left = people.StatusChanged(person="maya", status="left", effective_on=date(2026, 5, 1))
    company.running.hear(company.workspace, left)

    company.at(MIDNIGHT)

    assert company.seats() == [(IC1, False)]
    assert company.topics()[-1] == "plan-ended"


def test_where_a_plan_begins_after_a_later_decision_for_its_day_the_decision_stands(company: Timed) -> None:
    company.place("maya", IC2, JUNE)
    CLOCK.at = MIDNIGHT + timedelta(hours=9)
    company.place("maya", IC1, JUNE)
    assert company.told() == ["person-placed", "person-placed"]

    company.at(CLOCK.at)

    assert company.seats() == [(IC1, False), (IC2, False), (IC1, False)]
    assert company.told() == ["person-placed", "person-placed"]


def test_what_the_clock_did_rebuilds_to_what_it_was(company: Timed) -> None:
    company.place("maya", IC2, JUNE)
    company.place("nils", IC2, date(2026, 9, 1))
    company.at(MIDNIGHT)

    assert_live_equals_rebuilt(company.running.service, company.workspace)
