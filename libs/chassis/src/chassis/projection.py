"""Read models: rows that follow the service's own record in batches, rebuilt beside the live rows and swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from chassis.kernel import Event, EventMapper
from chassis.sql import vouched
from chassis.steps import Progress, failpoint
from chassis.store import Connection, Pool

Row = dict[str, Any]
Key = tuple[Any, ...]

BATCH = 200
"""Events of one workspace per transaction while live; a rebuild takes `REBUILD_BATCH`."""
REBUILD_BATCH = 5_000

TABLES = (
    """create table if not exists {schema}.followed (
    workspace text not null, name text not null, sequence bigint not null, generation int not null default 0,
    primary key (workspace, name)) with (fillfactor = 50)""",
)


class Hole(Exception):
    """A follower met a jump in the sequence: it stops, since an event may be missing."""


class RecordedEvent(NamedTuple):
    """One event as the record holds it; `kind` and `id` are the parts of its stream's name."""

    workspace: str
    epoch: str
    sequence: int
    event_id: UUID
    stream: str
    version: int
    topic: str
    event: Event
    actor: str
    on_behalf_of: str | None
    command_id: str
    cause: UUID | None
    correlation_id: str
    recorded_at: datetime

    @property
    def kind(self) -> str:
        """The kind of the stream: `evaluation`."""
        return self.stream.split("/", 2)[1]

    @property
    def id(self) -> str:
        """The id of the aggregate the stream belongs to."""
        return self.stream.split("/", 2)[2]


RECORD_COLUMNS = (
    "workspace, epoch, sequence, event_id, stream, version, topic, state, actor, on_behalf_of, command_id, cause, "
    "correlation_id, recorded_at"
)


def recorded(row: Row, mapper: EventMapper) -> RecordedEvent:
    """Return a row of the events table as a recorded event."""
    return RecordedEvent(
        row["workspace"],
        row["epoch"],
        row["sequence"],
        row["event_id"],
        row["stream"],
        row["version"],
        row["topic"],
        mapper.read(row["topic"], row["state"]),
        row["actor"],
        row["on_behalf_of"],
        row["command_id"],
        row["cause"],
        row["correlation_id"],
        row["recorded_at"],
    )


class View:
    """A read model: one table of rows per workspace, folded from the record by `apply`.

    `COLUMNS` maps column → PostgreSQL type; `KEY` are the columns that, with the workspace, name a row.
    """

    NAME: ClassVar[str]
    COLUMNS: ClassVar[dict[str, str]]
    KEY: ClassVar[tuple[str, ...]]
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def apply(self, rows: Rows, entry: RecordedEvent) -> None:
        """Fold one event into the rows."""
        raise NotImplementedError

    @classmethod
    def tables(cls) -> Iterator[str]:
        """Return the DDL: the rows of every generation, and the live ones under the view's name."""
        columns = ", ".join(f"{name} {kind}" for name, kind in cls.COLUMNS.items())
        key = ", ".join(("workspace", "generation", *cls.KEY))
        yield (
            f"create table if not exists {{schema}}.{cls.NAME}_rows "
            f"(workspace text not null, generation int not null, {columns}, primary key ({key}))"
        )
        for number, index in enumerate(cls.INDEXES):
            yield (
                f"create index if not exists {cls.NAME}_{number} on {{schema}}.{cls.NAME}_rows "
                f"(workspace, {', '.join(index)})"
            )
        listed = ", ".join(f"r.{name}" for name in ("workspace", *cls.COLUMNS))
        yield (
            f"create or replace view {{schema}}.{cls.NAME} with (security_invoker = true) as select {listed} "
            f"from {{schema}}.{cls.NAME}_rows r join {{schema}}.followed f "
            f"on f.workspace = r.workspace and f.name = '{cls.NAME}' and f.generation = r.generation"
        )


