"""A draft ladder for one occupation: five levels to edit, every element with where it comes from, and a report."""

from collections.abc import Iterator
from typing import Any

from chassis.kernel import DomainError, Frozen
from framework_svc.documents.onet import frames
from framework_svc.documents.onet.archive import Archive
from framework_svc.documents.onet.elements import AREAS, Wording, wording
from framework_svc.documents.onet.occupations import Occupation
from framework_svc.documents.onet.ratings import Rated, figure
from framework_svc.documents.onet.report import Report, reported
from framework_svc.documents.onet.selection import selected
from framework_svc.documents.onet.steps import core_work
from framework_svc.documents.onet.tasks import Task, Tasks, imperative
from framework_svc.documents.onet.text import british, capitalised, singular, slug

FORMAT = "career-framework/v1"
LICENCE = "CC BY 4.0"
FEWEST = 3
"""Fewer rated skills, knowledge areas and work activities than this make no ladder."""

_HINTED = (2.5, 2.5, 3.0, 3.5, 3.5)
"""The required rating of the established level, by the fifth its level rating lies in: a weak hint only."""
_OFFSETS = (-2.0, -1.0, 0.0, 1.0, 1.5)
"""What the five levels require against the established one."""
_WEIGHTS = (3, 3, 3, 2, 2, 2, 2)
"""By rank; everything after weighs 1."""
_ANCHORED = {0: (0, "low"), 2: (1, "middle"), 4: (2, "high")}
"""Which level shows which of the three anchors."""
_CORE_TASKS = 4

Json = dict[str, Any]


class Draft(Frozen):
    """A draft in the exchange format `career-framework/v1`, and the report on how it came about."""

    framework: Json
    report: Report


