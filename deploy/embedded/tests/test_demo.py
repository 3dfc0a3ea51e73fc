"""The demo company, built small: everything it promises is in it, equal seeds give equal companies, the record verifies.

founding → three yearly rounds, with notes, moves and promotions between them → the present
"""

from __future__ import annotations

import re
import shutil
import string
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import pytest

from chassis.projection import RecordedEvent
from chassis.testing.equality import Comparable, comparable, differences
from chassis.virtual import StandingClock
from evaluation_svc.domain import cycle as cycles
from evaluation_svc.domain import evaluation_events as events
from evaluation_svc.domain import notes
from evaluation_svc.domain.evaluation import Evaluation
from evaluation_svc.domain.self_assessment import SelfAssessment, SelfSubmitted
from framework_svc.domain.framework_events import VersionPublished
from framework_svc.domain.placement_events import PersonPlaced, PlacementPlanned
from gap_svc.domain.report import Computed
from gap_svc.domain.standing import TargetChosen
from ladder.composition import Composition
from ladder.demo import beginning, build
from ladder.demo.chance import Chance
from ladder.demo.company import SMALLEST, Company
from ladder.demo.ladders import LADDERS, SAFELY, bars, document
from ladder.demo.words import competencies, deeds, works
from ladder.verifying import verify
from people_svc.search import Found, read_people
from wording import vague

NOW = datetime.now(UTC) - timedelta(hours=1)
"""The present of every company here, so that equal ones end at the same moment."""


@dataclass
class Built:
    """A demo company as the record holds it."""

    system: Composition
    workspace: str
    told: list[int]
    _events: dict[str, list[RecordedEvent]] = field(default_factory=dict[str, list[RecordedEvent]])

    def events(self, service: str, *kinds: type) -> list[RecordedEvent]:
        """What a service recorded, oldest first; of some kinds of event only."""
        if service not in self._events:
            owner = next(one for one in self.system.services if one.name == service)
            with owner.follower_pool.connection() as connection:
                self._events[service] = owner.projections.read(connection, self.workspace, 0, 100_000)
        return [one for one in self._events[service] if not kinds or isinstance(one.event, kinds)]

    def facts(self, kind: type[Any], service: str = "evaluation") -> list[Any]:
        """The events of one kind, without what the record says of them."""
        return [one.event for one in self.events(service, kind)]

    def rows(self, service: str, view: str) -> list[dict[str, Any]]:
        """The live rows of a view."""
        owner = next(one for one in self.system.services if one.name == service)
        with owner.reader(self.workspace) as reader:
            return reader.rows(f"select * from {view} where workspace = %(workspace)s")

    def people(self) -> list[Found]:
        """Everybody as the directory knows them at the present."""
        with self.system.people.reader(self.workspace) as reader:
            return read_people(reader, NOW.date())

    def evaluations(self, cycle: str = "") -> list[Evaluation]:
        """The evaluations of every cycle whose name begins like this."""
        service = self.system.services[2]
        named = {row["cycle"]: row["name"] for row in self.rows("evaluation", "cycle_list")}
        rows = self.rows("evaluation", "evaluation_list")
        ids = [row["evaluation"] for row in rows if named[row["cycle"]].startswith(cycle)]
        with service.reader(self.workspace) as reader:
            found = [reader.state(Evaluation, one)[0] for one in ids]
        return [one for one in found if one is not None]

    def opened(self, texts: list[Any]) -> list[str | None]:
        """Texts in the clear."""
        return self.system.services[2].cipher.open_many(self.workspace, texts)

    @property
    def yearly(self) -> list[dict[str, Any]]:
        """The yearly rounds, oldest first."""
        rows = [row for row in self.rows("evaluation", "cycle_list") if row["name"].startswith("Annual review")]
        return sorted(rows, key=lambda row: row["name"])


def build_in(system: Composition, clock: StandingClock, seed: int) -> Built:
    told: list[int] = []
    clock.at = beginning(NOW)

    def say(_step: str, done: int = 0, _total: int | None = None, /) -> None:
        told.append(done)

    return Built(system, build(system, clock, seed, say, people=SMALLEST, until=NOW), told)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ladder-demo-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def company(home: Path) -> Iterator[Built]:
    """The smallest demo company, of seed 7."""
    clock = StandingClock(beginning(NOW))
    with Composition(home / "one", clock=clock) as system:
        yield build_in(system, clock, 7)


