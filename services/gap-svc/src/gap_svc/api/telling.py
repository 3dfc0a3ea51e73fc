"""From a report version to what one reader may be told of it: names, texts, and the events behind the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.http import Query
from chassis.kernel import NotFound, Sealed
from chassis.unlocked import cached_property
from gap_svc import facts
from gap_svc.api.names import credits_of, level_of, named, names
from gap_svc.api.seen import Row, Seen, present_of, target_of
from gap_svc.documents import data
from gap_svc.documents import report as page
from gap_svc.domain import calculation
from gap_svc.domain.levels import Level
from gap_svc.domain.report import Because
from gap_svc.domain.standing import Standing, TargetChosen


@dataclass
class Telling:
    """One version of a report, told to one reader."""

    seen: Seen
    row: Row

    @property
    def query(self) -> Query:
        """The request."""
        return self.seen.query

    @cached_property
    def revision(self) -> Row:
        """The approved revision it rests on."""
        return self.seen.revision(self.row["evaluation"], self.row["revision"])

    @cached_property
    def approved(self) -> facts.Approved:
        """The ratings it rests on."""
        return facts.approved(self.query, self.row["evaluation"], self.row["revision"])

    @cached_property
    def lines(self) -> tuple[calculation.Line, ...]:
        """The lines as they were computed."""
        return tuple(calculation.Line.model_validate(one) for one in self.row["lines"])

    @cached_property
    def readiness(self) -> calculation.Readiness:
        """Readiness as it was computed."""
        return calculation.Readiness.model_validate(self.row["readiness"])

    @cached_property
    def below(self) -> tuple[calculation.BelowPresent, ...]:
        """The scores below the present requirement."""
        return tuple(calculation.BelowPresent.model_validate(one) for one in self.row["below_present"])

    @cached_property
    def because(self) -> Because:
        """The events behind the report."""
        return Because.model_validate(self.row["because"])

    @cached_property
    def present(self) -> Level:
        """The level the employee sat at."""
        return level_of(self.query, self.row["framework_version"], present_of(self.row))

    @cached_property
    def target(self) -> Level:
        """The level the report is about."""
        return level_of(self.query, self.row["framework_version"], target_of(self.row))

    @cached_property
    def ladders(self) -> list[facts.Ladder]:
        """The ladders of both levels, the target's first."""
        names = dict.fromkeys((self.target.ladder, self.present.ladder))
        found = [facts.ladder(self.query, self.row["framework_version"], name) for name in names]
        return [one for one in found if one is not None]

    @cached_property
    def competencies(self) -> dict[str, data.Named]:
        """Names and areas, as the framework version of the report has them."""
        return named(self.ladders)

    @cached_property
    def rated(self) -> dict[str, data.Rated]:
        """What was rated, with the texts this reader may open."""
        sealed = [(line.competency, one) for line in self.approved.lines for one in line.evidence]
        texts = self.query.opened([one for _, one in sealed])
        withdrawn = _withdrawn(self.query, [one for _, one in sealed])
        evidence: dict[str, list[page.Evidence]] = {}
        for (competency, one), text in zip(sealed, texts, strict=True):
            gone = withdrawn.get((one.stream, one.part))
            said = page.Evidence(text=None if gone else text, by=self.names[self.approved.evaluator], withdrawn_on=gone)
            evidence.setdefault(competency, []).append(said)
        return {
            line.competency: data.Rated(
                score=line.rating,
                self_rating=line.self_rating if self.reads_self_ratings else None,
                rests_on_memory=line.rests_on_memory,
                evidence=tuple(evidence.get(line.competency, ())),
            )
            for line in self.approved.lines
        }

    @property
    def reads_self_ratings(self) -> bool:
        """Whether the reader may see the self-assessment: before release only whoever judges or evaluates."""
        if self.seen.sight == "written":
            return False
        judges = "hr" in self.query.actor.roles or self.query.actor.person == self.approved.evaluator
        return self.is_released or (judges and self.seen.sight == "approved")

    @property
    def is_released(self) -> bool:
        """Whether the employee may read it."""
        return self.revision["released_at"] is not None

    @cached_property
    def corrected_on(self) -> date | None:
        """The day a later revision took this one's place, as this reader sees it."""
        return corrected_on(self.seen, self.row)

    @cached_property
    def names(self) -> dict[str, str]:
        """The full names of everybody the report speaks of."""
        employee = self.query.directory.person(self.seen.person)
        people = {self.seen.person, self.approved.evaluator, self.approved.approved_by}
        if employee and employee.manager:
            people.add(employee.manager)
        return names(self.query, people)

    @property
    def target_is(self) -> page.Target:
        """What the target is to the employee."""
        if self.target.ref == self.present.ref:
            return "present"
        if self.row["is_main"] and self.because.target:
            return "chosen"
        return "next" if self.target.ref in self.present.next else "on request"

    def document(self) -> page.ReportDocument:
        """Return the printed report."""
        told = data.Told(
            version=self._version(),
            rated=self.rated,
            people=self._people(),
            origin=self._origin(),
            trend=self.seen.trend(),
        )
        return data.document(told)

    @cached_property
    def everything_by(self) -> list[str]:
        """The events behind the report, each once."""
        return _events(self.because, chosen(self.query, self.seen.person, self.because.target))

    @property
    def asked_by(self) -> list[str]:
        """The events behind a score and what the target asks."""
        return [self.because.approval, self.because.target_ladder]

    @property
    def sat_at_by(self) -> list[str]:
        """The events behind a score and what the present level asks."""
        placed = [self.because.placement] if self.because.placement else []
        return [self.because.approval, self.because.present_ladder, *placed]

    def name(self, competency: str) -> str:
        """Return the name of a competency, as the framework version of the report has it."""
        return self.competencies[competency].name if competency in self.competencies else competency

    def _version(self) -> data.Version:
        return data.Version(
            report=self.row["report"],
            version=self.row["version"],
            revision=self.row["revision"],
            evaluation=self.row["evaluation"],
            present=self.present,
            target=self.target,
            target_is=self.target_is,
            lines=self.lines,
            readiness=self.readiness,
            below_present=self.below,
            new_bar_old_scores=self.row["new_bar_old_scores"],
            computed_at=self.row["computed_at"],
        )

    def _people(self) -> data.People:
        employee = self.query.directory.person(self.seen.person)
        if employee is None:
            raise NotFound(self.seen.person)
        given, title, department = self.query.opened([employee.given_name, employee.job_title, employee.department])
        return data.People(
            employee=self.names[self.seen.person],
            given_name=given or "",
            job_title=title or "",
            department=department or "",
            manager=self.names[employee.manager] if employee.manager else "",
            approved_by=self.names[self.approved.approved_by],
        )

    def _origin(self) -> data.Origin:
        settings = self.query.directory.settings()
        return data.Origin(
            company=settings.name,
            cycle=self.approved.cycle_name,
            framework=self.ladders[0].name,
            framework_version=self.row["framework_version"],
            scale=_scale(self.query, self.row["framework_version"]),
            competencies=self.competencies,
            credits=tuple(credits_of(self.ladders)),
            approved_on=_day(self.query, self.approved.approved_at),
            released=self.is_released,
            corrected_on=self.corrected_on,
            spelling=settings.spelling,
            paper="us-letter" if settings.locale in ("en-US", "en-CA", "es-US", "fr-CA") else "a4",
        )


