"""Part keys in the key database: found, and made once for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
on conflict do nothing returning person, stream, part
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
        return self._living(places, self._find(places))

    def make(self, places: Sequence[Place]) -> dict[Place, Key | None]:
        """Return the keys of `places`, None for the destroyed ones, making what is missing.

        Two makers of one key agree: the first to commit has made it. All places are of one workspace.
        """
        keys: dict[Place, Key | None] = {}
        wanted = sorted(set(places))  # one order for all makers, so that they never wait for each other in a circle
        for _ in range(TRIES):
            found = self._find(wanted)
            keys |= self._living(wanted, found)
            missing = {place: one for place, one in zip(wanted, found, strict=True) if place not in keys}
            if not missing:
                return keys
            new = self._new(missing)
            made = self.run(lambda connection, new=new: _insert(connection, new))
            keys |= {part.place: part.key for part in new.parts if part.place in made}
            wanted = [place for place in missing if place not in made]
            if not wanted:
                return keys
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

    def _new(self, missing: Mapping[Place, Found]) -> _New:
        """Return new keys for `missing`, and for the persons who have none yet."""
        persons: dict[str, Key] = {}
        wrapped: dict[str, bytes] = {}
        for place, found in missing.items():
            if place.person in persons:
                continue
            if found.person_wrapped is None:
                persons[place.person] = Key.fresh()
                wrapped[place.person] = self._root.wrap(persons[place.person], _person_context(place))
            else:
                persons[place.person] = self._root.unwrap(found.person_wrapped, _person_context(place))
        parts = [_Part(place, Key.fresh(), persons[place.person]) for place in missing]
        return _New([(person, wrapped[person], persons[person]) for person in wrapped], parts)

    def _find(self, places: Sequence[Place]) -> list[Found]:
        def work(connection: Connection) -> list[Found]:
            rows = connection.execute(FIND, _columns(places))
            return [Found(row["wrapped"], row["person_wrapped"], row["destroyed"]) for row in rows]

        return self.run(work)


class _Part(NamedTuple):
    place: Place
    key: Key
    person: Key


class _New(NamedTuple):
    """Keys to be inserted: persons' (id, wrapped, key) and parts'."""

    persons: list[tuple[str, bytes, Key]]
    parts: list[_Part]


def _insert(connection: Connection, new: _New) -> set[Place]:
    """Insert keys, committed in one round trip; return the places whose key is ours, elsewhere others were faster."""
    workspace = new.parts[0].place.workspace
    persons = {
        "workspace": workspace,
        "persons": [person for person, _, _ in new.persons],
        "wrapped": [wrapped for _, wrapped, _ in new.persons],
        "keys": [key.hash for _, _, key in new.persons],
    }
    parts = {
        **_columns([part.place for part in new.parts]),
        "wrapped": [part.person.wrap(part.key, _part_context(part.place)) for part in new.parts],
        "keys": [part.key.hash for part in new.parts],
        "person_keys": [part.person.hash for part in new.parts],
    }
    if not new.persons:
        rows = connection.execute(MAKE_PARTS, parts)
    else:
        with connection.pipeline(), connection.transaction():
            connection.execute(MAKE_PERSONS, persons)
            rows = connection.execute(MAKE_PARTS, parts)
    return {Place(workspace, row["person"], row["stream"], row["part"]) for row in rows}


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
