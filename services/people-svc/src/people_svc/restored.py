"""After a restore of the directory: whoever was erased since its backup is erased again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chassis.identity import Actor
from chassis.kernel import DomainError
from chassis.service import Service
from chassis.unit import Answer, CommandInfo, Unit
from people_svc.domain import Employee

OPERATOR: Final = "operator"


@dataclass(frozen=True)
class Refused:
    """Somebody who could not be erased again, and why."""

    workspace: str
    person: str
    why: str


def erase_again(people: Service) -> list[Refused]:
    """Erase everybody on the list of erasures whom the restored directory does not know as erased.

    Return who could not be: the last HR admin of the backup stays listed, unreadable, until there is another one.
    """
    refused: list[Refused] = []
    for workspace, person in sorted(people.cipher.destroyed_persons()):
        try:
            _erase(people, workspace, person)
        except DomainError as error:
            refused.append(Refused(workspace, person, str(error)))
    return refused


def _erase(people: Service, workspace: str, person: str) -> None:
    """Order the erasure; what follows (the account, the keys once more) follows as it does from an order of HR's."""

    def decide(unit: Unit) -> Answer:
        known = unit.find(Employee, person)
        if known is not None and known.erasure is None:
            # The list holds no reason, only ids; this one holds of everybody whose texts are gone.
            people.application.erase(unit, person, "no longer needed")
        return Answer(id=person)

    command = f"erased again/{person}"  # made of the person: a second restore of the same backup records the same
    info = CommandInfo(workspace, OPERATOR, command, correlation_id=command)
    people.execute(info, Actor.service(workspace, OPERATOR), decide)