@dataclass
class Rows:
    """The rows of one view and workspace within a batch: read once, changed in memory, written once."""

    view: View
    connection: Connection
    schema: str
    workspace: str
    generation: int
    fresh: bool = False
    _rows: dict[Key, Row | None] = field(default_factory=dict[Key, "Row | None"])
    _changed: set[Key] = field(default_factory=set[Key])

    def get(self, key: Sequence[Any]) -> Row | None:
        """Return a row, or None."""
        key = tuple(key)
        if key not in self._rows:
            self._rows[key] = None if self.fresh else self._read(key)
        row = self._rows[key]
        return None if row is None else dict(row)

    def put(self, row: Row) -> None:
        """Write a whole row; columns left out are null."""
        key = tuple(row[name] for name in self.view.KEY)
        self._rows[key] = {name: row.get(name) for name in self.view.COLUMNS}
        self._changed.add(key)

    def update(self, key: Sequence[Any], **columns: Any) -> None:
        """Change columns of a row; nothing happens when there is no such row."""
        row = self.get(key)
        if row is not None:
            self.put({**row, **columns})

    def delete(self, key: Sequence[Any]) -> None:
        """Take a row away."""
        self._rows[tuple(key)] = None
        self._changed.add(tuple(key))

    def flush(self) -> None:
        """Write what changed."""
        puts = [row for key in self._changed if (row := self._rows[key]) is not None]
        gone = [key for key in self._changed if self._rows[key] is None]
        self._execute(self._upsert, [self._values(row) for row in puts])
        self._execute(self._delete, [] if self.fresh else [self._key_values(key) for key in gone])
        self._changed.clear()

    def _execute(self, sql: Callable[[], str], values: list[Row]) -> None:
        """Run a statement for every row: many in one go, and one, as it mostly is, with the least effort."""
        if len(values) == 1:
            self.connection.execute(vouched(sql()), values[0], prepare=True)
        elif values:
            with self.connection.cursor() as cursor:
                cursor.executemany(vouched(sql()), values)

    def _read(self, key: Key) -> Row | None:
        where = " and ".join(f"{name} = %({name})s" for name in self.view.KEY)
        columns = ", ".join(self.view.COLUMNS)
        sql = (
            f"select {columns} from {self.schema}.{self.view.NAME}_rows "
            f"where workspace = %(workspace)s and generation = %(generation)s and {where}"
        )
        return self.connection.execute(vouched(sql), self._key_values(key), prepare=True).fetchone()

    def _key_values(self, key: Key) -> Row:
        named = dict(zip(self.view.KEY, key, strict=True))
        return {"workspace": self.workspace, "generation": self.generation, **named}

    def _values(self, row: Row) -> Row:
        values: Row = {"workspace": self.workspace, "generation": self.generation}
        for name, kind in self.view.COLUMNS.items():
            value = row[name]
            values[name] = Jsonb(value) if kind.startswith("jsonb") and value is not None else value
        return values

    def _upsert(self) -> str:
        names = ("workspace", "generation", *self.view.COLUMNS)
        key = ("workspace", "generation", *self.view.KEY)
        others = [name for name in self.view.COLUMNS if name not in self.view.KEY]
        change = f"do update set {', '.join(f'{n} = excluded.{n}' for n in others)}" if others else "do nothing"
        return (
            f"insert into {self.schema}.{self.view.NAME}_rows ({', '.join(names)}) "
            f"values ({', '.join(f'%({name})s' for name in names)}) on conflict ({', '.join(key)}) {change}"
        )

    def _delete(self) -> str:
        where = " and ".join(f"{name} = %({name})s" for name in ("workspace", "generation", *self.view.KEY))
        return f"delete from {self.schema}.{self.view.NAME}_rows where {where}"


