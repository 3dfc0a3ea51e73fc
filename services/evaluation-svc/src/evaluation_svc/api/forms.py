"""The forms that evaluations are rated by: what the present and the next levels ask, with the credits owed for it."""

from __future__ import annotations

from chassis.http import Query
from evaluation_svc import facts
from evaluation_svc.domain.evaluation import Evaluation

Form = dict[str, list[facts.Bar]]
"""What the present and the next levels ask, by competency."""

_Levels = tuple[int, tuple[str, ...]]


class Forms:
    """The forms that evaluations are rated by and the credits that their texts ask for, each asked for once."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._forms, self._credits = dict[_Levels, Form](), dict[_Levels, tuple[str, ...]]()

    def of(self, state: Evaluation) -> Form:
        """Return the form of an evaluation."""
        version, levels = asked = _levels(state)
        if asked not in self._forms:
            form = self._forms[asked] = Form()
            for bar in facts.bars(self._query, version, levels):
                form.setdefault(bar.competency, []).append(bar)
        return self._forms[asked]

    def credits_of(self, state: Evaluation) -> tuple[str, ...]:
        """Return the credits that the texts of an evaluation's form ask for."""
        asked = _levels(state)
        if asked not in self._credits:
            self._credits[asked] = facts.credits_of(self._query, *asked)
        return self._credits[asked]


def _levels(state: Evaluation) -> _Levels:
    """Return the framework version, the present level and the next ones."""
    return state.terms.framework_version, (state.terms.level, *state.terms.next_levels)