class NotRated(DomainError):
    """The archive has too few ratings of the occupation for a ladder; `report` says which, and what to do."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def draft_ladder(archive: Archive, code: str, *, title: str = "", modified_by: str = "Career Ladder Builder") -> Draft:
    """Return a draft ladder for the occupation with this code (`29-1141.00`; `choose` finds it by title).

    `title` is what the levels are called, by default the occupation's own title; `modified_by` stands in the credit.
    Raises `NotRated`.
    """
    occupation = next(iter(archive.find(code)), None)
    if occupation is None:
        raise NotRated(f"The archive knows no occupation {code}.", Report())
    ladder = _Ladder(archive, occupation, title)
    kept = archive.ratings.kept(occupation.code)
    report = reported(archive, occupation, kept, ladder.selection, (len(ladder.tasks.all), ladder.tasks_used))
    if sum(rated.domain != "style" for rated in ladder.selection.chosen) < FEWEST:
        named = f"{occupation.code} {occupation.title}".strip()
        lacking = " ".join(report.missing_ratings)
        raise NotRated(f"There is too little about {named} in this archive for a ladder. {lacking}", report)
    framework = {
        "format": FORMAT,
        "competencies": list(ladder.competencies()),
        "ladders": [ladder.written(credit(archive.release, modified_by))],
    }
    return Draft(framework=framework, report=report)


class _Ladder:
    """The ladder of one occupation in the making."""

    def __init__(self, archive: Archive, occupation: Occupation, title: str) -> None:
        self._archive, self._occupation = archive, occupation
        self._code = occupation.code
        self._title = title or singular(occupation.title) or f"Occupation {occupation.code}"
        self._id = slug(occupation.title or self._title) or slug(occupation.code)
        self._definitions = {
            element: (name, text)
            for element, name, text in archive.rows("content model", "element", "element name", "description")
        }
        self._anchors = anchors(archive)
        self.selection = selected(archive.ratings.kept(occupation.code), self._words)
        self._ordered = sorted(self.selection.chosen, key=lambda rated: AREAS.index(self._words(rated).area))
        self.tasks = Tasks(archive, occupation.code)
        self._core = self.tasks.core_work(_CORE_TASKS)
        self._given = self.tasks.given_to(
            {
                rated.element: f"{self._name(rated)} {self._definition(rated)}"
                for rated in self.selection.chosen
                if rated.domain != "style"
            },
            besides=self._core,
        )

    @property
    def tasks_used(self) -> int:
        """How many tasks the ladder speaks of."""
        return len(self._core) + sum(map(len, self._given.values()))

    # --- competencies -------------------------------------------------------------------------------------------------

    def competencies(self) -> Iterator[Json]:
        """Yield the competencies in the order of the exchange format: the core work first, then by area."""
        if self._core:
            originals = " / ".join(task.text for task in self._core)
            yield {
                "id": self._core_id,
                "name": f"Core work ({self._title})",
                "area": "Craft",
                "description": f"The tasks that are typical of the job of {self._title}.",
                "provenance": self._provenance(self._code, originals),
            }
        for rated in self._ordered:
            yield self._competency(rated)

    def _competency(self, rated: Rated) -> Json:
        words, name, definition = self._words(rated), self._name(rated), self._definition(rated)
        ours = f"{capitalised(words.doing)}." if words.doing else f"Knowledge of {frames.subject(words)}."
        return {
            "id": self._slug(rated),
            "name": words.name,
            "area": words.area,
            "description": british(definition or ours),
            "provenance": self._provenance(rated.element, f"{name}: {definition}" if definition else name),
        }

    @property
    def _core_id(self) -> str:
        return slug(f"core work {self._title}")

    def _words(self, rated: Rated) -> Wording:
        return wording(rated.element, self._name(rated))

    def _slug(self, rated: Rated) -> str:
        return slug(self._words(rated).name) or slug(rated.element)

    def _name(self, rated: Rated) -> str:
        return rated.name or self._definitions.get(rated.element, ("", ""))[0] or rated.element

    def _definition(self, rated: Rated) -> str:
        return self._definitions.get(rated.element, ("", ""))[1]

    def _provenance(self, element: str, original: str) -> Json:
        release = {"release": self._archive.release} if self._archive.release else {}
        origin: Json = {"source": "O*NET", **release, "element": element, "licence": LICENCE}
        return origin | {"modified": True, "original": original}

    # --- levels -------------------------------------------------------------------------------------------------------

    def written(self, credit_line: str) -> Json:
        """Return the ladder with its one track of five levels."""
        return {
            "id": self._id,
            "name": self._occupation.title or self._title,
            "description": " ".join(self._description()),
            "credits": [credit_line],
            "tracks": [{"id": "main", "name": "Main track", "levels": [self._level(number) for number in range(5)]}],
        }

    def _description(self) -> Iterator[str]:
        named = f"{self._code} {self._occupation.title}".strip()
        yield f"Draft from O*NET® data on {named}, to be edited before use."
        if self._occupation.description:
            yield british(self._occupation.description)
        if education := self._education():
            yield f"Usual preparation: {education}"

    def _education(self) -> str:
        zones = (zone for code, zone in self._archive.rows("job zones", "code", "job zone") if code == self._code)
        zone = next(zones, "")
        texts = self._archive.rows("job zone texts", "job zone", "education")
        return next((education for number, education in texts if number == zone), "") if zone else ""

    def _level(self, number: int) -> Json:
        core: Json = {self._core_id: self._core_expectation(number)} if self._core else {}
        return {
            "id": f"l{number + 1}",
            "code": f"L{number + 1}",
            "title": f"{self._title} {frames.NUMERALS[number]}",
            "scope": frames.SCOPES[number],
            "next": [f"{self._id}.l{number + 2}"] if number < 4 else [],
            "expectations": core | {self._slug(rated): self._cell(rated, number) for rated in self._ordered},
        }

    def _cell(self, rated: Rated, level: int) -> Json | str:
        words = self._words(rated)
        if not frames.expected(words, level):
            return "not expected"
        behaviours, used = self._behaviours(rated, words, level)
        examples, shown = self._examples(rated, level)
        rank = self.selection.chosen.index(rated)
        cell: Json = {
            "required": required(rated.hint, level),
            "weight": _WEIGHTS[rank] if rank < len(_WEIGHTS) else 1,
            "behaviours": behaviours,
            "examples": examples,
        }
        originals = " / ".join(dict.fromkeys((*used, *shown)))
        return cell | ({"provenance": self._provenance(rated.element, originals)} if originals else {})

    def _behaviours(self, rated: Rated, words: Wording, level: int) -> tuple[list[str], list[str]]:
        """Return the behaviours of a level and the original texts of the tasks in them."""
        general, tasks = frames.behaviour(words, level), self._given.get(rated.element, [])
        if level == 0:
            helped = [task for task in tasks if not task.leads][:1]
            return [*(helps(task) for task in helped), general], [task.text for task in helped]
        if level == frames.ESTABLISHED:
            done = [(text, task.text) for task in tasks if (text := self.tasks.done(task))]
            return [*(british(text) for text, _ in done), general], [original for _, original in done]
        if level == frames.ESTABLISHED + 1:
            return [general, *(shows(task) for task in tasks[:1])], [task.text for task in tasks[:1]]
        return [general], []

    def _examples(self, rated: Rated, level: int) -> tuple[list[str], list[str]]:
        """Return the examples of a level and their original texts: tasks no behaviour tells, an anchor as it is."""
        tasks = self._given.get(rated.element, []) if level == frames.ESTABLISHED else []
        raw = [task.text for task in tasks if self.tasks.done(task) is None]
        texts = self._anchors.get(rated.element, [])
        if level not in _ANCHORED or len(texts) != 3:
            return raw, raw
        place, height = _ANCHORED[level]
        return [*raw, f"O*NET® anchor, {height} level: {texts[place]}."], [*raw, texts[place]]

    # --- the core work ------------------------------------------------------------------------------------------------

    def _core_expectation(self, level: int) -> Json:
        first, second, third, fourth = self._core
        used, texts = {
            0: ([first], [helps(first)]),
            1: ([first, second], [self._done(first), self._done(second)]),
            2: ([third, fourth], [self._done(third), self._done(fourth)]),
            3: ([third], [shows(third)]),
            4: ([], []),
        }[level]
        originals = " / ".join(task.text for task in used)
        cell: Json = {
            "required": required(3, level),
            "weight": 3,
            "behaviours": [*texts, core_work()[level]],
            "examples": [],
        }
        return cell | ({"provenance": self._provenance(self._code, originals)} if originals else {})

    def _done(self, task: Task) -> str:
        return british(self.tasks.done(task) or task.text)


def helps(task: Task) -> str:
    """Return what somebody at the entry level does about a task."""
    return f"Helps to {british(imperative(task))}."


def shows(task: Task) -> str:
    """Return what a senior does about a task."""
    return f"Shows colleagues how to {british(imperative(task))}."


def anchors(archive: Archive) -> dict[str, list[str]]:
    """Return the anchor texts of each element, lowest first; a bare “Low” or “High” is no wording, it passes by."""
    found: dict[str, list[tuple[float, str]]] = {}
    for element, value, text in archive.rows("anchors", "element", "anchor value", "anchor"):
        height = figure(value)
        if height is not None and len(text.split()) >= 3:
            found.setdefault(element, []).append((height, text))
    return {element: [text for _, text in sorted(texts)] for element, texts in found.items()}


def required(hint: int, level: int) -> float:
    """Return the rating a level (0 to 4) requires, 1 to 5 in half points, from the hint (1 to 5)."""
    return min(5.0, max(1.0, _HINTED[hint - 1] + _OFFSETS[level]))


def credit(release: str | None, modified_by: str) -> str:
    """Return the credit that USDOL/ETA asks for where O*NET® data is shown in modified form, both sentences."""
    version = f"{release} " if release else ""
    return (
        f"This page includes information from the O*NET {version}Database by the U.S. Department of Labor, "
        "Employment and Training Administration (USDOL/ETA). Used under the CC BY 4.0 license. "
        f"O*NET® is a trademark of USDOL/ETA. {modified_by} has modified all or some of this information. "
        "USDOL/ETA has not approved, endorsed, or tested these modifications."
    )
