"""What the routes about people take and give."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from people_svc.domain import Changes, ErasureReason, Placement, Role, Status
from people_svc.search import Found


class Body(BaseModel):
    """What a request says: nothing but the fields it may have."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class DetailsBody(Body):
    """What shall be different; a field left out stays as it is, null clears it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_title": "Senior Engineer", "effective_on": "2026-07-01"}]}
    )

    given_name: str | None = Field(default=None, max_length=200)
    family_name: str | None = Field(default=None, max_length=200)
    work_email: str | None = Field(default=None, max_length=254)
    job_title: str | None = Field(default=None, max_length=200)
    department: str | None = Field(default=None, max_length=200)
    location: str | None = Field(default=None, max_length=200)
    external_ids: dict[str, str] = Field(default_factory=dict[str, str], max_length=10)
    starts_on: date | None = None
    time_zone: str | None = Field(default=None, max_length=64)
    locale: str | None = Field(default=None, max_length=35)

    def changes(self) -> Changes:
        """Return what was stated."""
        stated = self.model_fields_set & set(Changes.model_fields)
        return Changes(**{name: getattr(self, name) for name in stated})


class PersonBody(DetailsBody):
    """Somebody to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "given_name": "Ada",
                    "family_name": "Byron",
                    "work_email": "ada@example.com",
                    "job_title": "Engineer",
                    "starts_on": "2026-04-01",
                    "manager": "pe_5d41402abc4b2a76b971",
                }
            ]
        }
    )

    manager: str | None = Field(default=None, max_length=64)
    ends_on: date | None = None


class ChangedDetailsBody(DetailsBody):
    """What shall be different; job title and department may change on a later or an earlier day."""

    effective_on: date | None = None


class ManagerBody(Body):
    """Who manages from a day on; null: nobody."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"manager": "pe_5d41402abc4b2a76b971", "effective_on": "2026-07-01"}]}
    )

    manager: str | None = Field(max_length=64)
    effective_on: date | None = None


class StatusBody(Body):
    """The status from a day on; `until` is the planned last day of a leave."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "leave", "effective_on": "2026-05-01", "until": "2026-08-31"}]}
    )

    status: Status
    effective_on: date | None = None
    until: date | None = None


class RolesBody(Body):
    """Every role somebody shall have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"roles": ["hr"]}]})

    roles: tuple[Role, ...]


class ErasureBody(Body):
    """Why somebody is erased, and the `confirmation` that `GET …/erasure` gave."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "asked by the person",
                    "confirmation": "9b74c9897bac770ffc029102a200c5de3c3f6f0ac1b1a8a5d6e7f4b1c0d2e3f4",
                }
            ]
        }
    )

    reason: ErasureReason
    confirmation: str = Field(max_length=128)


class PersonView(BaseModel):
    """Somebody as of today; texts are null where there is none or it was erased."""

    id: str
    employee_number: str | None
    given_name: str | None
    family_name: str | None
    work_email: str | None
    job_title: str | None
    department: str | None
    location: str | None
    manager: str | None
    status: Status
    starts_on: date
    ends_on: date | None
    leave_until: date | None
    time_zone: str | None
    locale: str | None
    placement: Placement | None
    roles: tuple[Role, ...]
    invited: bool
    erased: bool

    @classmethod
    def of(cls, found: Found) -> "PersonView":
        """Return how a person is shown."""
        known, employee = found.known, found.employee
        return cls(
            id=known.person,
            **known.model_dump(exclude={"person"}),
            roles=employee.roles,
            invited=employee.invited,
            erased=employee.erasure is not None,
        )


class JobOn(BaseModel):
    """Title and department from a day on."""

    effective_on: date
    job_title: str | None
    department: str | None


class StatusOn(BaseModel):
    """A status from a day on."""

    effective_on: date
    status: Status
    until: date | None


class ManagerOn(BaseModel):
    """The manager from a day on."""

    effective_on: date
    manager: str | None


class Recorded(BaseModel):
    """One recorded fact; `event` is its id."""

    event: str
    version: int
    what: str
    by: str
    recorded_at: datetime


class HistoryView(BaseModel):
    """What held on a day, every entry with the day it holds from, and the record behind them."""

    on: date
    manager: str | None
    status: Status
    job: JobOn
    managers: list[ManagerOn]
    statuses: list[StatusOn]
    jobs: list[JobOn]
    because: list[Recorded]


class ErasureView(BaseModel):
    """What erasing somebody would mean, and what a request has to repeat to do it."""

    person: str
    name: str
    reports: int
    confirmation: str