def corrected_on(seen: Seen, row: Row) -> date | None:
    """Return the day a later revision took the place of the one a report rests on, as this reader sees it."""
    later = seen.corrected(row["evaluation"], row["revision"])
    if later is None:
        return None
    return _day(seen.query, later["approved_at"] if seen.sight == "approved" else later["released_at"])


def chosen(query: Query, person: str, choice: str | None) -> str | None:
    """Return the event of a choice of target by its id."""
    entries = query.history(Standing, person) if choice else []
    found = (one for one in entries if isinstance(one.event, TargetChosen) and one.event.choice == choice)
    return next((str(one.event_id) for one in found), None)


def _events(because: Because, choice: str | None) -> list[str]:
    """Return the ids of the events behind a report, each once; the choice of a target by its event."""
    found = (because.approval, because.present_ladder, because.target_ladder, because.placement, choice)
    return list(dict.fromkeys(event for event in found if event))


def _withdrawn(query: Query, sealed: Sequence[Sealed]) -> dict[tuple[str, str], date]:
    if not sealed:
        return {}
    rows = query.rows(
        "select stream, part, withdrawn_on from withdrawn_texts where workspace = %(workspace)s"
        " and stream = any(%(streams)s)",
        {"streams": sorted({one.stream for one in sealed})},
    )
    return {(row["stream"], row["part"]): row["withdrawn_on"] for row in rows}


def _scale(query: Query, version: int) -> tuple[page.Anchor, ...]:
    return tuple(page.Anchor(point=one.point, name=one.name) for one in facts.scale(query, version))


def _day(query: Query, at: datetime) -> date:
    return query.directory.calendar(None).local_date(at)
