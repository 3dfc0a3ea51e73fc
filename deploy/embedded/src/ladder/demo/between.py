"""What happens between the rounds and beside them: people come, move, are promoted and leave; notes, targets, asides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from evaluation_svc.domain.cycle import Dates, Plan, Scope
from framework_svc.domain.placement_events import Reason
from framework_svc.domain.texts import ladder_of
from gap_svc.domain.levels import LevelRef
from ladder.demo import founding
from ladder.demo.company import Member
from ladder.demo.ladders import bars, ladder, levels, next_level, text_of
from ladder.demo.rounds import YearlyRound
from ladder.demo.setting import Setting
from people_svc.domain import Changes

NOTED_BEFORE: Final = ((8, 50), (200, 395), (480, 745))
"""The days before each round on which managers and employees write notes."""
BROUGHT_DAY, NEXT_DAY, UNFINISHED_DAY = 781, 783, 767


@dataclass
class Between:
    """Puts everything on the agenda that no round brings by itself."""

    setting: Setting
    rounds: tuple[YearlyRound, ...]

    def __post_init__(self) -> None:
        self.people = self.setting.company
        self.directory = self.setting.stage.people.application
        self.placing = self.setting.stage.framework.application
        self.evaluations = self.setting.stage.evaluation.application
        self.reports = self.setting.stage.gap.application

    def begin(self) -> None:
        """Put everything on the agenda."""
        on = self.setting.on
        self._keep_notes()
        on(16, "a placement by mistake", self.correct_a_placement)
        for one in self.people.joiners:
            day = (one.starts_on - self.people.founded).days
            on(min(day - 10, 772), f"join {one.number}", lambda one=one: founding.add(self.setting, one))
        on(116, "targets", self.choose_targets)
        on(119, "another report", self.ask_for_another_report)
        on(147, "promotions", lambda: self.promote(self.rounds[0], 1))
        on(200, "pilot", self.pilot)
        on(250, "another family", self.change_family)
        on(411, "leave", self.go_on_leave)
        on(412, "another team", self.change_team)
        on(413, "a lead leaves", self.lose_a_lead)
        on(414, "joined too late", lambda: self.rounds[1].excuse(self.people.late_joiner, "joined"))
        on(418, "somebody leaves", self.lose_somebody)
        on(497, "promotions", lambda: self.promote(self.rounds[1], 2))
        on(560, "no target", self.give_a_target_up)
        on(620, "publish again", lambda: founding.publish_again(self.setting))
        on(UNFINISHED_DAY, "draft", lambda: founding.draft_ahead(self.setting))
        on(768, "leave again", self.go_on_leave_again)
        on(BROUGHT_DAY, "scorecard", self.bring_a_scorecard)
        on(NEXT_DAY, "next pilot", self.plan_the_next)

    # ---- people come, move and go

    def correct_a_placement(self) -> None:
        """Somebody was listed a level too high; HR corrects it."""
        member = next(one for one in self._individuals() if one.level != levels(one.family)[0])
        offered = levels(member.family)
        member.level = offered[offered.index(member.level or "") - 1]
        member.title = text_of(member.level).title
        self._place(member, "correction", self._today())

    def promote(self, yearly: YearlyRound, cycle: int) -> None:
        """Promote those who are furthest beyond the bar of the next level, from the first of the next month on."""
        ready: list[tuple[float, Member, str]] = []
        for member in self._individuals():
            target = self._next_of(member)
            if target and yearly.approved_paper(member):
                ready.append((self.setting.scores.readiness(member, target, cycle), member, target))
        first = (self._today().replace(day=1) + timedelta(days=32)).replace(day=1)
        best = sorted(ready, key=lambda one: (-one[0], one[1].number))
        for _, member, target in best[: max(2, self.people.size // 18)]:
            paper = yearly.approved_paper(member)
            member.level, member.title = target, text_of(target).title
            self._place(member, "promotion", first, paper.id if paper else None)
            self._retitle(member, first)

    def change_family(self) -> None:
        """Somebody moves from customer success to operations; three months later they are evaluated by themselves."""
        member = self.people.changes_family
        place = levels(member.family).index(member.level or "")
        head = next(one for one in self.people.members if one.level == levels("operations")[-1])
        member.level = levels("operations")[min(place, 2)]
        member.title, member.department, member.manager = text_of(member.level).title, ladder("operations").name, head.number
        today = self._today()
        self._place(member, "move", today)
        self._retitle(member, today)
        self.setting.hr_people(lambda unit: self.directory.change_manager(unit, member.id, head.id))
        self.setting.on(self.setting.agenda.today + 92, "ad hoc", lambda: AdHoc(self.setting, member).begin())

    def change_team(self) -> None:
        """Somebody gets another manager while the round is open; HR lets the evaluator stay."""
        member = self.people.changes_team
        others = [self.people.strict, self.people.departing_lead]
        leads = [one for one in self.people.members if one.leads and one.family == "engineering" and one not in others]
        new = leads[-1]
        member.manager = new.number
        self.setting.hr_people(lambda unit: self.directory.change_manager(unit, member.id, new.id))
        self.setting.stage.settle()
        self.rounds[1].keep(member)

    def lose_a_lead(self) -> None:
        """A lead leaves in the middle of a round: observations are passed on, the team and its evaluations move."""
        lead, yearly = self.people.departing_lead, self.rounds[1]
        leads = [one for one in self.people.members if one.leads and one.family == lead.family and one.manager != 0]
        new = next(one for one in reversed(leads) if one is not lead)
        team = self.people.reports_of(lead)
        for member in team:
            member.manager = new.number
            if not member.id:
                continue
            self.setting.hr_people(lambda unit, member=member: self.directory.change_manager(unit, member.id, new.id))
        self.setting.stage.settle()
        self._pass_on(lead, new, [member for member in team if member.id])
        self._leaves(lead)
        self.setting.stage.settle()
        for member in team:
            yearly.hand_over(member, new)
        yearly.excuse(lead, "left")

    def lose_somebody(self) -> None:
        """Somebody without a team leaves in the middle of a round."""
        self._leaves(self.people.leaver)
        self.setting.stage.settle()
        self.rounds[1].excuse(self.people.leaver, "left")

    def go_on_leave(self) -> None:
        """Somebody goes on leave in the middle of a round and is excused."""
        self._goes_on_leave(100)
        self.rounds[1].excuse(self.people.away, "leave")

    def go_on_leave_again(self) -> None:
        """The same one is on leave at the present."""
        self._goes_on_leave(90)
        self.rounds[2].excuse(self.people.away, "leave")

    # ---- what people aim for

    def choose_targets(self) -> None:
        """Some aim for another track or another family than the next level of their own."""
        wishes = [(one, self._wish(one)) for one in self._individuals() if one.id]
        wishing = [(one, wish) for one, wish in wishes if wish]
        self.setting.chance.of("targets").shuffle(wishing)
        managing = [one for one in wishing if one[1] == levels("engineering", 1)[0]][:1]
        rest = [one for one in wishing if one not in managing][: max(2, self.people.size // 15)]
        self.aiming = [*managing, *rest]
        for member, wish in self.aiming:
            self._choose(member, wish)

    def give_a_target_up(self) -> None:
        """One of them goes back to the next level of the own track."""
        member, _ = self.aiming[-1]
        self.setting.aims(member, lambda unit: self.reports.choose_target(unit, member.id, None))

    def ask_for_another_report(self) -> None:
        """Two ask how far they are from a level that is two steps away."""
        asking = [one for one in self._individuals() if self.rounds[0].approved_paper(one) and self._two_up(one)][:2]
        for member in asking:
            target = LevelRef(ladder=member.family, level=self._two_up(member) or "")
            manager = self.people.manager_of(member)
            self.setting.aims(manager, lambda unit, m=member, t=target: self.reports.request_report(unit, m.id, t))

    # ---- beside the rounds

    def pilot(self) -> None:
        """A pilot of quarterly reviews in one team is opened and cancelled."""
        cycle = self._plan_for(self.people.generous, "Quarterly pilot")
        self.setting.hr_evaluation(lambda unit: self.evaluations.open(unit, cycle))
        why = "The peak season leaves no time; quarterly reviews are tried again after the yearly one"

        def cancel() -> None:
            self.setting.hr_evaluation(lambda unit: self.evaluations.cancel(unit, cycle, why))

        self.setting.on(self.setting.agenda.today + 6, "cancel", cancel)

    def plan_the_next(self) -> None:
        """The next pilot is planned and not opened yet."""
        self._plan_for(self.people.generous, "Quarterly pilot, second try")

    def bring_a_scorecard(self) -> None:
        """A lead brings a filled scorecard for somebody; it waits for HR to open it."""
        lead = self.people.strict
        member = next(one for one in self.people.reports_of(lead) if not one.joins_later)
        today = self._today()
        lines = tuple(self.setting.line(member, lead, one, 3) for one in bars(member.level or ""))
        plan = _plan(f"Scorecard {member.given_name}", today, 2, "person", member.id)
        self.setting.evaluates(lead, lambda unit: self.evaluations.bring_scorecard(unit, plan, lines))

    def _plan_for(self, lead: Member, name: str) -> str:
        version = 1 if self.setting.agenda.today < 620 else 2
        plan = _plan(name, self._today(), version, "team", lead.id)
        return self.setting.hr_evaluation(lambda unit: self.evaluations.plan(unit, plan))

    # ---- notes

    def _keep_notes(self) -> None:
        """Let managers note what they see, and employees what they do, over the months before each round."""
        for cycle, (first, last) in enumerate(NOTED_BEFORE, start=1):
            for member in self.people.members[3:]:
                chance = self.setting.chance.of("notes", cycle, member.number)
                for _ in range(chance.choices((0, 1, 2), weights=(4, 4, 1))[0]):
                    self._note(member, cycle, _friday(chance.randint(first, last)), chance.random())
                if chance.random() < 0.2:
                    self._note_example(member, cycle, _friday(chance.randint(first, last)), chance.random())
        self.setting.on(300, "note about the wrong person", self._note_about_the_wrong_person)

    def _note(self, member: Member, cycle: int, day: int, which: float) -> None:
        def note() -> None:
            if self._is_at_work(member):
                manager = self.people.manager_of(member)
                self.setting.observe(manager, member, _one_of(tuple(bars(member.level or "")), which), cycle)

        self.setting.on(day, f"note {cycle} {member.number} {which}", note)

    def _note_example(self, member: Member, cycle: int, day: int, which: float) -> None:
        def note() -> None:
            if self._is_at_work(member):
                self.setting.note_example(member, _one_of(tuple(bars(member.level or "")), which), cycle)

        self.setting.on(day, f"example {cycle} {member.number}", note)

    def _note_about_the_wrong_person(self) -> None:
        lead = self.people.strict
        member = self.people.reports_of(lead)[0]
        words = self.setting.words
        text = words.around("wrong_person", member)
        note = self.setting.note(lead, member, "ownership", text)
        why = words.around("withdrawn", member)

        def withdraw() -> None:
            self.setting.evaluates(lead, lambda unit: self.evaluations.withdraw_observation(unit, note, why))

        self.setting.on(self.setting.agenda.today + 1, "withdraw the note", withdraw)

    def _pass_on(self, lead: Member, new: Member, team: list[Member]) -> None:
        """A leaver chooses which observations pass on: what is held about the team, and a last note written for this."""
        self.setting.observe(lead, team[0], "ownership", 2)
        numbers = {one.number for one in team}
        for holder, about, competency in [one for one in self.setting.notes if one[0] == lead.number]:
            if about in numbers:
                note = self.setting.notes.pop((holder, about, competency))
                self.setting.evaluates(lead, lambda unit, note=note: self.evaluations.pass_on(unit, note, new.id))
                self.setting.notes[new.number, about, competency] = note

    # ---- means

    def _today(self) -> date:
        return self.setting.date(self.setting.agenda.today)

    def _individuals(self) -> list[Member]:
        """Return those who lead nobody and sit at a level, as far as they are there."""
        return [one for one in self.people.members[3:] if one.id and not one.leads and not one.gone]

    def _is_at_work(self, member: Member) -> bool:
        return bool(member.id) and not member.gone and member.starts_on <= self._today() and member is not self.people.away

    def _wish(self, member: Member) -> str | None:
        level = member.level or ""
        if member.family == "engineering":
            return next_level(level, to_management=True)
        other = {"customer-success": "operations", "operations": "customer-success"}[member.family]
        return levels(other)[min(levels(member.family).index(level) + 1, 4)]

    def _choose(self, member: Member, level: str) -> None:
        target = LevelRef(ladder=ladder_of(level), level=level)
        self.setting.aims(member, lambda unit: self.reports.choose_target(unit, member.id, target))

    def _next_of(self, member: Member) -> str | None:
        """Return the level somebody would be promoted to: into management where they chose that."""
        chosen = {one.number: wish for one, wish in getattr(self, "aiming", [])}.get(member.number)
        to_management = next_level(member.level or "", to_management=True)
        return to_management if chosen and chosen == to_management else next_level(member.level or "")

    def _two_up(self, member: Member) -> str | None:
        following = next_level(member.level or "")
        return next_level(following) if following else None

    def _place(self, member: Member, reason: Reason, day: date, evaluation: str | None = None) -> None:
        level = member.level or ""
        self.setting.hr_framework(lambda unit: self.placing.place(unit, member.id, level, day, reason, evaluation))

    def _retitle(self, member: Member, day: date) -> None:
        changes = Changes(job_title=member.title, department=member.department)
        self.setting.hr_people(lambda unit: self.directory.change_details(unit, member.id, changes, day))

    def _leaves(self, member: Member) -> None:
        member.gone = True
        self.setting.hr_people(lambda unit: self.directory.change_status(unit, member.id, "left"))

    def _goes_on_leave(self, days: int) -> None:
        until = self._today() + timedelta(days=days)
        away = self.people.away.id
        self.setting.hr_people(lambda unit: self.directory.change_status(unit, away, "leave", None, until))
        self.setting.stage.settle()


@dataclass
class AdHoc:
    """One person's evaluation outside the rounds: opened by HR, written by the manager, approved and released."""

    setting: Setting
    member: Member

    def begin(self) -> None:
        """Plan and open it, and put the rest on the agenda."""
        app, today = self.setting.stage.evaluation.application, self.setting.date(self.setting.agenda.today)
        plan = _plan("After three months in operations", today, 1, "person", self.member.id)
        cycle = self.setting.hr_evaluation(lambda unit: app.plan(unit, plan))
        opened = self.setting.hr_evaluation(lambda unit: app.open(unit, cycle))
        self.evaluation = opened.participants[self.member.id]
        self.cycle = cycle
        deeds = ((3, self.write), (5, self.approve), (8, self.release), (9, self.acknowledge), (36, self.close))
        for days, deed in deeds:
            self.setting.on(self.setting.agenda.today + days, f"ad hoc {days}", deed)

    def write(self) -> None:
        """The manager rates and submits."""
        app, manager = self.setting.stage.evaluation.application, self._manager
        asked = dict.fromkeys((*bars(self.member.level or ""), *bars(next_level(self.member.level or "") or "")))
        lines = tuple(self.setting.line(self.member, manager, one, 2) for one in asked if one != "working-safely")
        self.setting.evaluates(manager, lambda unit: app.draft_lines(unit, self.evaluation, lines))
        self.setting.evaluates(manager, lambda unit: app.submit(unit, self.evaluation))

    def approve(self) -> None:
        """HR approves."""
        app = self.setting.stage.evaluation.application
        self.setting.hr_evaluation(lambda unit: app.approve(unit, self.evaluation))

    def release(self) -> None:
        """The manager releases it."""
        app = self.setting.stage.evaluation.application
        self.setting.evaluates(self._manager, lambda unit: app.release(unit, self.evaluation))

    def acknowledge(self) -> None:
        """The employee has read it."""
        app = self.setting.stage.evaluation.application
        self.setting.evaluates(self.member, lambda unit: app.acknowledge(unit, self.evaluation))

    def close(self) -> None:
        """HR closes the cycle."""
        app = self.setting.stage.evaluation.application
        self.setting.hr_evaluation(lambda unit: app.close(unit, self.cycle))

    @property
    def _manager(self) -> Member:
        return self.setting.company.manager_of(self.member)


def _plan(name: str, today: date, version: int, scope: Scope, of: str) -> Plan:
    days = (7, 14, 21, 35)
    dates = [today + timedelta(days=one) for one in days]
    return Plan(
        name=name,
        starts_on=today - timedelta(days=90),
        ends_on=today - timedelta(days=1),
        framework_version=version,
        dates=Dates(self_due=dates[0], manager_due=dates[1], approval_due=dates[2], conversations_by=dates[3]),
        scope=scope,
        of=of,
    )


def _friday(day: int) -> int:
    """Return the Friday of the week a day is in: that is when people find the time to write notes."""
    return day - day % 7 + 4


def _one_of(offered: tuple[str, ...], which: float) -> str:
    return offered[int(which * len(offered))]