@pytest.fixture(scope="module")
def others(home: Path) -> Iterator[tuple[Comparable, Comparable]]:
    """In another installation the company of seed 7 again, and that of seed 8."""
    clock = StandingClock(beginning(NOW))
    with Composition(home / "other", clock=clock) as system:
        seven, eight = build_in(system, clock, 7), build_in(system, clock, 8)
        yield comparable(system.services, seven.workspace), comparable(system.services, eight.workspace)


# ---- the same seed, the same company


def test_the_same_seed_gives_the_same_company(company: Built, others: tuple[Comparable, Comparable]) -> None:
    assert differences(comparable(company.system.services, company.workspace), others[0]) == []


def test_another_seed_gives_another_company(company: Built, others: tuple[Comparable, Comparable]) -> None:
    mine, other = comparable(company.system.services, company.workspace), others[1]

    assert differences(mine, other) != []
    assert _addresses(mine) != _addresses(other)


def _addresses(company: Comparable) -> set[str]:
    """The e-mail addresses of everybody, which no id is part of."""
    return set(re.findall(r'"sealed": "([^"]+@[^"]+)"', " ".join(company["people view people"])))


def test_a_single_changed_word_makes_two_companies_differ(others: tuple[Comparable, Comparable]) -> None:
    name = next(one for one in others[0] if one.startswith("evaluation stream observation/"))
    changed = {**others[0], name: [one.replace(" a ", " another ") + "." for one in others[0][name]]}

    assert [one.partition(": ")[0] for one in differences(others[0], changed)] == [name]


def test_nothing_of_ciphertext_times_or_event_ids_is_compared(others: tuple[Comparable, Comparable]) -> None:
    text = "".join(line for lines in others[0].values() for line in lines)

    assert '"enc"' not in text
    assert not re.search(r"T\d\d:\d\d:\d\d|[0-9a-f]{8}-[0-9a-f]{4}-", text)


# ---- the record


def test_every_invariant_holds_of_the_record(company: Built) -> None:
    verdict = verify(company.system.services)

    assert verdict.broken == []
    assert verdict.events > 2_000


def test_the_history_begins_on_a_monday_26_months_ago_and_ends_at_the_present(company: Built) -> None:
    first, last = company.events("people")[0].recorded_at, company.events("evaluation")[-1].recorded_at

    assert (first.weekday(), 780 <= (NOW - first).days <= 800) == (0, True)
    assert last <= NOW
    assert NOW - last < timedelta(days=5)


def test_people_act_on_working_days_and_only_clocks_on_others(company: Built) -> None:
    acted = [one for one in company.events("evaluation") if one.actor not in ("clock", "service:evaluation")]

    assert {one.recorded_at.weekday() for one in acted} <= set(range(5))
    assert not [one for one in acted if (one.recorded_at.month, one.recorded_at.day) in ((1, 1), (12, 25), (12, 26))]


def test_a_clock_fires_when_it_is_due_and_not_a_day_later(company: Built) -> None:
    kinds = (events.EvaluationOverdue, events.SelfAssessmentOverdue, events.AnswerOverdue, events.Released)
    fired = [one.event for one in company.events("evaluation", *kinds)]

    assert fired
    assert not any(cast("Any", one).late for one in fired)


def test_whoever_waits_hears_how_far_it_is(company: Built) -> None:
    assert company.told == sorted(company.told)
    assert len(set(company.told)) > 50


# ---- people


def test_everybody_has_a_name_a_manager_and_a_level_except_the_two_in_charge(company: Built) -> None:
    people = company.people()
    placed = {one.id for one in company.events("framework", PersonPlaced, PlacementPlanned)}

    assert len(people) == len({one.known.work_email for one in people}) == SMALLEST
    assert [one.known.job_title for one in people if one.known.person not in placed] == ["Head of People", "Managing Director"]
    assert [one.known.job_title for one in people if one.known.manager is None] == ["Managing Director"]


