"""A small world that carries most schedules: a book, a tally of what is entered in it, an audit of both.

begin a page → enter numbers → the tally counts them → the audit agrees, which the book hears → the page closes by itself
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar, Self

from chassis.cipher import Grant
from chassis.deadlines import Due, Ended
from chassis.kernel import DomainError, Event, State
from chassis.projection import RecordedEvent, Rows, View
from chassis.service import Service
from chassis.unit import Unit
from contracts.envelope import Envelope, Published

from .play import Act, Client, Play, Scene, Script

CLOSES_AFTER = timedelta(days=10)


class NotYet(DomainError):
    """Something is missing that comes before this."""


# -- the book


class Begun(Event):
    TOPIC = "page.begun"

    closes_at: datetime


class Entered(Event):
    TOPIC = "page.entered"

    number: int


class Confirmed(Event):
    TOPIC = "page.confirmed"

    entries: int


class Closed(Event):
    TOPIC = "page.closed"


class Page(State):
    KIND = "page"

    numbers: tuple[int, ...] = ()
    confirmed: tuple[int, ...] = ()
    closed: int = 0

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        state = state or cls()
        match event:
            case Entered():
                return state.model_copy(update={"numbers": (*state.numbers, event.number)})
            case Confirmed():
                return state.model_copy(update={"confirmed": (*state.confirmed, event.entries)})
            case Closed():
                return state.model_copy(update={"closed": state.closed + 1})
            case _:
                return state


class EntryMade(Published):
    TYPE = "book.entry-made.v1"
    TOPIC = "book.v1"

    page: str
    number: int
    entries: int


class PageClosed(Published):
    TYPE = "book.page-closed.v1"
    TOPIC = "book.v1"

    page: str
    entries: int


def book_published(event: Event, state: Page) -> Published | None:
    match event:
        case Entered():
            return EntryMade(page="", number=event.number, entries=len(state.numbers))
        case Closed():
            return PageClosed(page="", entries=len(state.numbers))
        case _:
            return None


class Pages(View):
    NAME: ClassVar[str] = "pages"
    COLUMNS: ClassVar[dict[str, str]] = {"page": "text", "entries": "int", "sum": "int", "confirmed": "int"}
    KEY: ClassVar[tuple[str, ...]] = ("page",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        row = rows.get((entry.id,)) or {"page": entry.id, "entries": 0, "sum": 0, "confirmed": 0}
        match entry.event:
            case Entered():
                rows.put({**row, "entries": row["entries"] + 1, "sum": row["sum"] + entry.event.number})
            case Confirmed():
                rows.put({**row, "confirmed": row["confirmed"] + 1})
            case _:
                rows.put(row)


def book_deadlines(entry: RecordedEvent) -> Iterable[Due | Ended]:
    match entry.event:
        case Begun():
            yield Due(f"close/{entry.id}", "close", entry.id, None, entry.event.closes_at)
        case Closed():
            yield Ended(f"close/{entry.id}")
        case _:
            pass


class Book:
    def begin(self, unit: Unit, page: str) -> None:
        unit.record(Page, page, Begun(closes_at=unit.now + CLOSES_AFTER))

    def enter(self, unit: Unit, page: str, *numbers: int) -> None:
        if not unit.version(Page, page):
            raise NotYet("There is no such page.")
        unit.record(Page, page, [Entered(number=number) for number in numbers])

    def confirm(self, unit: Unit, page: str, entries: int) -> None:
        unit.record(Page, page, Confirmed(entries=entries))

    def when_due(self, unit: Unit, due: Due) -> datetime | None:
        if not unit.get(Page, due.subject).closed:
            unit.record(Page, due.subject, Closed())
        return None


def when_agreed_then_confirm(unit: Unit, heard: Published, envelope: Envelope) -> None:
    assert isinstance(heard, CountAgreed)
    Book().confirm(unit, _page(envelope), heard.entries)


# -- the tally


class Counted(Event):
    TOPIC = "count.counted"

    number: int


class Tallied(Event):
    TOPIC = "count.ended"


class Count(State):
    KIND = "count"

    numbers: tuple[int, ...] = ()
    ended: int = 0

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        state = state or cls()
        match event:
            case Counted():
                return state.model_copy(update={"numbers": (*state.numbers, event.number)})
            case _:
                return state.model_copy(update={"ended": state.ended + 1})


class CountGrew(Published):
    TYPE = "tally.count-grew.v1"
    TOPIC = "tally.v1"

    entries: int


def tally_published(event: Event, state: Count) -> Published | None:
    return CountGrew(entries=len(state.numbers)) if isinstance(event, Counted) else None


class Counts(View):
    NAME: ClassVar[str] = "counts"
    COLUMNS: ClassVar[dict[str, str]] = {"page": "text", "entries": "int"}
    KEY: ClassVar[tuple[str, ...]] = ("page",)

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        row = rows.get((entry.id,)) or {"page": entry.id, "entries": 0}
        rows.put({**row, "entries": row["entries"] + isinstance(entry.event, Counted)})


def when_entry_made_then_count_it(unit: Unit, heard: EntryMade, envelope: Envelope) -> None:
    unit.copy(
        "insert into sums as s (workspace, page, sum) values (%(workspace)s, %(page)s, %(number)s)"
        " on conflict (workspace, page) do update set sum = s.sum + excluded.sum",
        {"page": _page(envelope), "number": heard.number},
    )
    unit.record(Count, _page(envelope), Counted(number=heard.number))


def when_page_closed_then_end(unit: Unit, heard: PageClosed, envelope: Envelope) -> None:
    unit.record(Count, _page(envelope), Tallied())


# -- the audit


class Agreed(Event):
    TOPIC = "agreement.agreed"

    entries: int


class Agreement(State):
    KIND = "agreement"

    entries: tuple[int, ...] = ()

    @classmethod
    def evolve(cls, state: Self | None, event: Event) -> Self:
        assert isinstance(event, Agreed)
        return cls(entries=(*(state.entries if state else ()), event.entries))


class CountAgreed(Published):
    TYPE = "audit.count-agreed.v1"
    TOPIC = "audit.v1"

    entries: int


def audit_published(event: Event, state: Agreement) -> Published | None:
    return CountAgreed(entries=state.entries[-1])


def when_entry_made_then_copy_it(unit: Unit, heard: EntryMade, envelope: Envelope) -> None:
    unit.copy(
        "insert into entries as e (workspace, page, entry, number) values (%(workspace)s, %(page)s, %(entry)s,"
        " %(number)s) on conflict (workspace, page, entry) do update set times = e.times + 1",
        {"page": _page(envelope), "entry": heard.entries, "number": heard.number},
    )


def when_count_grew_then_agree(unit: Unit, heard: CountGrew, envelope: Envelope) -> None:
    """Nothing is counted that was not entered before: the entry was heard before its count."""
    sql = "select count(*) as n from entries where workspace = %(workspace)s and page = %(page)s"
    row = unit.row(sql, {"page": _page(envelope)})
    if row is None or row["n"] < heard.entries:
        raise NotYet("More was counted than entered.")
    unit.record(Agreement, _page(envelope), Agreed(entries=heard.entries))


def _page(envelope: Envelope) -> str:
    return envelope.subject.split("/")[1]


# -- the composition


def book() -> Service:
    """The service that is written in."""
    return Service(
        "book",
        Book(),
        book_published,
        views=(Pages(),),
        deadlines=book_deadlines,
        handlers={CountAgreed: when_agreed_then_confirm},
    )


def tally() -> Service:
    """The service that counts, in a sum that would show what is counted twice."""
    return Service(
        "tally",
        None,
        tally_published,
        views=(Counts(),),
        handlers={EntryMade: when_entry_made_then_count_it, PageClosed: when_page_closed_then_end},
        tables=(
            "create table if not exists {schema}.sums (workspace text not null, page text not null, sum int not null,"
            " primary key (workspace, page))",
        ),
    )


def audit() -> Service:
    """The service that hears both, and may not hear a count before what it counts."""
    return Service(
        "audit",
        None,
        audit_published,
        handlers={EntryMade: when_entry_made_then_copy_it, CountGrew: when_count_grew_then_agree},
        tables=(
            "create table if not exists {schema}.entries (workspace text not null, page text not null,"
            " entry int not null, number int not null, times int not null default 1,"
            " primary key (workspace, page, entry))",
        ),
    )


def _writer(page: str, numbers: list[tuple[int, ...]], *, begins: bool) -> Script:
    if begins:
        yield Act("book", "ann", lambda book, unit: book.begin(unit, page))
    for some in numbers:
        yield Act("book", "ann", lambda book, unit, some=some: book.enter(unit, page, *some))


def scene(workspace: str, chance: Random) -> Scene:
    """Two clients write in the first workspace, on one page or on two; one on a page of the same name in the second."""
    given = iter(chance.sample(range(1, 10_000), 20))
    pages = {"one": "p1"}
    if workspace.endswith("_0"):
        pages["two"] = chance.choice(("p1", "p2"))
    clients: list[Client] = []
    promised: dict[str, list[int]] = {}
    for name, page in pages.items():
        written = [tuple(next(given) for _ in range(chance.choice((1, 1, 2)))) for _ in range(chance.randint(1, 2))]
        clients.append(Client(name, workspace, _writer(page, written, begins=page not in promised)))
        promised.setdefault(page, []).extend(number for numbers in written for number in numbers)
    return Scene(workspace, clients, lambda services: _promises(services, workspace, promised))


def _promises(services: Mapping[str, Service], workspace: str, promised: dict[str, list[int]]) -> Iterator[str]:
    """Every number acknowledged is there once, counted once and in order, agreed on, and the page closed once."""
    with services["book"].reader(workspace) as reader:
        pages = {page: reader.state(Page, page)[0] or Page() for page in promised}
    with services["tally"].reader(workspace) as reader:
        counts = {page: reader.state(Count, page)[0] or Count() for page in promised}
        sums = {row["page"]: row["sum"] for row in reader.rows("select page, sum from sums")}
    with services["audit"].reader(workspace) as reader:
        agreed = {page: reader.state(Agreement, page)[0] or Agreement() for page in promised}
        times = reader.rows("select page, count(*) as n, sum(times) as times from entries group by page")
    for page, numbers in promised.items():
        found = pages[page]
        if sorted(found.numbers) != sorted(numbers):
            yield f"{page}: acknowledged {sorted(numbers)}, recorded {sorted(found.numbers)}"
        if counts[page].numbers != found.numbers or counts[page].ended != 1:
            yield f"{page}: entered {found.numbers}, counted {counts[page].numbers}, ended {counts[page].ended}"
        if sums.get(page) != sum(found.numbers):
            yield f"{page}: the sum is {sums.get(page)}, not {sum(found.numbers)}"
        if agreed[page].entries != tuple(range(1, len(numbers) + 1)) or found.confirmed != agreed[page].entries:
            yield f"{page}: agreed {agreed[page].entries}, confirmed {found.confirmed}, entries {len(numbers)}"
        if found.closed != 1:
            yield f"{page}: closed {found.closed} times"
    for row in times:
        if not row["n"] == row["times"] == len(promised[row["page"]]):
            yield f"{row['page']}: {row['n']} entries copied {row['times']} times"


SMALL = Play(
    name="small",
    services={"book": lambda _: book(), "tally": lambda _: tally(), "audit": lambda _: audit()},
    grants=[Grant(one, kind, may_make=True) for one, kind in (("book", "page"), ("tally", "count"), ("audit", "agreement"))],
    scene=scene,
)
