"""The tasks of an occupation: which competency each belongs to, and how a behaviour speaks of it."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property
from math import log10

from chassis.kernel import Frozen
from framework_svc.documents.onet.archive import Archive
from framework_svc.documents.onet.ratings import figure

LONGEST = 125
"""Characters of a task that still reads as one behaviour."""
PER_COMPETENCY = 2
_LEAST_LIKENESS = 1.0
_COMMON_SHARE = 0.004
_LINKED_ACTIVITY, _LINKED_SKILL = 3.0, 2.0
_STEM = 5
_LEADING = r"(direct|supervise|manage|oversee|lead|hire|observe|appoint|delegate|evaluate employee|train)\b"
_VERBS_IN_LY = frozenset({"apply", "supply", "comply", "reply", "rely", "multiply", "imply", "fly", "ply"})


class Task(Frozen):
    """A task statement of the archive, verbatim."""

    id: str
    text: str
    core: bool

    @property
    def leads(self) -> bool:
        """Whether this is about directing others, which nobody helps with on the first day."""
        return re.match(_LEADING, self.text.lower()) is not None


class Tasks:
    """The tasks of one occupation, and the verbs that task statements begin with."""

    def __init__(self, archive: Archive, code: str) -> None:
        self._archive, self._code = archive, code
        self.all: list[Task] = []
        self._verbs: set[str] = set()
        self._seen: Counter[str] = Counter()
        for of, identifier, text, kind in archive.rows("tasks", "code", "task id", "task", "task type"):
            first = text.partition(" ")[0].lower().strip(",.")
            if not _is_adverb(first):
                self._verbs.add(first)
            self._seen.update(_stems(text))
            if of == code and text and kind != "Supplemental":
                self.all.append(Task(id=identifier, text=text, core=kind == "Core"))
        self.all.sort(key=lambda task: (not task.core, -self._importance.get(task.id, 0.0)))

    @property
    def short(self) -> list[Task]:
        """The tasks that read as one behaviour, the most typical first."""
        return [task for task in self.all if len(task.text) <= LONGEST]

    def core_work(self, many: int) -> list[Task]:
        """Return the most typical tasks that can be said in the third person, directing others last; all or none."""
        fit = [task for task in self.short if self.done(task)][:many]
        return sorted(fit, key=lambda task: task.leads) if len(fit) == many else []

    def given_to(self, competencies: Mapping[str, str], besides: Collection[Task]) -> dict[str, list[Task]]:
        """Share the other tasks out: element id → its own tasks, for elements in order of rank with their descriptions.

        A task goes to one competency: to a work activity that it is a part of, to a skill that such an activity uses,
        or where the words agree.
        """
        given: dict[str, list[Task]] = {element: [] for element in competencies}
        free = [task for task in self.short if task not in besides]
        for _ in range(PER_COMPETENCY):
            for element, description in competencies.items():
                best = max(free, key=lambda task: self._likeness(task, element, description), default=None)
                if best and self._likeness(best, element, description) >= _LEAST_LIKENESS:
                    given[element].append(best)
                    free.remove(best)
        return given

    def done(self, task: Task) -> str | None:
        """Return the task in the third person (“Prepares reports …”), or None where grammar needs a human hand."""
        match = re.match(r"((?:[A-Za-z]+, )*[A-Za-z]+,? (?:and|or) )?([A-Za-z]+) (.+)", task.text)
        if match is None:
            return None
        before, last, rest = match.group(1) or "", match.group(2), match.group(3)
        listed = [word for word in re.findall(r"[A-Za-z]+", before) if word not in ("and", "or")]
        if any(word.lower() not in self._verbs for word in (*listed, last)) or self._more_verbs(rest):
            return self._first_alone(task.text)
        before = re.sub(r"\b(?!and\b|or\b)[A-Za-z]+", lambda word: _third_person(word.group()), before)
        return f"{before}{_third_person(last)} {rest}"

    def _first_alone(self, text: str) -> str | None:
        verb, _, rest = text.partition(" ")
        if not verb.isalpha() or _is_adverb(verb) or self._more_verbs(rest) or rest.startswith(("and ", "or ")):
            return None
        return f"{_third_person(verb)} {rest}"

    def _more_verbs(self, rest: str) -> bool:
        following = re.findall(r"(?:\band\b|\bor\b|,|;)\s+(?:and |or )?(?:then )?([a-z]+)", rest)
        return any(word in self._verbs for word in following)

    @cached_property
    def _importance(self) -> dict[str, float]:
        rows = self._archive.rows("task ratings", "code", "task id", "scale", "value")
        return {task: figure(value) or 0.0 for of, task, scale, value in rows if of == self._code and scale == "IM"}

    @cached_property
    def _activities(self) -> dict[str, set[str]]:
        """The work activities of each task: a detailed activity's id begins with that of its work activity."""
        found: dict[str, set[str]] = {}
        for of, task, detailed in self._archive.rows("task activities", "code", "task id", "detailed activity"):
            if of == self._code:
                found.setdefault(task, set()).add(detailed.partition(".I")[0])
        return found

    @cached_property
    def _uses(self) -> dict[str, set[str]]:
        """The work activities that each skill serves."""
        found: dict[str, set[str]] = {}
        for skill, activity in self._archive.rows("skill activities", "skill", "activity"):
            found.setdefault(skill, set()).add(activity)
        return found

    def _rarity(self, stem: str) -> float:
        """Return how telling a shared word is: 0 for one that a twentieth of all tasks have, up to 2."""
        share = self._seen[stem] / max(1, self._seen.total())
        return max(0.0, min(2.0, log10(_COMMON_SHARE / share))) if share else 0.0

    def _likeness(self, task: Task, element: str, description: str) -> float:
        activities = self._activities.get(task.id, set())
        alike = sum(self._rarity(stem) for stem in _stems(task.text) & _stems(description))
        served = self._uses.get(element, set())
        by_skill = _LINKED_SKILL / len(served) if alike and served & activities else 0.0
        return alike + by_skill + (_LINKED_ACTIVITY if element in activities else 0.0)


def imperative(task: Task) -> str:
    """Return the task so that it can stand after “how to”, without its full stop."""
    first, _, rest = task.text.rstrip(". ").partition(" ")
    return f"{first if first.isupper() else first.lower()} {rest}"


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[a-z]{4,}", text.lower())}


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2:-1] not in "aeiou" else verb + "s"


def _is_adverb(word: str) -> bool:
    return word.lower().endswith("ly") and word.lower() not in _VERBS_IN_LY
