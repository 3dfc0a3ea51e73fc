"""Erasing somebody for good: the look that gives a confirmation, and the act that repeats it."""

from fastapi import APIRouter

from chassis.http import Answer, Commanded, Queried, problems
from chassis.kernel import Invalid
from chassis.unit import Unit
from people_svc.api.allowed import allow, allow_reading, application, search, today
from people_svc.api.people import PersonId, read_person
from people_svc.api.shapes import ErasureBody, ErasureView
from people_svc.domain import Employee

router = APIRouter(tags=["people"])


@router.get("/people/{person}/erasure", responses=problems(403, 404))
def erasure(person: PersonId, query: Queried) -> ErasureView:
    """Look at what erasing somebody would mean, before doing it."""
    allow_reading(query, "erase", person)
    somebody, version = read_person(query, person)
    known = somebody.known
    everybody = search(query).people(query.workspace, query.reader, today(query))
    return ErasureView(
        person=person,
        name=f"{known.given_name or ''} {known.family_name or ''}".strip(),
        reports=sum(one.known.manager == person for one in everybody),
        confirmation=query.reader.digest(_confirmed(person, version)),
    )


@router.post("/people/{person}/erasure", responses=problems(403, 404, 409, 422))
def erase(person: PersonId, body: ErasureBody, command: Commanded) -> Answer:
    """Erase somebody for good: what was written about them cannot be read any more, by anybody, ever."""

    def decide(unit: Unit) -> Answer:
        allow(unit, "erase", person)
        if body.confirmation != unit.digest(_confirmed(person, unit.version(Employee, person))):
            raise Invalid("confirmation", None, "read GET …/erasure and repeat the confirmation it gives")
        application(command).erase(unit, person, body.reason)
        return Answer(status=202, id=person)

    return command.run(decide)


def _confirmed(person: str, version: int) -> str:
    return f"erasure/{person}/{version}"