def test_a_lead_and_somebody_of_a_team_left_while_a_round_was_open(company: Built) -> None:
    left = {one.known.person for one in company.people() if one.known.status == "left"}
    excused = {one.employee for one in company.evaluations("Annual review") if one.excused == "left"}

    assert len(left) == 2
    assert left == excused


def test_the_team_of_a_lead_who_left_went_to_another_with_its_evaluations_and_observations(company: Built) -> None:
    assert company.facts(events.HandedOver)
    assert company.facts(notes.ObservationPassedOn)


def test_somebody_changed_teams_and_hr_let_the_evaluator_stay(company: Built) -> None:
    (kept,) = company.events("evaluation", events.EvaluatorKept)
    evaluation = next(one for one in company.evaluations() if one.evaluation == kept.id)

    assert cast("Any", kept.event).manager != evaluation.evaluator


def test_somebody_is_on_leave_and_was_excused_for_it(company: Built) -> None:
    assert [one.known.status for one in company.people()].count("leave") == 1
    assert [one.excused for one in company.evaluations()].count("leave") == 2


def test_somebody_who_joined_too_late_was_excused_and_another_is_still_to_come(company: Built) -> None:
    assert [one.excused for one in company.evaluations()].count("joined") == 1
    assert [one.known.status for one in company.people()].count("preboarding") == 1


def test_promotions_name_the_evaluation_they_rest_on_and_begin_on_the_first_of_a_month(company: Built) -> None:
    planned = [one for one in company.facts(PlacementPlanned, "framework") if one.reason == "promotion"]
    begun = {one.placement for one in company.facts(PersonPlaced, "framework") if one.reason == "promotion"}

    assert len(planned) >= 4
    assert all(one.evaluation and one.effective_on.day == 1 for one in planned)
    assert {one.placement for one in planned} <= begun


def test_somebody_moved_to_another_family_and_somebody_was_placed_by_mistake(company: Built) -> None:
    first: dict[str, str] = {}
    later: Counter[str] = Counter()
    for entry in company.events("framework", PersonPlaced):
        reason = cast("Any", entry.event).reason
        if entry.id in first:
            later[reason] += 1
        first.setdefault(entry.id, reason)

    assert (later["move"], later["correction"]) == (1, 1)
    assert len(first) == SMALLEST - 3
    assert set(first.values()) == {"hire", "correction"}, "who was there before the directory was not hired by it"


# ---- the framework


def test_a_second_version_was_published_between_the_rounds_and_more_is_in_the_draft(company: Built) -> None:
    versions = company.events("framework", VersionPublished)
    rounds = [row["plan"]["framework_version"] for row in company.yearly]

    assert [cast("Any", one.event).version for one in versions] == [1, 2]
    assert [fate.competency for fate in cast("Any", versions[1].event).fates] == [SAFELY.id]
    assert cast("Any", versions[1].event).affected
    assert rounds == [1, 1, 2]


# ---- the rounds


def test_two_rounds_are_closed_and_the_third_is_open(company: Built) -> None:
    assert [row["status"] for row in company.yearly] == ["closed", "closed", "open"]


def test_the_open_round_has_an_evaluation_in_every_state(company: Built) -> None:
    states = {one.status for one in company.evaluations(company.yearly[-1]["name"])}

    wanted = {"not started", "draft", "submitted", "returned", "approved", "released", "acknowledged", "excused"}
    assert wanted <= states


def test_one_lead_rates_low_and_one_high(company: Built) -> None:
    above: dict[str, list[float]] = {}
    for one in company.evaluations(company.yearly[0]["name"]):
        asked = bars(one.terms.level)
        rated = [(line.rating, asked.get(line.competency)) for line in one.revision.lines.values()]
        above.setdefault(one.evaluator, []).extend(a - b for a, b in rated if a is not None and b is not None)
    means = sorted(fmean(values) for values in above.values() if len(values) >= 20)

    assert means[-1] - means[0] > 0.8


