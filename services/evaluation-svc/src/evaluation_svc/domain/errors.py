"""Why something cannot be done: sentences that whoever asked can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chassis.kernel import DomainError, Forbidden, Invalid, NotFound

if TYPE_CHECKING:
    from evaluation_svc.domain.participants import Finding

__all__ = [
    "AlreadyThere",
    "DomainError",
    "Forbidden",
    "Invalid",
    "NotFound",
    "NotNow",
    "NotPartOfIt",
    "NotReadyToOpen",
    "OwnCase",
    "Unfinished",
]


class NotNow(DomainError):
    """The state of the cycle, evaluation or self-assessment does not allow this."""


class AlreadyThere(DomainError):
    """What was asked for has been done before."""


class NotPartOfIt(NotFound):
    """What was named is not part of something that whoever asks may see: they are told so."""


class OwnCase(DomainError):
    """Nobody approves, returns, reopens, holds or excuses an evaluation of which they are employee or evaluator."""


class Unfinished(DomainError):
    """Some lines keep the evaluation from being submitted: `competencies` names them."""

    def __init__(self, message: str, competencies: tuple[str, ...]) -> None:
        super().__init__(message)
        self.competencies = competencies


class NotReadyToOpen(DomainError):
    """The data check found people the cycle cannot open with: `findings` names them."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        people = len({finding.person for finding in findings})
        super().__init__(
            f"{people} {'person keeps' if people == 1 else 'people keep'} the cycle from opening: exclude them with a "
            "reason, name an evaluator or a substitute, or complete what the data check lists."
        )
        self.findings = findings
