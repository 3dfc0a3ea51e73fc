"""Part keys in the key database: found, and made once for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import psycopg
from psycopg.rows import DictRow
from psycopg_pool import PoolTimeout

from chassis.cipher.errors import CipherError, Erased, KeysUnavailable, NotGranted
from chassis.cipher.schema import ERASED
from chassis.cipher.sealing import InstallationKey, Key, context
from chassis.postgres import Pool

__all__ = ["Place", "Vault"]

Connection = psycopg.Connection[DictRow]
T = TypeVar("T")

TRIES = 10
"""How often making a key is tried against other makers; each try is lost to one that succeeded."""

FIND = """
select k.wrapped, p.wrapped as person_wrapped, k.destroyed_at is not null or p.destroyed_at is not null as destroyed
  from unnest(%(persons)s::text[], %(streams)s::text[], %(parts)s::text[])
       with ordinality as r (person, stream, part, n)
  left join keys.part_keys k
    on k.workspace = %(workspace)s and k.person = r.person and k.stream = r.stream and k.part = r.part
  left join keys.person_keys p on p.workspace = %(workspace)s and p.person = r.person
 order by r.n
"""
MAKE_PERSONS = """
insert into keys.person_keys (workspace, person, wrapped, key)
select %(workspace)s, * from unnest(%(persons)s::text[], %(wrapped)s::bytea[], %(keys)s::text[])
on conflict do nothing
"""
MAKE_PARTS = """
insert into keys.part_keys (workspace, person, stream, part, wrapped, key, person_key)
select %(workspace)s, * from unnest(%(persons)s::text[], %(streams)s::text[], %(parts)s::text[],
                                    %(wrapped)s::bytea[], %(keys)s::text[], %(person_keys)s::text[])
