"""Evaluations: what the evaluator writes, hands in, takes back, mends and hands in again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluation_svc.application.drafts import TypedLine
from ladder.demo.rounds.paper import Desk, Paper


class Evaluations(Desk):
    """The evaluators' part."""

    def draft_half(self, paper: Paper) -> None:
        """Write down the first half of the lines."""
        half = paper.competencies[: len(paper.competencies) // 2]
        self.write(paper, self._new_lines(paper, half))

    def submit(self, paper: Paper) -> None:
        """Write what is missing and hand it in."""
        self.write(paper, self._new_lines(paper, paper.competencies))
        if paper.part == "peeks":
            self.setting.evaluates(paper.evaluator, lambda unit: self.app.open_self_assessment(unit, paper.id))
            self.write(paper, (self.rated_higher(paper, self.first_rated(paper)),))
        self.hand_in(paper)
        if paper.part in ("recalled", "stays recalled"):
            self.later(paper, 1, "recall", self._recall)

    def write(self, paper: Paper, lines: Iterable[TypedLine]) -> None:
        """Let the evaluator write lines."""
        written = tuple(lines)
        paper.lines.update({line.competency: line for line in written})
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.draft_lines(unit, paper.id, written))

    def hand_in(self, paper: Paper) -> None:
        """Let whoever approves have it."""
        state = self.setting.evaluates(paper.evaluator, lambda unit: self.app.submit(unit, paper.id))
        paper.codes, paper.waits = state.revision.codes, True

    def mend(self, paper: Paper, competency: str) -> None:
        """Say what was seen in place of what was returned, and hand it in again."""
        line = paper.lines[competency]
        rating = line.rating or self.rating(paper, competency)
        seen = self.setting.words.evidence(paper.member, competency, rating)
        self.write(paper, (line.model_copy(update={"evidence": (seen,)}),))
        self.hand_in(paper)

    def _recall(self, paper: Paper) -> None:
        self.setting.evaluates(paper.evaluator, lambda unit: self.app.recall(unit, paper.id))
        paper.waits = False
        self.write(paper, (self.rated_higher(paper, self.first_rated(paper)),))
        if paper.part == "recalled":
            paper.part = ""
            self.later(paper, 2, "hand in again", self.hand_in)

    def _new_lines(self, paper: Paper, competencies: Iterable[str]) -> Iterator[TypedLine]:
        for competency in competencies:
            if competency not in paper.lines:
                line = self.setting.line(paper.member, paper.evaluator, competency, self.round.number)
                yield self._fitting(paper, line)

    def _fitting(self, paper: Paper, line: TypedLine) -> TypedLine:
        """Return the line as the evaluation's special way needs it: its first one vague, or about somebody else."""
        if line.competency != paper.competencies[0]:
            return line
        rating = line.rating or self.rating(paper, line.competency)
        match paper.part:
            case "returned" | "stays returned":
                words = self.setting.words.around("vague", paper.member, line.competency)
            case "text withdrawn":
                words = self.setting.words.around("wrong_person", paper.member, line.competency)
            case _:
                return line
        return TypedLine(competency=line.competency, rating=rating, evidence=(words,))

    def first_rated(self, paper: Paper) -> TypedLine:
        """Return the first line whose rating can still rise."""
        return next(line for line in paper.lines.values() if line.rating is not None and line.rating < 5)

    def rated_higher(self, paper: Paper, line: TypedLine) -> TypedLine:
        """Return a line with half a point and one example more."""
        rating = min(5.0, (line.rating or 1.0) + 0.5)
        more = self.setting.words.evidence(paper.member, line.competency, rating)
        return line.model_copy(update={"rating": rating, "evidence": (*line.evidence, more)})