@dataclass
class Projections:
    """The follower that keeps every view of a service: many events per transaction, rows and position together."""

    schema: str
    pool: Pool
    views: tuple[View, ...]
    mapper: EventMapper
    name: str = "projections"
    on_progress: Callable[[str], None] | None = None
    """Told when a workspace's views moved, so that whoever waits for them looks."""

    def step(self, workspace: str) -> Progress:
        """Fold the next batch of a workspace into every view that has not seen it."""
        if not self.views:
            return "done"
        try:
            seen = self._follow(workspace)
        except Overtaken:
            return "more"
        if seen and self.on_progress is not None:
            self.on_progress(workspace)
        return "more" if seen == BATCH else "done"

    def _follow(self, workspace: str) -> int:
        """Fold one batch in one transaction; return how many events it had."""
        with self.pool.connection() as connection:
            positions = self._positions(connection, workspace)
            start = min(positions[view.NAME][0] for view in self.views)
            events = self.read(connection, workspace, start, BATCH)
            behind = [view for view in self.views if events and positions[view.NAME][0] < events[-1].sequence]
            moved = {view.NAME: positions[view.NAME] for view in behind}
            try:
                for view in behind:
                    position, generation = moved[view.NAME]
                    self._fold(connection, view, workspace, generation, [e for e in events if e.sequence > position])
            except psycopg.Error:
                raise
            except Exception:
                if self._positions(connection, workspace) == positions:
                    raise
                raise Overtaken(", ".join(moved)) from None
            if behind:
                self._move(connection, workspace, moved, events[-1].sequence)
            failpoint("before view commit")
        return len(events)

    def behind(self) -> Iterable[str]:
        """Return the workspaces with a view behind the record."""
        sql = f"""select h.workspace from {self.schema}.head h cross join unnest(%s::text[]) n(name)
        left join {self.schema}.followed f on f.workspace = h.workspace and f.name = n.name
        where coalesce(f.sequence, 0) < h.sequence group by 1"""
        with self.pool.connection() as connection:
            rows = connection.execute(vouched(sql), ([view.NAME for view in self.views],)).fetchall()
        return [row["workspace"] for row in rows]

    def position(self, workspace: str) -> int:
        """Return the sequence every view of a workspace has seen."""
        with self.pool.connection() as connection:
            positions = self._positions(connection, workspace)
        return min((positions[view.NAME][0] for view in self.views), default=0)

    def rebuild(self, name: str, workspace: str) -> int:
        """Fold the whole record into a new generation of a view beside the live one, then swap; return the events."""
        view = {view.NAME: view for view in self.views}[name]
        with self.pool.connection() as connection:
            generation = self._positions(connection, workspace)[name][1]
            self._drop_all_but(connection, view, workspace, generation)
            rows = Rows(view, connection, self.schema, workspace, generation + 1, fresh=True)
            count = self._fold_rest(rows, 0)
            self._hold(connection, name, workspace)
            count = self._fold_rest(rows, count)
            rows.flush()
            self._swap(connection, name, workspace, count, generation)
        # Not before the swap is committed: a live batch may hold old rows while it waits for what the swap holds.
        with self.pool.connection() as connection:
            self._drop(connection, view, workspace, generation)
        return count

    def _fold_rest(self, rows: Rows, after: int) -> int:
        """Fold everything recorded after a sequence; return the last one: without holes, so also the count."""
        while events := self.read(rows.connection, rows.workspace, after, REBUILD_BATCH):
            for entry in events:
                rows.view.apply(rows, entry)
            after = events[-1].sequence
            failpoint("during rebuild")
        return after

    def _hold(self, connection: Connection, name: str, workspace: str) -> None:
        """Let no live batch commit until this transaction ends; what they committed before is in the record's rest."""
        sql = f"select 1 from {self.schema}.followed where workspace = %s and name = %s for update"
        connection.execute(vouched(sql), (workspace, name))

    def _fold(
        self, connection: Connection, view: View, workspace: str, generation: int, events: list[RecordedEvent]
    ) -> None:
        rows = Rows(view, connection, self.schema, workspace, generation)
        for entry in events:
            view.apply(rows, entry)
        rows.flush()

    def _positions(self, connection: Connection, workspace: str) -> dict[str, tuple[int, int]]:
        sql = f"select name, sequence, generation from {self.schema}.followed where workspace = %s"
        found = {view.NAME: (0, 0) for view in self.views}
        for row in connection.execute(vouched(sql), (workspace,), prepare=True):
            found[row["name"]] = (row["sequence"], row["generation"])
        return found

    def read(self, connection: Connection, workspace: str, after: int, limit: int) -> list[RecordedEvent]:
        """Return the recorded events of a workspace after a sequence, in order; Hole when one is missing."""
        sql = f"""select {RECORD_COLUMNS} from {self.schema}.events
        where workspace = %s and sequence > %s order by sequence limit {limit}"""
        rows = connection.execute(vouched(sql), (workspace, after), prepare=True).fetchall()
        if rows and rows[-1]["sequence"] != after + len(rows):
            raise Hole(f"{workspace}: {len(rows)} events after {after} end at {rows[-1]['sequence']}")
        return [recorded(row, self.mapper) for row in rows]

    def _move(self, connection: Connection, workspace: str, read: dict[str, tuple[int, int]], to: int) -> None:
        """Move the views named in `read` from the position and generation that were read; all of them, or Overtaken."""
        sql = f"""with read as (
          select * from unnest(%(names)s::text[], %(positions)s::bigint[], %(generations)s::int[]) r(name, at, generation)
        ), moved as (
          update {self.schema}.followed f set sequence = %(to)s from read where f.workspace = %(workspace)s
          and f.name = read.name and f.sequence = read.at and f.generation = read.generation returning 1
        ), made as (
          insert into {self.schema}.followed (workspace, name, sequence)
          select %(workspace)s, name, %(to)s from read where at = 0 and generation = 0 on conflict do nothing returning 1
        ) select (select count(*) from moved) + (select count(*) from made) as moved"""
        positions, generations = zip(*read.values(), strict=True)
        values = {
            "workspace": workspace,
            "names": list(read),
            "positions": list(positions),
            "generations": list(generations),
            "to": to,
        }
        row = connection.execute(vouched(sql), values, prepare=True).fetchone()
        if row is None or row["moved"] != len(read):
            raise Overtaken(", ".join(read))

    def _swap(self, connection: Connection, name: str, workspace: str, to: int, generation: int) -> None:
        sql = f"""insert into {self.schema}.followed as f (workspace, name, sequence, generation)
        values (%s, %s, %s, %s)
        on conflict (workspace, name) do update set sequence = excluded.sequence, generation = excluded.generation
        where f.generation = %s returning 1"""
        values = (workspace, name, to, generation + 1, generation)
        if connection.execute(vouched(sql), values).fetchone() is None:
            raise Overtaken(name)

    def _drop_all_but(self, connection: Connection, view: View, workspace: str, generation: int) -> None:
        """Take away what a rebuild left that was cut off, before its swap or after it."""
        sql = f"delete from {self.schema}.{view.NAME}_rows where workspace = %s and generation <> %s"
        connection.execute(vouched(sql), (workspace, generation))

    def _drop(self, connection: Connection, view: View, workspace: str, generation: int) -> None:
        sql = f"delete from {self.schema}.{view.NAME}_rows where workspace = %s and generation = %s"
        connection.execute(vouched(sql), (workspace, generation))


class Overtaken(Exception):
    """Another process moved this view meanwhile; what this one folded is undone and is done again."""
