"""The people of one workspace as a service knows them: who manages whom on which day, and on which days they work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, Protocol

from chassis.calendar import Calendar
from chassis.kernel import Frozen
from chassis.unlocked import cached_property
from contracts.envelope import Sealed

Relation = Literal["self", "manager", "manager above", "former manager"]
Status = Literal["preboarding", "active", "leave", "left"]

_A_YEAR: Final = timedelta(days=366)
_DAY: Final = timedelta(days=1)

_IN_FORCE = "{0}.from_on <= %(day)s and ({0}.until_on is null or {0}.until_on > %(day)s)"

_PEOPLE = (
    "select p.person as id, p.given_name, p.family_name, p.work_email, p.starts_on, p.ends_on, p.time_zone, p.locale,"
    " p.roles, p.invited, p.erased, m.manager, s.status, s.planned_until, j.job_title, j.department, p.location,"
    " j.job_title_group from directory_people p"
    " left join directory_managers m on m.workspace = p.workspace and m.person = p.person and "
    + _IN_FORCE.format("m")
    + " left join directory_statuses s on s.workspace = p.workspace and s.person = p.person and "
    + _IN_FORCE.format("s")
    + " left join directory_jobs j on j.workspace = p.workspace and j.person = p.person and "
    + _IN_FORCE.format("j")
    + " where p.workspace = %(workspace)s"
)

_RELATION = (
    f"select d.person, coalesce(bool_or(d.manager = %(actor)s and {_IN_FORCE.format('d')}), false) as manager,"
    " coalesce(bool_or(a.manager = %(actor)s), false) as above,"
    " coalesce(bool_or(d.manager = %(actor)s and d.until_on <= %(day)s"
    " and d.until_on > greatest(d.from_on, p.starts_on)), false) as former"
    " from directory_managers d"
    " join directory_people p on p.workspace = d.workspace and p.person = d.person"
    " left join directory_managers a on a.workspace = d.workspace and a.person = d.manager"
    f" and {_IN_FORCE.format('d')} and {_IN_FORCE.format('a')}"
    " where d.workspace = %(workspace)s and d.person = any(%(subjects)s) group by d.person"
)


class Rows(Protocol):
    """How a directory reads its service's copied facts; `%(workspace)s` is always given."""

    def __call__(self, sql: str, params: dict[str, Any] | None = None, /) -> list[dict[str, Any]]:
        """Return the rows a statement finds."""
        ...


class Person(Frozen):
    """Somebody as of today: dates have been weighed, zone and locale fall back to the workspace's."""

    id: str
    status: Status
    manager: str | None
    roles: frozenset[str]
    time_zone: str
    locale: str
    starts_on: date
    ends_on: date | None
    invited: bool
    erased: bool
    given_name: Sealed | None
    family_name: Sealed | None
    work_email: Sealed | None
    job_title: Sealed | None
    department: Sealed | None
    location: Sealed | None
    job_title_group: str | None


class WorkspaceSettings(Frozen):
    """The settings of a workspace; the defaults hold until people-svc was heard."""

    name: str = ""
    time_zone: str = "UTC"
    locale: str = "en"
    spelling: Literal["british", "american"] = "british"
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()
    one_level_up: bool = True


