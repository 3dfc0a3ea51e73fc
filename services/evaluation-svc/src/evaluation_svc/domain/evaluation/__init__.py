"""The evaluation: one employee in one cycle by one evaluator, revision by revision."""

from __future__ import annotations

from typing import Self

from chassis.kernel import Event
from evaluation_svc.domain.evaluation.arranging import Arranging
from evaluation_svc.domain.evaluation.drafting import Drafting
from evaluation_svc.domain.evaluation.folding import changes
from evaluation_svc.domain.evaluation.judging import Judging
from evaluation_svc.domain.evaluation.lasting import Lasting
from evaluation_svc.domain.evaluation.releasing import Releasing
from evaluation_svc.domain.evaluation.standing import ENDED, UNFINISHED, WRITABLE, Status
from evaluation_svc.domain.evaluation_events import Assigned
from evaluation_svc.domain.lines import begun
from evaluation_svc.domain.revisions import Revision

__all__ = ["ENDED", "UNFINISHED", "WRITABLE", "Evaluation", "Status"]


class Evaluation(Arranging, Drafting, Judging, Releasing, Lasting):
    """not started → draft → submitted → (returned → submitted)* → approved → released → acknowledged."""

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        """Fold one event in."""
        match event:
            case Assigned():
                return cls(
                    evaluation=event.evaluation,
                    employee=event.employee,
                    evaluator=event.evaluator,
                    substitute=event.substitute,
                    terms=event.terms,
                    due=event.due,
                    entered_at=event.at,
                    revision=Revision(started_at=event.at),
                )
            case _:
                evaluation = begun(state)
                return evaluation.model_copy(update=changes(evaluation, event))
