"""A tiny domain for the chassis' own tests: notebooks with lines, and a reader that counts what it hears."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Self

from chassis.copied import Facts
from chassis.deadlines import Due, Ended
from chassis.kernel import DomainError, Event, NotFound, Personal, State, Unsealed
from chassis.loss import Loss
from chassis.projection import RecordedEvent, Rows, View
from chassis.service import Service
from chassis.unit import Unit
from contracts.envelope import Envelope, Published, Sealed


class Opened(Event):
    TOPIC = "notebook.opened"

    owner: str
    close_by: datetime | None = None


class LineWritten(Event):
    TOPIC = "notebook.line-written"

    text: Personal
    length: int


class Closed(Event):
    TOPIC = "notebook.closed"

    late: bool = False


class AlreadyClosed(DomainError):
    """The notebook is closed."""


class NoSuchPage(NotFound):
    """Somebody who may read the notebook asked for a page it does not have."""


class Notebook(State):
    KIND = "notebook"

    owner: str
    lines: int = 0
    last: Personal | None = None
    closed: bool = False

    def write(self, text: str) -> LineWritten:
        if self.closed:
            raise AlreadyClosed("This notebook is closed; open a new one.")
        return LineWritten(text=Unsealed(person=self.owner, part=f"line/{self.lines + 1}", text=text), length=len(text))

    def close(self, late: bool = False) -> Closed:
        if self.closed:
            raise AlreadyClosed("This notebook is closed already.")
        return Closed(late=late)

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        match event:
            case Opened():
                return cls(owner=event.owner)
            case LineWritten() if state:
                return state.model_copy(update={"lines": state.lines + 1, "last": event.text})
            case Closed() if state:
                return state.model_copy(update={"closed": True})
            case _:
                raise TypeError(type(event))


class NotebookLineWritten(Published):
    TYPE = "toy.notebook.line-written.v1"
    TOPIC = "toy.v1"

    notebook: str
    number: int
    text: Sealed


class NotebookClosed(Published):
    TYPE = "toy.notebook.closed.v1"
    TOPIC = "toy.v1"

    owner: str
    late: bool = False


def published(event: Event, state: Notebook) -> Published | None:
    match event:
        case LineWritten():
            return NotebookLineWritten(
                notebook=state.owner, number=state.lines, text=Sealed.model_validate(event.text, from_attributes=True)
            )
        case Closed():
            return NotebookClosed(owner=state.owner, late=event.late)
        case _:
            return None


class Notebooks:
    def open(self, unit: Unit, identifier: str, owner: str, hours: int | None = None) -> Notebook:
        by = unit.now + timedelta(hours=hours) if hours is not None else None
        return unit.record(Notebook, identifier, Opened(owner=owner, close_by=by))

    def write(self, unit: Unit, identifier: str, *texts: str) -> Notebook:
        for text in texts:
            unit.record(Notebook, identifier, unit.get(Notebook, identifier).write(text))
        return unit.get(Notebook, identifier)

    def close(self, unit: Unit, identifier: str) -> Notebook:
        return unit.record(Notebook, identifier, unit.get(Notebook, identifier).close())

    def when_due(self, unit: Unit, due: Due) -> datetime | None:
        notebook = unit.get(Notebook, due.subject)
        if not notebook.closed:
            unit.record(Notebook, due.subject, notebook.close(late=True))
        return None


class NotebookList(View):
    NAME: ClassVar[str] = "notebook_list"
    COLUMNS: ClassVar[dict[str, str]] = {
        "notebook": "text",
        "owner": "text",
        "lines": "int",
        "last": "jsonb",
        "closed": "boolean",
    }
    KEY: ClassVar[tuple[str, ...]] = ("notebook",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("owner",),)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        match entry.event:
            case Opened():
                rows.put({"notebook": entry.id, "owner": entry.event.owner, "lines": 0, "closed": False})
            case LineWritten():
                row = rows.get((entry.id,))
                if row:
                    rows.put({**row, "lines": row["lines"] + 1, "last": entry.event.text.model_dump()})
            case Closed():
                rows.update((entry.id,), closed=True)
            case _:
                pass


def deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    match entry.event:
        case Opened() if entry.event.close_by:
            yield Due(f"close/{entry.id}", "close", entry.id, None, entry.event.close_by)
        case Closed():
            yield Ended(f"close/{entry.id}")
        case _:
            pass


def toy() -> Service:
    """The service whose notebooks are written in."""
    return Service("toy", Notebooks(), published, views=(NotebookList(),), deadlines=deadlines)


# ---- the service that hears


class Heard(Event):
    TOPIC = "tally.heard"

    number: int


class TallyEnded(Event):
    TOPIC = "tally.ended"


class Recounted(Event):
    """What was counted because of events that are lost does not count any more."""

    TOPIC = "tally.recounted"

    numbers: tuple[int, ...]
    ended: int


class Tally(State):
    KIND = "tally"

    numbers: tuple[int, ...] = ()
    ended: int = 0

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        state = state or cls()
        match event:
            case Heard():
                return state.model_copy(update={"numbers": (*state.numbers, event.number)})
            case TallyEnded():
                return state.model_copy(update={"ended": state.ended + 1})
            case Recounted():
                return state.model_copy(update=event.model_dump())
            case _:
                raise TypeError(type(event))


class TallyGrew(Published):
    TYPE = "reader.tally-grew.v1"
    TOPIC = "reader.v1"

    notebook: str
    numbers: int


class TallyShrank(Published):
    TYPE = "reader.tally-shrank.v1"
    TOPIC = "reader.v1"

    numbers: int


def reader_published(event: Event, state: Tally) -> Published | None:
    match event:
        case Heard():
            return TallyGrew(notebook="", numbers=len(state.numbers))
        case Recounted():
            return TallyShrank(numbers=len(state.numbers))
        case _:
            return None


class CannotCount(DomainError):
    """A number that is not wanted."""


def when_line_written_then_copy_it(unit: Unit, heard: NotebookLineWritten, envelope: Envelope) -> None:
    unit.copy(
        "insert into lines (workspace, notebook, number) values (%(workspace)s, %(notebook)s, %(number)s)"
        " on conflict (workspace, notebook, number) do update set times = lines.times + 1",
        {"notebook": envelope.subject, "number": heard.number},
    )


def when_line_written_then_count_it(unit: Unit, heard: NotebookLineWritten, envelope: Envelope) -> None:
    if "poison" in (unit.open(heard.text) or ""):
        raise CannotCount("poison")
    unit.record(Tally, envelope.subject.split("/")[1], Heard(number=heard.number))


def when_closed_then_end(unit: Unit, heard: NotebookClosed, envelope: Envelope) -> None:
    unit.record(Tally, envelope.subject.split("/")[1], TallyEnded())


def withdraw(unit: Unit, loss: Loss) -> None:
    for notebook in loss.touched(Tally):
        unit.because(loss.first_on(Tally, notebook))
        left = unit.find_without(Tally, notebook, loss.commands) or Tally()
        if unit.get(Tally, notebook) != left:
            unit.record(Tally, notebook, Recounted(**left.model_dump()))


LINES = Facts(
    NotebookLineWritten.TOPIC,
    (
        "create table {schema}.lines (workspace text not null, notebook text not null, number int not null,"
        " times int not null default 1, primary key (workspace, notebook, number))",
    ),
    {NotebookLineWritten: when_line_written_then_copy_it},
)


def reader() -> Service:
    """The service that hears what is written."""
    return Service(
        "reader",
        None,
        reader_published,
        facts=(LINES,),
        handlers={NotebookLineWritten: when_line_written_then_count_it, NotebookClosed: when_closed_then_end},
        withdraw=withdraw,
    )
