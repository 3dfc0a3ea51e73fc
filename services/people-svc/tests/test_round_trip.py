"""Whatever happens to somebody, their row of the export says nothing new when it is read back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chassis.kernel import DomainError, Event, Sealed, Unsealed, evolve, sealed_event
from people_svc.documents import read_people, write_people
from people_svc.domain import Changes, Employee, Options, Placement, Status, plan
from people_svc.search import in_the_clear

TODAY = date(2026, 3, 10)
DAYS = st.integers(-40, 40).map(lambda offset: TODAY + timedelta(days=offset))
STATUSES: list[Status] = ["active", "leave", "left"]
WORDS = st.sampled_from(["Lead", "=1+1", "  ", "Zürich; Nord", '"quoted"', "two\nlines", "'@x"])


def digest(text: str) -> str:
    return f"#{text}"


def seal(text: Unsealed) -> Sealed:
    return Sealed(person=text.person, stream="s", part=text.part, key="", enc=text.text)


def opened(sealed: Sequence[Sealed]) -> list[str | None]:
    return [one.enc for one in sealed]


Told = tuple[str, date, date | None, Status, str]
TELLINGS = st.lists(
    st.tuples(
        st.sampled_from(["status", "end", "begin", "leave", "details", "job", "manager", "placement"]),
        DAYS,
        st.none() | DAYS,
        st.sampled_from(STATUSES),
        WORDS,
    ),
    max_size=12,
)


def decided(ada: Employee, told: Told) -> tuple[Event, ...]:
    """Return what telling this of somebody records; nothing where it is refused."""
    what, day, until, status, word = told
    try:
        match what:
            case "status":
                return ada.change_status(status, day, TODAY, until if status == "leave" else None)
            case "end":
                return ada.end(until, TODAY)
            case "begin":
                return ada.begin(day, TODAY, digest)
            case "leave":
                return ada.take_leave(until, TODAY)
            case "details":
                return ada.change(Changes(location=word, external_ids={"file": f"N{word}"}), TODAY, digest)
            case "job":
                return ada.change(Changes(job_title=word, department=word), TODAY, digest, day)
            case "manager":
                return ada.change_manager(None if status == "left" else "pe_boss", day)
            case _:
                return ada.state_placement(Placement(ladder="engineering", track="ic", level="ic3"), day)
    except DomainError:
        return ()


@given(starts_on=DAYS, tellings=TELLINGS)
def test_whatever_happened_to_somebody_their_exported_row_reads_back_unchanged(
    starts_on: date, tellings: list[Told]
) -> None:
    boss = Employee.add("pe_boss", Changes(given_name="B", family_name="B"), None, (), TODAY, digest)
    card = Changes(given_name="Ada", family_name="Byron", work_email="ada@example.com", starts_on=starts_on)
    people = [fold(boss), fold(Employee.add("pe_ada", card, "pe_boss", (), TODAY, digest))]
    for told in tellings:
        people[1] = fold(decided(people[1], told), people[1])

    known = [one.known for one in in_the_clear(people, opened, TODAY)]
    exported = write_people(one.cells({each.person: each for each in known}) for one in known)
    result = plan(read_people(exported), known, Options(missing="leave"), TODAY)

    assert [(row.outcome, row.changes, row.problems) for row in result.rows] == [("unchanged", (), ())] * 2
    assert result.missing == ()


def fold(events: Sequence[Event], state: Employee | None = None) -> Employee:
    """Return the state after events as they are stored: sealed."""
    after = evolve(Employee, [sealed_event(one, seal) for one in events], state)
    assert after is not None
    return after
