"""What an evaluation is: its people, terms, revisions, reactions and texts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from chassis.kernel import Personal, State, Unsealed
from evaluation_svc.domain.errors import NotNow, NotPartOfIt, OwnCase
from evaluation_svc.domain.evaluation_events import DueTimes, ExcuseReason, Terms
from evaluation_svc.domain.lines import Line, Said, checked_text
from evaluation_svc.domain.precheck import Code, own_codes
from evaluation_svc.domain.revisions import Hold, Reacted, Revision

Status = Literal[
    "not started",
    "draft",
    "submitted",
    "returned",
    "approved",
    "released",
    "acknowledged",
    "excused",
    "not finished",
    "cancelled",
]
WRITABLE: frozenset[Status] = frozenset({"not started", "draft", "returned"})
UNFINISHED: frozenset[Status] = frozenset({"not started", "draft", "returned", "submitted"})
ENDED: frozenset[Status] = frozenset({"excused", "not finished", "cancelled"})


class Standing(State):
    """An evaluation as it stands, and the rules that several decisions share."""

    KIND = "evaluation"

    evaluation: str
    employee: str
    evaluator: str
    former_evaluators: tuple[str, ...] = ()
    substitute: str | None = None
    terms: Terms
    due: DueTimes
    entered_at: datetime
    status: Status = "not started"
    is_handed_in: bool = False
    revision: Revision
    earlier: tuple[Revision, ...] = ()
    hold: Hold | None = None
    excused: ExcuseReason | None = None
    kept_despite: tuple[str | None, ...] = ()
    self_opened: dict[str, datetime] = Field(default_factory=dict[str, datetime])
    examined_by: frozenset[str] = frozenset()
    reactions: dict[str, tuple[Reacted, ...]] = Field(default_factory=dict[str, tuple[Reacted, ...]])
    texts: dict[str, Said] = Field(default_factory=dict[str, Said])
    texts_written: int = 0
    withdrawn: dict[str, date] = Field(default_factory=dict[str, date])

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, the first one first."""
        return (*self.earlier, self.revision)

    @property
    def released_revision(self) -> Revision | None:
        """The revision the employee is shown: the newest released one."""
        return next((one for one in reversed(self.revisions) if one.released_at), None)

    @property
    def approved_revision(self) -> Revision | None:
        """The newest approved revision."""
        return next((one for one in reversed(self.revisions) if one.approved_at), None)

    @property
    def released_parts(self) -> frozenset[str]:
        """The texts that the employee is shown: of released lines, of reactions and of their answers."""
        lines = [line for one in self.revisions if one.released_at for line in one.lines.values()]
        reactions = [one for each in self.reactions.values() for one in each]
        said = (part for one in reactions for part in (one.part, one.answer_part))
        evidence = (one.part for line in lines for one in line.evidence)
        return frozenset(part for part in (*evidence, *(line.reason_part for line in lines), *said) if part)

    @property
    def raters(self) -> frozenset[str]:
        """Everybody who rated a line of the present revision."""
        return frozenset(line.by for line in self.revision.lines.values() if line.by is not None)

    @property
    def is_writable(self) -> bool:
        """Tell whether the evaluator may change lines now."""
        return self.status in WRITABLE

    @property
    def is_unfinished(self) -> bool:
        """Tell whether it still is on its way to approval."""
        return self.status in UNFINISHED

    def line(self, competency: str) -> Line:
        """Return the line of a competency of this evaluation, as far as it is written; NotFound for any other."""
        if competency not in self.terms.competencies:
            raise NotPartOfIt(f"{competency!r} is not rated in this evaluation.")
        return self.revision.lines.get(competency) or Line(competency=competency)

    def standing_lines(self, revision: Revision | None = None) -> tuple[Line, ...]:
        """Return the written lines in the order of the form, without evidence that was withdrawn."""
        lines = (revision or self.revision).lines
        return tuple(self._standing(lines[one]) for one in self.terms.competencies if one in lines)

    def own_codes(self) -> tuple[Code, ...]:
        """Return the codes the evaluator may see before submitting: those about their own text and ratings."""
        return own_codes(self.standing_lines(), len(self.terms.competencies))

    def waiting_push_back(self, competency: str) -> Reacted | None:
        """Return the push-back on a score that waits for an answer, if there is one."""
        latest = self.reactions.get(competency, ())[-1:]
        return next((one for one in latest if one.waits), None)

    def approvers_exclude(self, acting: str | None = None) -> frozenset[str]:
        """Return who may not decide on this evaluation: employee, evaluator, whoever acts for them, who rated it."""
        return frozenset({self.employee, self.evaluator, *self.raters, *([acting] if acting else [])})

    def _must_be(self, statuses: frozenset[Status] | set[Status], rule: str) -> None:
        if self.status == "excused":
            raise NotNow("This evaluation is excused, which is final for its cycle; plan a cycle for this one person.")
        if self.status not in statuses:
            raise NotNow(f"This evaluation is {self.status}; {rule}.")

    def _must_not_have_ended(self, what: str) -> None:
        if self.status in ENDED:
            raise NotNow(f"This evaluation is {self.status}; it cannot be {what} any more.")

    def _must_not_be_involved(self, by: str, acting: str | None, verb: str) -> None:
        if by in self.approvers_exclude(acting):
            raise OwnCase(f"Nobody {verb} an evaluation of which they are the employee or the evaluator.")

    def _text(self, prefix: str, text: str, field: str = "reason") -> tuple[str, Personal]:
        """Return the next part of the stream and the text about the employee as that part; `field` is its name."""
        part = f"{prefix}/{self.texts_written + 1}"
        return part, Unsealed(person=self.employee, part=part, text=checked_text(field, text))

    def _standing(self, line: Line) -> Line:
        evidence = tuple(one for one in line.evidence if one.part not in self.withdrawn)
        return line.model_copy(update={"evidence": evidence})