def test_hr_returned_evaluations_and_said_for_which_competency_and_why(company: Built) -> None:
    returned = company.facts(events.Returned)
    (comment, *_) = [one for one in company.opened([one.comments[0].text for one in returned]) if one]

    assert len(returned) >= 3
    assert len(comment) > 40


def test_a_push_back_that_was_right_led_to_a_second_revision_which_was_released(company: Built) -> None:
    corrected = [one for one in company.evaluations("Annual review") if len(one.revisions) > 1 and one.revision.released_at]
    before, after = corrected[0].revisions[-2:]
    reasons = company.opened([one.reason for one in company.facts(events.Reopened)])

    changed = [name for name, line in after.lines.items() if line.rating != before.lines[name].rating]
    assert len(changed) == 1
    assert all(reason and len(reason) > 40 for reason in reasons)


def test_one_was_reopened_before_its_release_and_one_is_being_corrected_now(company: Built) -> None:
    assert [one.was_released for one in company.facts(events.Reopened)].count(False) == 1
    assert [one for one in company.evaluations(company.yearly[-1]["name"]) if one.earlier and one.status == "draft"]


def test_some_evaluations_and_self_assessments_were_late_and_a_team_was_given_more_time(company: Built) -> None:
    late = Counter(mark for row in company.rows("evaluation", "evaluation_list") for mark in row["late"])

    assert late["evaluation"] >= 2
    assert late["self-assessment"] >= 2
    assert company.facts(events.Extended)
    assert any(one.late for one in company.facts(SelfSubmitted))


def test_what_was_not_approved_when_a_round_closed_ended_as_not_finished(company: Built) -> None:
    assert company.facts(events.NotFinished)
    assert any(one.not_finished for one in company.facts(cycles.Closed))


def test_evaluators_recalled_looked_at_the_self_assessment_and_changed_ratings(company: Built) -> None:
    changed = [one for one in company.facts(events.LineRated) if one.before is not None]

    assert company.facts(events.Recalled)
    assert any(one.after_self_assessment for one in changed)
    assert any(not one.after_self_assessment for one in changed)


def test_some_competencies_were_not_seen_and_it_is_said_why(company: Built) -> None:
    reasons = company.opened([one.reason for one in company.facts(events.LineNotSeen)])

    assert len(set(reasons)) >= 3
    assert all(reasons)


def test_some_see_themselves_otherwise_than_their_manager_does(company: Built) -> None:
    codes = {code.reason for one in company.facts(events.Submitted) for code in one.codes}

    assert {"far from the self-assessment", "vague evidence", "thin evidence", "rests on memory"} <= codes


def test_hr_approved_one_by_one_and_together_and_a_substitute_what_hr_may_not(company: Built) -> None:
    approved = company.facts(events.Approved)
    admins = {one.known.person for one in company.people() if "hr" in one.employee.roles}

    assert {one.together for one in approved} == {True, False}
    assert len(admins) == 2
    assert {one.by for one in approved} - admins


def test_every_way_of_release_was_gone_and_some_were_held_with_a_reason(company: Built) -> None:
    assert {one.how for one in company.facts(events.Released)} == {"by the manager", "by HR", "on the date", "by itself"}
    assert all(company.opened([one.reason for one in company.facts(events.Held)]))


def test_employees_reacted_in_every_way_and_most_push_backs_were_answered(company: Built) -> None:
    reactions = Counter(one.reaction for one in company.facts(events.ReactedTo))

    assert set(reactions) == {"matches", "push back", "already knew"}
    assert company.facts(events.PushBackAnswered)
    assert company.facts(events.AnswerOverdue)
    assert [row for row in company.rows("evaluation", "reaction_list") if row["waits"]]


def test_texts_about_the_wrong_person_were_withdrawn(company: Built) -> None:
    (evidence,), (note,) = company.facts(events.Withdrawn), company.facts(notes.ObservationWithdrawn)

    assert all(company.opened([evidence.reason, note.reason]))


def test_a_pilot_was_cancelled_another_is_planned_and_a_scorecard_waits_for_hr(company: Built) -> None:
    rows = company.rows("evaluation", "cycle_list")

    assert next(row["reason"] for row in rows if row["status"] == "cancelled")
    assert sorted(row["proposed"] for row in rows if row["status"] == "planned") == [False, True]
    assert company.facts(cycles.ScorecardBrought)


