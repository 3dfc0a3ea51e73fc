"""What the directory says of a person: their details and their job, from what was stated in the clear."""

from datetime import date, timedelta

from pydantic import Field

from chassis.kernel import Frozen, Invalid, Personal, Unsealed
from people_svc.domain.history import Job
from people_svc.domain.stated import Changes, Digest

PART = "details"
"""The part of a person's own stream: everything the directory says about them is withdrawn together."""

_DAY = timedelta(days=1)
_TEXTS = frozenset({"given_name", "family_name", "work_email", "location"})


class Details(Frozen):
    """What the directory says of a person that has no history of its own."""

    given_name: Personal
    family_name: Personal
    work_email: Personal | None = None
    location: Personal | None = None
    external_ids: dict[str, Personal] = Field(default_factory=dict[str, Personal])
    starts_on: date
    ends_on: date | None = None
    time_zone: str | None = None
    locale: str | None = None


def first_details(person: str, stated: Changes, starts_on: date, ends_on: date | None) -> Details:
    """Return the details somebody is added with."""
    checked_last_day(starts_on, ends_on)
    return Details(
        given_name=_named(person, "given_name", stated.given_name),
        family_name=_named(person, "family_name", stated.family_name),
        work_email=_sealable(person, stated.work_email),
        location=_sealable(person, stated.location),
        external_ids=dict(_external_ids(person, stated)),
        starts_on=starts_on,
        ends_on=ends_on,
        time_zone=stated.time_zone,
        locale=stated.locale,
    )


def changed_details(person: str, before: Details, changes: Changes) -> Details | None:
    """Return the details after changes; None where these say nothing of them."""
    fields = changes.model_fields_set & set(Details.model_fields)
    if not fields:
        return None
    values: dict[str, object] = {
        name: _sealable(person, getattr(changes, name)) if name in _TEXTS else getattr(changes, name)
        for name in fields - {"external_ids"}
    }
    if "external_ids" in fields:
        values["external_ids"] = {**before.external_ids, **_external_ids(person, changes)}
    return before.model_copy(update=values)


def first_job(person: str, stated: Changes, digest: Digest) -> Job:
    """Return the job somebody is added with: it holds from the beginning."""
    return Job(
        effective_on=date.min,
        title=_sealable(person, stated.job_title),
        department=_sealable(person, stated.department),
        title_group=_group(stated, digest),
    )


def changed_job(person: str, before: Job, changes: Changes, digest: Digest, effective_on: date) -> Job | None:
    """Return the job from a day on; None where the changes say nothing of it."""
    if not changes.model_fields_set & {"job_title", "department"}:
        return None
    values: dict[str, object] = {"effective_on": effective_on}
    if "job_title" in changes.model_fields_set:
        values |= {"title": _sealable(person, changes.job_title), "title_group": _group(changes, digest)}
    if "department" in changes.model_fields_set:
        values |= {"department": _sealable(person, changes.department)}
    return before.model_copy(update=values)


def checked_last_day(starts_on: date, ends_on: date | None) -> None:
    """Refuse a last day before the first; the day before the first itself says that somebody never joined."""
    if ends_on is not None and ends_on < starts_on - _DAY:
        raise Invalid("ends_on", ends_on.isoformat(), f"the last day cannot lie before the first, {starts_on}")


def _sealable(person: str, text: str | None) -> Unsealed | None:
    return None if text is None else Unsealed(person=person, part=PART, text=text)


def _named(person: str, field: str, text: str | None) -> Unsealed:
    if text is None:
        raise Invalid(field, text, "everybody has a given and a family name")
    return Unsealed(person=person, part=PART, text=text)


def _external_ids(person: str, stated: Changes) -> dict[str, Unsealed]:
    return {source: Unsealed(person=person, part=PART, text=one.strip()) for source, one in stated.external_ids.items()}


def _group(stated: Changes, digest: Digest) -> str | None:
    """Return what is equal for equal job titles, without regard to case and blanks."""
    return None if stated.job_title is None else digest(f"title/{' '.join(stated.job_title.casefold().split())}")