on conflict do nothing
"""


class Place(NamedTuple):
    """What a part key belongs to. It is also the context of a text, bound into its ciphertext."""

    workspace: str
    person: str
    stream: str
    part: str

    @property
    def kind(self) -> str:
        """The kind of the stream, which keys are granted by."""
        return self.stream.split("/", 2)[1]


class Found(NamedTuple):
    """What the database holds of one place."""

    wrapped: bytes | None
    person_wrapped: bytes | None
    destroyed: bool


class Vault:
    """The key database as one service may use it, on its own connections: a key is committed before its first use."""

    def __init__(self, pool: Pool, installation: InstallationKey) -> None:
        self._pool = pool
        self._root = Key(installation.secret)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` does on a connection; once more when that breaks, for all work here is repeatable.

        Raises `KeysUnavailable` when the database cannot be reached, `NotGranted` and `Erased` as it says.
        """
        try:
            try:
                return self._once(work)
            except PoolTimeout:
                raise
            except (psycopg.OperationalError, psycopg.InterfaceError):
                return self._once(work)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
            raise KeysUnavailable("The key database cannot be reached; try again.") from None

    def _once(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._pool.connection() as connection:
                return work(connection)
        except psycopg.errors.InsufficientPrivilege:
            raise NotGranted("This service may not make or destroy these keys.") from None
        except psycopg.DatabaseError as error:
            if error.sqlstate == ERASED:
                raise Erased("This person was erased; nothing about them can be written.") from None
            raise

    def find(self, places: Sequence[Place]) -> dict[Place, Key | None]:
        """Return the living keys of `places`, None for the destroyed ones; what has no key is left out."""
        return self._living(places, self.run(lambda connection: _found(connection.execute(FIND, _columns(places)))))

    def make(self, places: Sequence[Place]) -> dict[Place, Key | None]:
        """Return the keys of `places`, None for the destroyed ones, making what is missing.

        Two makers of one key agree: the first to commit has made it. All places are of one workspace.
        """
        ordered = sorted(set(places))  # one order for all makers, so that they never wait for each other in a circle
        found = self.run(lambda connection: _found(connection.execute(FIND, _columns(ordered))))
        for _ in range(TRIES):
            missing = {
                place: one.person_wrapped
                for place, one in zip(ordered, found, strict=True)
                if one.wrapped is None and not one.destroyed
            }
            if not missing:
                return self._living(ordered, found)
            statements = self._made(missing)
            found = self.run(lambda connection, rows=statements: _make(connection, rows, _columns(ordered)))
        raise CipherError("The keys of this text could not be made: other makers were always faster.")

    def workspace_key(self, workspace: str) -> Key:
        """Return the key of a workspace, made at its first use."""
        aad = context("workspace", workspace)
        find = "select wrapped from keys.workspace_keys where workspace = %s"
        make = "insert into keys.workspace_keys (workspace, wrapped) values (%s, %s) on conflict do nothing"

        def work(connection: Connection) -> bytes:
            row = connection.execute(find, (workspace,)).fetchone()
            if row is None:
                connection.execute(make, (workspace, self._root.wrap(Key.fresh(), aad)))
                row = connection.execute(find, (workspace,)).fetchone()
            if row is None:
                raise CipherError("The key of this workspace was removed.")
            return bytes(row["wrapped"])

        return self._root.unwrap(self.run(work), aad)

    def may_open(self, kind: str) -> bool:
        """Say whether this service may open keys of streams of `kind`."""
        sql = "select 1 from keys.grants where service_role = current_user and kind = %s and may_open"
        return self.run(lambda connection: connection.execute(sql, (kind,)).fetchone()) is not None

    def _living(self, places: Sequence[Place], found: Sequence[Found]) -> dict[Place, Key | None]:
        persons: dict[str, Key] = {}
        keys: dict[Place, Key | None] = {}
        for place, one in zip(places, found, strict=True):
            if one.destroyed:
                keys[place] = None
            elif one.wrapped is not None and one.person_wrapped is not None:
                if place.person not in persons:
                    persons[place.person] = self._root.unwrap(one.person_wrapped, _person_context(place))
                keys[place] = persons[place.person].unwrap(one.wrapped, _part_context(place))
        return keys

    def _made(self, missing: dict[Place, bytes | None]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the parameters of `MAKE_PERSONS` and `MAKE_PARTS` for new keys at `missing` (place → person's key)."""
        persons: dict[str, Key] = {}
        new: dict[str, bytes] = {}
        for place, wrapped in missing.items():
            if place.person in persons:
                continue
            if wrapped is None:
                persons[place.person] = Key.fresh()
                new[place.person] = self._root.wrap(persons[place.person], _person_context(place))
            else:
                persons[place.person] = self._root.unwrap(wrapped, _person_context(place))
        parts = [(place, persons[place.person], Key.fresh()) for place in missing]
        return (
            {
                "workspace": next(iter(missing)).workspace,
                "persons": list(new),
                "wrapped": list(new.values()),
                "keys": [persons[person].hash for person in new],
            },
            {
                **_columns([place for place, _, _ in parts]),
                "wrapped": [person.wrap(key, _part_context(place)) for place, person, key in parts],
                "keys": [key.hash for _, _, key in parts],
                "person_keys": [person.hash for _, person, _ in parts],
            },
        )


def _make(connection: Connection, rows: tuple[dict[str, Any], dict[str, Any]], columns: dict[str, Any]) -> list[Found]:
    """Insert persons and parts, and read what is there now, in one transaction and one round trip."""
    persons, parts = rows
    with connection.pipeline(), connection.transaction():
        if persons["persons"]:
            connection.execute(MAKE_PERSONS, persons)
        connection.execute(MAKE_PARTS, parts)
        cursor = connection.execute(FIND, columns)
    return _found(cursor)


def _found(cursor: psycopg.Cursor[DictRow]) -> list[Found]:
    return [Found(row["wrapped"], row["person_wrapped"], row["destroyed"]) for row in cursor.fetchall()]


def _columns(places: Sequence[Place]) -> dict[str, Any]:
    return {
        "workspace": places[0].workspace,
        "persons": [place.person for place in places],
        "streams": [place.stream for place in places],
        "parts": [place.part for place in places],
    }


def _person_context(place: Place) -> bytes:
    return context("person key", place.workspace, place.person)


def _part_context(place: Place) -> bytes:
    return context("part key", *place)
