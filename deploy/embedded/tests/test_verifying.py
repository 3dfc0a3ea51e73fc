"""`verify` proved by planted bugs: a small real company, one thing wrong at a time, and the invariant that says so.

framework → people → cycle → approval → report → release → correction → cancelled cycle → withdrawn text → erasure
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

import gap_svc.main
from chassis.calendar import Calendar
from chassis.identity import Actor
from chassis.projection import RecordedEvent, Rows
from chassis.record import leaf_of
from chassis.service import Service, connect_in_process
from chassis.store import PositionMove
from chassis.unit import Answer, CommandInfo, Unit
from contracts.envelope import Envelope
from contracts.evaluation import EvaluationApproved
from evaluation_svc.application.drafts import TypedLine
from evaluation_svc.domain.cycle import Cycle, Dates, Plan
from evaluation_svc.domain.evaluation import Evaluation
from framework_svc import templates
from framework_svc.documents import exchange
from gap_svc.domain.levels import LevelRef
from gap_svc.domain.report import Computed, Report, Withdrawn
from gap_svc.projections import ReportList
from ladder.composition import Composition
from ladder.demo import settle
from ladder.processes import SERVICES
from ladder.verifying import Verdict, verify
from people_svc.domain import Changes, Employee, Erased, Settings

WORKSPACE = "ws_verified"
TODAY = date.today()
PEOPLE = ("daniel", "maya", "kofi", "tom")


@dataclass
class Company:
    """A workspace with its history, written by the applications; nothing moves unless a test moves it."""

    system: Composition
    who: dict[str, str] = field(default_factory=dict[str, str])
    cycle: str = ""
    evaluations: dict[str, str] = field(default_factory=dict[str, str])
    _commands: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.people, self.framework, self.evaluation, self.gap = self.system.services

    def does(self, who: str, service: Service, use: Callable[[Any, Unit], Any], *, rest: bool = True) -> Any:
        """Let somebody do something, then every follower come to `rest`; return what the use case returns."""
        command = f"history/{next(self._commands)}"
        found: list[Any] = []

        def decide(unit: Unit) -> Answer:
            found.append(use(service.application, unit))
            return Answer()

        person = self.who.get(who, who)
        roles = frozenset({"hr"}) if who == "hanna" else frozenset[str]()
        info = CommandInfo(WORKSPACE, person, command, correlation_id=command)
        service.execute(info, Actor(workspace=WORKSPACE, person=person, roles=roles), decide)
        if rest:
            settle(self.system, WORKSPACE)
        return found[-1]

    def verdict(self) -> Verdict:
        return verify(self.system.services)

    def broken(self) -> set[str]:
        """Return the names of the invariants that do not hold."""
        return {one.invariant for one in self.verdict().broken}

    def plant(self, statement: str, *values: Any) -> None:
        """Change rows past every rule, as only a superuser can; something must have changed."""
        with psycopg.connect(self.system.server.admin_dsn()) as connection:
            assert connection.execute(sql.SQL(statement), values).rowcount > 0  # pyright: ignore[reportArgumentType]

    def forge(self, service: str, where: str, **columns: Any) -> None:
        """Change one event and hash its leaf anew, so that only what the event says can give the change away."""
        with psycopg.connect(self.system.server.admin_dsn()) as connection, connection.cursor(row_factory=dict_row) as cursor:
            chosen = cursor.execute(sql.SQL(f"select * from {service}.events where {where}")).fetchone()  # pyright: ignore[reportArgumentType]
            assert chosen is not None
            changed = {**columns, "leaf": leaf_of(service, {**chosen, **columns}).digest()}
            names = ", ".join(f"{name} = %({name})s" for name in changed)
            place = "workspace = %(at_workspace)s and sequence = %(at_sequence)s"
            values = {**changed, "at_workspace": chosen["workspace"], "at_sequence": chosen["sequence"]}
            cursor.execute(sql.SQL(f"update {service}.events set {names} where {place}"), values)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def made() -> Iterator[Company]:
    """The company after its history, and a copy of every table of it."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-verify-"))
    folder.chmod(0o755)
    with Composition(folder / "data") as system:
        company = Company(system)
        found(company)
        evaluate(company)
        correct(company)
        forget(company)
        with psycopg.connect(system.server.admin_dsn()) as connection:
            connection.execute("create schema kept")
            for schema, table in tables(connection):
                connection.execute(sql.SQL("create table {} as table {}").format(*copies(schema, table)))
        yield company
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def company(made: Company) -> Iterator[Company]:
    """The company with its history as it was made; what a test does to it is undone."""
    yield made
    with psycopg.connect(made.system.server.admin_dsn()) as connection:
        for schema, table in tables(connection):
            copy, original = copies(schema, table)
            connection.execute(sql.SQL("delete from {}").format(original))
            connection.execute(sql.SQL("insert into {} table {}").format(original, copy))
    connect_in_process(made.system.services)  # what the consumers remember of their positions is undone too


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Return the tables of every service."""
    statement = "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2"
    return connection.execute(statement, (list(SERVICES),)).fetchall()


def copies(schema: str, table: str) -> tuple[sql.Identifier, sql.Identifier]:
    return sql.Identifier("kept", f"{schema}_{table}"), sql.Identifier(schema, table)


def found(company: Company) -> None:
    """Hanna is HR; Daniel leads Maya, Kofi and Tom; engineering is published and they are placed."""
    hanna = Changes(given_name="Hanna", family_name="Berg", work_email="hanna@example.com", starts_on=date(2019, 1, 1))
    settings = Settings(name="Northwind", calendar=Calendar(time_zone="Europe/London"))
    admin: Employee = company.does("operator", company.people, lambda app, unit: app.open_workspace(unit, settings, hanna))
    company.who["hanna"] = admin.person
    document = exchange.read(templates.text("engineering"))
    (ladder,) = document.ladders

    def draft(app: Any, unit: Unit) -> None:
        app.bring(unit, document.ladders, document.competencies, document.scale, "template", "engineering")
        app.mark_ready(unit, ladder.id, None)

    company.does("hanna", company.framework, draft)
    company.does("hanna", company.framework, lambda app, unit: app.publish(unit, "The first", (), None))
    for name, level in zip(PEOPLE, ("ic4", "ic2", "ic1", "ic1"), strict=True):
        changes = Changes(
            given_name=name.title(),
            family_name="Example",
            work_email=f"{name}@example.com",
            job_title="Engineer",
            starts_on=date(2020, 1, 1),
        )
        manager = None if name == "daniel" else company.who["daniel"]
        added: Employee = company.does(
            "hanna", company.people, lambda app, unit, c=changes, m=manager: app.add_person(unit, c, m)
        )
        company.who[name] = added.person
        company.does("hanna", company.people, lambda app, unit, who=added.person: app.invite(unit, who))
        place(company, name, level)


def place(company: Company, name: str, level: str, reason: str = "hire") -> None:
    who = company.who[name]
    company.does(
        "hanna", company.framework, lambda app, unit: app.place(unit, who, f"engineering.{level}", TODAY, reason)
    )


def evaluate(company: Company) -> None:
    """Daniel keeps a note; his team goes through a cycle; Maya's evaluation is released, Kofi's is approved."""
    note = "Took the incident on 4 May to its end."
    maya = company.who["maya"]
    company.does("daniel", company.evaluation, lambda app, unit: app.observe(unit, maya, TODAY, ("ownership",), note))
    company.cycle = run_cycle(company, "Pilot", TODAY - timedelta(days=180))
    company.evaluations = rate(company, company.cycle)
    for name in ("maya", "kofi"):
        approve(company, company.evaluations[name])
    release(company, company.evaluations["maya"])


def run_cycle(company: Company, name: str, starts_on: date) -> str:
    dates = Dates(
        self_due=TODAY + timedelta(days=7),
        manager_due=TODAY + timedelta(days=14),
        approval_due=TODAY + timedelta(days=21),
        conversations_by=TODAY + timedelta(days=42),
    )
    plan = Plan(
        name=name,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=180),
        framework_version=1,
        dates=dates,
        scope="team",
        of=company.who["daniel"],
    )
    cycle: str = company.does("hanna", company.evaluation, lambda app, unit: app.plan(unit, plan))
    company.does("hanna", company.evaluation, lambda app, unit: app.open(unit, cycle))
    return cycle


def rate(company: Company, cycle: str) -> dict[str, str]:
    """Let Daniel rate everybody in a cycle and hand it in; return the evaluations by name."""
    names = {person: name for name, person in company.who.items()}
    entered: Cycle = company.does("hanna", company.evaluation, lambda app, unit: unit.get(Cycle, cycle))
    for evaluation in entered.participants.values():
        hand_in(company, evaluation, 3.0)
    return {names[person]: evaluation for person, evaluation in entered.participants.items()}


def hand_in(company: Company, evaluation: str, rating: float) -> None:
    def use(app: Any, unit: Unit) -> None:
        competencies = unit.get(Evaluation, evaluation).terms.competencies
        texts = ("Led the carrier cut-over in May; no parcel was lost.",)
        lines = tuple(TypedLine(competency=one, rating=rating, evidence=texts) for one in competencies)
        app.draft_lines(unit, evaluation, lines)
        app.submit(unit, evaluation)

    company.does("daniel", company.evaluation, use)


def approve(company: Company, evaluation: str) -> None:
    company.does("hanna", company.evaluation, lambda app, unit: app.approve(unit, evaluation))


def release(company: Company, evaluation: str) -> None:
    company.does("daniel", company.evaluation, lambda app, unit: app.release(unit, evaluation))


def correct(company: Company) -> None:
    """Maya aims for another level, her evaluation is corrected, Kofi moves up, and a second cycle is cancelled."""
    maya = company.who["maya"]
    aim = LevelRef(ladder="engineering", level="engineering.ic4")
    company.does("maya", company.gap, lambda app, unit: app.choose_target(unit, maya, aim))
    company.does(
        "hanna",
        company.evaluation,
        lambda app, unit: app.reopen(unit, company.evaluations["maya"], "One rating was about somebody else."),
    )
    hand_in(company, company.evaluations["maya"], 3.5)
    approve(company, company.evaluations["maya"])
    place(company, "kofi", "ic2", "promotion")
    second = run_cycle(company, "Second", TODAY - timedelta(days=170))
    approve(company, rate(company, second)["kofi"])
    company.does("hanna", company.evaluation, lambda app, unit: app.cancel(unit, second, "Opened by mistake."))


def forget(company: Company) -> None:
    """One piece of evidence is withdrawn, Tom is erased, and a view is rebuilt."""
    kofi = company.evaluations["kofi"]

    def withdraw(app: Any, unit: Unit) -> None:
        part = next(iter(unit.get(Evaluation, kofi).texts))
        app.withdraw(unit, kofi, part, "Written about the wrong person.")

    company.does("daniel", company.evaluation, withdraw)
    company.does("hanna", company.people, lambda app, unit: app.erase(unit, company.who["tom"], "asked by the person"))
    company.gap.projections.rebuild("report_list", WORKSPACE)


def test_after_a_whole_history_with_a_withdrawn_text_and_an_erased_person_every_invariant_holds(company: Company) -> None:
    verdict = company.verdict()

    assert verdict.broken == []
    assert verdict.ok
    assert verdict.workspaces == len(company.system.workspaces()) == 1
    assert verdict.events > 200


# -- the record


@pytest.mark.parametrize("column", ["actor", "correlation_id", "command_id", "topic"])
def test_a_changed_word_of_an_event_breaks_the_record(company: Company, column: str) -> None:
    company.plant(f"update evaluation.events set {column} = {column} || '?' where topic = 'observation.noted'")

    assert company.broken() == {"the record is whole"}


def test_a_changed_rating_breaks_the_record(company: Company) -> None:
    company.plant(
        "update evaluation.events set state = convert_to(replace(convert_from(state, 'UTF8'), '3.0', '5.0'), 'UTF8')"
        " where convert_from(state, 'UTF8') like '%%\"rating\":3.0%%'"
    )

    assert company.broken() == {"the record is whole"}


def test_an_event_taken_out_leaves_a_hole_in_the_record(company: Company) -> None:
    company.plant("delete from evaluation.events where topic = 'observation.noted'")

    assert company.broken() == {"the record is whole"}


def test_a_stream_that_skips_a_version_has_a_hole(company: Company) -> None:
    company.forge("evaluation", "topic = 'observation.noted'", version=2)

    assert company.broken() == {"streams have no holes"}


def test_a_command_appended_twice_is_seen_though_every_leaf_is_right(company: Company) -> None:
    company.forge("evaluation", "topic = 'observation.noted'", command_id="history/1")
    company.forge("evaluation", "topic = 'cycle.cancelled'", command_id="history/1")

    assert company.broken() == {"commands are applied once"}


def test_a_head_past_the_last_event_is_seen(company: Company) -> None:
    company.plant("update gap.head set sequence = sequence + 1")

    assert company.broken() == {"the head is the last event"}


def test_a_head_past_the_last_published_event_is_seen(company: Company) -> None:
    company.plant("""update gap.head set published = jsonb_build_object('gap.v1', sequence + 1)""")

    assert company.broken() == {"the head is the last published event"}


def test_a_published_event_that_names_another_before_it_is_seen(company: Company) -> None:
    company.plant("update gap.published set previous = previous - 1 where previous > 0")

    assert company.broken() == {"published events are chained"}


def test_a_published_row_without_its_event_is_seen(company: Company) -> None:
    company.plant("update gap.published set event_id = gen_random_uuid()")

    assert company.broken() == {"published events are recorded"}


# -- what follows the record


def test_a_view_row_changed_by_hand_differs_from_a_rebuild(company: Company) -> None:
    company.plant("update gap.standings_rows set main_version = main_version + 1 where main_version is not null")

    assert company.broken() == {"live views equal rebuilt ones"}


class ForgetfulReportList(ReportList):
    """A view with a bug: what was withdrawn stays in the list as if it counted."""

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        if not isinstance(entry.event, Withdrawn):
            super().apply(rows, entry)


def test_a_view_that_forgets_withdrawals_differs_from_a_rebuild(company: Company) -> None:
    with rewired(company, views=(ForgetfulReportList(),)) as gap:
        gap.projections.rebuild("report_list", WORKSPACE)

    assert company.broken() == {"live views equal rebuilt ones"}


def test_a_view_that_has_not_seen_the_last_event_is_seen(company: Company) -> None:
    company.plant("update gap.followed set sequence = sequence - 1 where name = 'deadlines'")

    assert company.broken() == {"views have seen the record"}


def test_a_relay_that_says_more_than_was_published_is_seen(company: Company) -> None:
    company.plant("update gap.relayed set sequence = sequence + 1")

    assert company.broken() == {"relays have sent everything"}


@pytest.mark.parametrize("too_far", [1, -1])
def test_a_consumer_ahead_of_or_behind_what_was_published_is_seen(company: Company, too_far: int) -> None:
    company.plant("update gap.positions set sequence = sequence + %s where topic = 'evaluation.v1'", too_far)

    assert company.broken() == {"consumers have heard everything"}


# -- what the product promises


class Killed(BaseException):
    """What a power cut is to the code that it interrupts."""


def test_a_consumer_that_commits_its_position_before_the_effect_loses_a_report_when_killed_between(
    company: Company,
) -> None:
    def position_first(unit: Unit, heard: EvaluationApproved, envelope: Envelope) -> None:
        move = PositionMove(envelope.topic, envelope.epoch, envelope.previous, envelope.sequence)
        with gap.connection(WORKSPACE) as connection:
            gap.store.recorder.move(WORKSPACE, move, connection)
            connection.commit()
        raise Killed

    maya = company.evaluations["maya"]
    with rewired(company, handlers={**company.gap.handlers, EvaluationApproved: position_first}) as gap:
        company.does("hanna", company.evaluation, lambda app, unit: app.reopen(unit, maya, "Once more."))
        company.does("daniel", company.evaluation, lambda app, unit: app.submit(unit, maya), rest=False)
        company.does("hanna", company.evaluation, lambda app, unit: app.approve(unit, maya), rest=False)
        with pytest.raises(Killed):
            gap.consumer.step(WORKSPACE)
    settle(company.system, WORKSPACE)

    assert company.broken() == {"every approved revision has its main report"}


def test_a_report_version_recorded_twice_for_one_cause_is_seen(company: Company) -> None:
    def compute_again(_: Any, unit: Unit) -> None:
        first = computed(company)
        unit.record(Report, first.report, first.model_copy(update={"version": first.version + 1}))

    company.does("hanna", company.gap, compute_again)

    assert company.broken() == {"one report version per revision, target and cause"}


@pytest.mark.parametrize("source", ["approval", "present_ladder", "target_ladder", "placement", "target"])
def test_a_report_that_names_a_source_nobody_recorded_is_seen(company: Company, source: str) -> None:
    def compute_from_nothing(_: Any, unit: Unit) -> None:
        first = computed(company)
        because = first.because.model_copy(update={source: "0190f6f2-0000-7000-8000-000000000000"})
        changes = {"version": first.version + 1, "cause": "request", "caused_by": unit.new_id("rq"), "because": because}
        unit.record(Report, first.report, first.model_copy(update=changes))

    company.does("hanna", company.gap, compute_from_nothing)

    assert company.broken() == {"reports name what is there"}


@pytest.mark.parametrize("cause", ["approval", "target", "placement"])
def test_a_report_computed_because_of_nothing_is_seen(company: Company, cause: str) -> None:
    def compute_for_no_reason(_: Any, unit: Unit) -> None:
        first = computed(company)
        changes = {"version": first.version + 1, "cause": cause, "caused_by": "nothing", "is_main": False}
        unit.record(Report, first.report, first.model_copy(update=changes))

    company.does("hanna", company.gap, compute_for_no_reason)

    assert company.broken() == {"reports name what is there"}


def test_a_report_about_an_evaluation_that_does_not_exist_is_seen(company: Company) -> None:
    def compute_about_nothing(_: Any, unit: Unit) -> None:
        first = computed(company)
        changes = {"evaluation": "ev_unknown", "report": "rp_unknown", "version": 1}
        unit.record(Report, "rp_unknown", first.model_copy(update={**changes, "is_main": False}))

    company.does("hanna", company.gap, compute_about_nothing)

    assert company.broken() == {"reports name what is there"}


def test_a_report_withdrawn_though_its_cycle_was_not_cancelled_is_seen(company: Company) -> None:
    def withdraw(_: Any, unit: Unit) -> None:
        report = computed(company).report
        unit.record(Report, report, unit.get(Report, report).withdraw("by mistake", "nothing"))

    company.does("hanna", company.gap, withdraw)

    assert company.broken() == {"reports of cancelled cycles are withdrawn"}


def test_a_report_shown_before_its_release_is_seen(company: Company) -> None:
    company.plant("update gap.evaluations set released_at = approved_at where released_at is null")

    assert company.broken() == {"reports are shown as released"}


def test_somebody_erased_whose_key_was_kept_is_seen(company: Company) -> None:
    kofi = company.who["kofi"]
    company.does("hanna", company.people, lambda app, unit: unit.record(Employee, kofi, Erased(at=unit.now)))

    assert company.broken() == {"the erased cannot be read"}


def computed(company: Company) -> Computed:
    """Return the first version of Maya's main report."""
    with company.gap.reader(WORKSPACE) as reader:
        sql = "select report from report_versions where workspace = %(workspace)s and evaluation = %(ev)s and is_main"
        row = reader.row(f"{sql} order by computed_at limit 1", {"ev": company.evaluations["maya"]})
        assert row is not None
        (first, *_) = (entry.event for entry in reader.history(Report, row["report"]))
    assert isinstance(first, Computed)
    return first


@contextmanager
def rewired(company: Company, **parts: Any) -> Generator[Service]:
    """Run gap-svc wired otherwise over the same schema: what a bug in `main` would make of it."""
    gap = replace(gap_svc.main.service(), **parts)
    gap.open(company.system.server, company.gap.cipher, size=3)
    try:
        gap.connect({service.topic: service.feed for service in company.system.services})
        yield gap
    finally:
        gap.close()