class Directory:
    """Reads people when they are asked for, and remembers them for as long as its unit or request lasts."""

    def __init__(self, rows: Rows, now: datetime) -> None:
        self._rows, self._now = rows, now
        self._people: dict[str, Person | None] = {}
        self._spans: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._relations: dict[tuple[str, str], frozenset[Relation]] = {}
        self._everybody = False

    def settings(self) -> WorkspaceSettings:
        """Return the workspace's settings."""
        return self._settings

    @cached_property
    def _settings(self) -> WorkspaceSettings:
        found = self._rows(
            "select name, time_zone, locale, spelling, working_days, holidays, one_level_up"
            " from directory_workspaces where workspace = %(workspace)s"
        )
        return WorkspaceSettings(**found[0]) if found else WorkspaceSettings()

    @cached_property
    def today(self) -> date:
        """The present day in the workspace's time zone: the day on which a dated change comes into force."""
        return Calendar(time_zone=self._settings.time_zone).local_date(self._now)

    def person(self, person: str) -> Person | None:
        """Return somebody as of today, or None when nobody has this id."""
        if person not in self._people and not self._everybody:
            self._load([person])
        return self._people.get(person)

    def people(self) -> list[Person]:
        """Return everybody who was ever added, by id; leavers too."""
        if not self._everybody:
            self._load(None)
        return sorted((one for one in self._people.values() if one is not None), key=lambda one: one.id)

    def manager_on(self, person: str, day: date) -> str | None:
        """Return who managed somebody on a day; None for nobody, and for an unknown person."""
        return next((span["manager"] for span in self._span("managers", person) if _covers(span, day)), None)

    def status_on(self, person: str, day: date) -> Status | None:
        """Return somebody's status on a day; None for an unknown person."""
        known = self.person(person)
        if known is None:
            return None
        span = next((one for one in self._span("statuses", person) if _covers(one, day)), None)
        return _status(span or {}, known.starts_on, known.ends_on, day)

    def managed_by(self, manager: str) -> list[str]:
        """Return the ids of who reports to somebody today, by id; leavers excepted."""
        found = self._rows(
            f"select m.person from directory_managers m where m.workspace = %(workspace)s and m.manager = %(manager)s"
            f" and {_IN_FORCE.format('m')} order by m.person",
            {"manager": manager, "day": self.today},
        )
        self._load([row["person"] for row in found if row["person"] not in self._people])
        return [row["person"] for row in found if (one := self.person(row["person"])) and one.status != "left"]

    def relation(self, actor_person: str, subject_person: str) -> frozenset[Relation]:
        """Return what one person is to another today.

        Nobody is anything else to themselves: "self" outranks every role. "manager above" is the manager's manager,
        where the workspace lets one level up read; nobody higher.
        """
        return self.relations(actor_person, (subject_person,))[subject_person]

    def relations(self, actor_person: str, subjects: Collection[str]) -> dict[str, frozenset[Relation]]:
        """Return what one person is to each of many, as `relation`, asking once for all of them."""
        known = {one: self._relations[actor_person, one] for one in subjects if (actor_person, one) in self._relations}
        unknown = [one for one in subjects if one not in known and one != actor_person]
        found = {row["person"]: row for row in self._related(actor_person, unknown)} if unknown else {}
        for one in unknown:
            known[one] = self._relations[actor_person, one] = self._read_relations(found.get(one))
        return {one: known.get(one, frozenset[Relation](("self",))) for one in subjects}

    def _related(self, actor: str, subjects: list[str]) -> list[dict[str, Any]]:
        return self._rows(_RELATION, {"actor": actor, "subjects": subjects, "day": self.today})

    def _read_relations(self, found: dict[str, Any] | None) -> frozenset[Relation]:
        relations: set[Relation] = set()
        if found and found["manager"]:
            relations.add("manager")
        elif found and found["former"]:
            relations.add("former manager")
        if found and found["above"] and self._settings.one_level_up:
            relations.add("manager above")
        return frozenset(relations)

    def calendar(self, person: str | None = None) -> Calendar:
        """Return the days on which somebody works, or the workspace's days for nobody in particular.

        A leave without a planned end counts as far as it is known: through today. Who computes a date from it asks
        again when the date comes.
        """
        known = None if person is None else self.person(person)
        return Calendar(
            time_zone=known.time_zone if known else self._settings.time_zone,
            working_days=self._settings.working_days,
            holidays=self._settings.holidays,
            away=tuple(self._leaves(known.id)) if known else (),
        )

    def _leaves(self, person: str) -> Sequence[tuple[date, date]]:
        spans = (span for span in self._span("statuses", person) if span["status"] == "leave")
        leaves = ((span["from_on"], self._last_day_of_leave(span)) for span in spans)
        return [(first, last) for first, last in leaves if first <= last]

    def _last_day_of_leave(self, span: dict[str, Any]) -> date:
        """Return the last day away; no plan reaches further than a year, then it is asked again."""
        ends = [self.today + _A_YEAR]
        if span["until_on"] is not None:
            ends.append(span["until_on"] - _DAY)
        if span["planned_until"] is not None:
            ends.append(span["planned_until"])
        return min(ends) if len(ends) > 1 else max(self.today, span["from_on"])

    def _span(self, what: Literal["managers", "statuses"], person: str) -> list[dict[str, Any]]:
        found = self._spans.get((what, person))
        if found is None:
            found = self._spans[what, person] = self._rows(
                f"select * from directory_{what} where workspace = %(workspace)s and person = %(person)s"
                " order by from_on",
                {"person": person},
            )
        return found

    def _load(self, wanted: list[str] | None) -> None:
        if wanted == []:
            return
        some = "" if wanted is None else " and p.person = any(%(people)s)"
        found = self._rows(_PEOPLE + some, {"day": self.today, "people": wanted})
        self._people.update(dict.fromkeys(wanted or ()))
        self._people.update({row["id"]: self._read(row) for row in found})
        self._everybody = self._everybody or wanted is None

    def _read(self, row: dict[str, Any]) -> Person:
        row = dict(row)
        row["status"] = _status(row, row["starts_on"], row["ends_on"], self.today)
        row["time_zone"] = row["time_zone"] or self._settings.time_zone
        row["locale"] = row["locale"] or self._settings.locale
        del row["planned_until"]
        return Person(**row)


def _covers(span: dict[str, Any], day: date) -> bool:
    return span["from_on"] <= day and (span["until_on"] is None or day < span["until_on"])


def _status(span: dict[str, Any], starts_on: date, ends_on: date | None, day: date) -> Status:
    """Weigh what was stated against the dates: nobody works before the first day or after the last."""
    stated: Status = span.get("status") or "active"
    if stated == "left" or (ends_on is not None and day > ends_on):
        return "left"
    if day < starts_on:
        return "preboarding"
    planned_until = span.get("planned_until")
    if stated == "preboarding" or (stated == "leave" and planned_until is not None and day > planned_until):
        return "active"
    return stated