def test_whoever_moved_to_another_family_had_an_evaluation_of_their_own_after_three_months(company: Built) -> None:
    (one,) = company.evaluations("After three months")

    assert (one.status, one.terms.ladder) == ("acknowledged", "operations")


# ---- what is kept between the rounds, and what follows from them


def test_notes_were_taken_over_the_months_and_cited_in_evaluations(company: Built) -> None:
    months = {(one.at.year, one.at.month) for one in company.facts(notes.Observed)}

    assert len(months) >= 8
    assert company.facts(notes.ObservationCited)
    assert company.facts(notes.ExampleCited)


def test_some_aim_for_another_track_or_family_and_one_gave_that_up(company: Built) -> None:
    chosen = [one.target for one in company.facts(TargetChosen, "gap")]

    assert len([one for one in chosen if one]) >= 2
    assert None in chosen
    assert any(one.level == "engineering.m1" for one in chosen if one)


def test_every_approval_has_its_report_and_some_were_asked_for(company: Built) -> None:
    causes = Counter(one.cause for one in company.facts(Computed, "gap"))

    assert causes["approval"] >= len(company.facts(events.Approved))
    assert causes["request"] >= 1
    assert causes["target"] >= 1
    assert causes["placement"] >= 1


# ---- the words


@pytest.mark.parametrize("ladder", LADDERS)
def test_there_are_fitting_words_for_every_competency_and_every_point_of_the_scale(ladder: str) -> None:
    asked = [one.id for one in document(ladder).competencies] + ([SAFELY.id] if ladder == "operations" else [])
    for competency in asked:
        for point in range(1, 6):
            said = [*deeds(ladder, competency, point), *deeds(ladder, competency, point, manages=True)]
            for sentence in said:
                known = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
                assert known <= {"work", "site", "month", "n", "m", "pct", "their"}, sentence
                assert not vague(sentence), sentence
                assert len(sentence) > 40, sentence


def test_no_words_are_written_for_a_competency_that_nobody_is_rated_by() -> None:
    rated = {one.id for ladder in LADDERS for one in document(ladder).competencies} | {SAFELY.id}

    for name in (*LADDERS, "engineering-managers", "everywhere"):
        assert set(competencies(name)) <= rated, name
    assert all(len(works(name)) >= 5 for name in (*LADDERS, "people"))


def test_evidence_is_about_the_competency_it_stands_under(company: Built) -> None:
    for one in company.evaluations(company.yearly[0]["name"])[:8]:
        for line in one.revision.lines.values():
            texts = [text for text in company.opened([evidence.text for evidence in line.evidence]) if text]
            for text in (text for text in texts if len(text) > 80):
                assert _about(text, one.terms.ladder) == line.competency, text


def _about(text: str, ladder: str) -> str | None:
    """The competency whose sentences a text was made from."""
    for competency in {*competencies(ladder), *competencies("everywhere"), *competencies("engineering-managers")}:
        for point in range(1, 6):
            for manages in (True, False):
                try:
                    offered = deeds(ladder, competency, point, manages=manages)
                except StopIteration:
                    continue
                if any(_made_from(sentence).fullmatch(text) for sentence in offered):
                    return competency
    return None


def _made_from(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+", re.escape(sentence)), re.IGNORECASE)


# ---- what cannot be built


def test_a_company_too_small_for_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 24 people"):
        Company(Chance(1), SMALLEST - 1, NOW.date())


def test_self_assessments_are_in_the_words_of_the_employee(company: Built) -> None:
    service = company.system.services[2]
    ids = [row["evaluation"] for row in company.rows("evaluation", "evaluation_list") if row["self_status"]]
    with service.reader(company.workspace) as reader:
        found = [reader.state(SelfAssessment, one)[0] for one in ids]
    texts = [one.text for own in found if own for line in own.lines.values() for one in line.evidence]

    assert texts
    assert all(text and text.startswith("I ") for text in company.opened(texts))
