"""Gap reports: one employee, one approved evaluation, one target level; each version names what it came from."""

from datetime import datetime
from hashlib import sha256
from typing import Literal, Self

from chassis.kernel import Event, Frozen, State
from gap_svc.domain.calculation import Calculation, calculate
from gap_svc.domain.levels import Level, LevelRef
from gap_svc.domain.standing import ApprovedRevision

Cause = Literal["approval", "target", "placement", "request"]


class Because(Frozen):
    """The events behind a report: the approval, the ladders of both levels, the placement, the choice of the target."""

    approval: str
    present_ladder: str
    target_ladder: str
    placement: str | None = None
    target: str | None = None


class Inputs(Frozen):
    """Everything one version is computed from."""

    employee: str
    basis: ApprovedRevision
    scores: dict[str, float]
    present: Level
    target: Level
    is_main: bool
    cause: Cause
    caused_by: str
    new_bar_old_scores: bool
    because: Because

    def calculate(self) -> Calculation:
        """Return the figures of the report."""
        return calculate(self.scores, self.present.bar, self.target.bar)


class Version(Frozen):
    """What tells one version from another, and what it was computed from."""

    cause: Cause
    caused_by: str
    present: LevelRef
    is_main: bool
    because: Because


class Computed(Event):
    """A version of a report was computed; it never changes."""

    TOPIC = "report.computed"

    report: str
    version: int
    employee: str
    evaluation: str
    revision: int
    cycle: str
    framework_version: int
    present: LevelRef
    target: LevelRef
    is_main: bool
    cause: Cause
    caused_by: str
    new_bar_old_scores: bool
    calculation: Calculation
    because: Because
    at: datetime


class Withdrawn(Event):
    """No version up to `version` counts any more; one that is computed later does."""

    TOPIC = "report.withdrawn"

    report: str
    version: int
    employee: str
    evaluation: str
    reason: str
    heard: str


class Report(State):
    """The versions of the report about one approved revision and one target.

    A revision's versions are numbered apart from those of any other, so that their numbers tell nothing of it.
    `withdrawn` is how many of them, from the first on, do not count any more.
    """

    KIND = "report"

    report: str
    employee: str
    evaluation: str
    versions: tuple[Version, ...] = ()
    withdrawn: int = 0

    @property
    def standing(self) -> tuple[Version, ...]:
        """The versions that count, oldest first; none where the report is withdrawn."""
        return self.versions[self.withdrawn :]

    @staticmethod
    def id_of(evaluation: str, revision: int, target: LevelRef) -> str:
        """Return the id of the report about a revision and a target: the same at every computation."""
        name = "\n".join((evaluation, str(revision), target.ladder, target.level))
        return f"rp_{sha256(name.encode()).hexdigest()[:24]}"

    @classmethod
    def compute(cls, known: "Report | None", inputs: Inputs, at: datetime) -> Computed | tuple[()]:
        """Compute the next version, unless there is one for this cause (see `has`)."""
        if known is not None and known.has(inputs):
            return ()
        return Computed(
            report=cls.id_of(inputs.basis.evaluation, inputs.basis.revision, inputs.target.ref),
            version=len(known.versions) + 1 if known else 1,
            employee=inputs.employee,
            evaluation=inputs.basis.evaluation,
            revision=inputs.basis.revision,
            cycle=inputs.basis.cycle,
            framework_version=inputs.target.version,
            present=inputs.present.ref,
            target=inputs.target.ref,
            is_main=inputs.is_main,
            cause=inputs.cause,
            caused_by=inputs.caused_by,
            new_bar_old_scores=inputs.new_bar_old_scores,
            calculation=inputs.calculate(),
            because=inputs.because,
            at=at,
        )

    def has(self, inputs: Inputs) -> bool:
        """Tell whether a version for this cause counts; on request: any with this present level."""
        if inputs.cause == "request":
            return any(version.present == inputs.present.ref for version in self.standing)
        return any((one.cause, one.caused_by) == (inputs.cause, inputs.caused_by) for one in self.standing)

    def withdraw(self, reason: str, heard: str) -> Withdrawn | tuple[()]:
        """Withdraw every version, because of the event `heard`."""
        if not self.standing:
            return ()
        return Withdrawn(
            report=self.report,
            version=len(self.versions),
            employee=self.employee,
            evaluation=self.evaluation,
            reason=reason,
            heard=heard,
        )

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Return the report after `event`."""
        match event:
            case Computed():
                state = state or cls(report=event.report, employee=event.employee, evaluation=event.evaluation)
                return state.model_copy(update={"versions": (*state.versions, _version(event))})
            case Withdrawn() if state:
                return state.model_copy(update={"withdrawn": event.version})
            case _ if state:
                return state
            case _:
                raise TypeError(f"a report does not begin with {event.TOPIC}")


def _version(event: Computed) -> Version:
    return Version(
        cause=event.cause,
        caused_by=event.caused_by,
        present=event.present,
        is_main=event.is_main,
        because=event.because,
    )
