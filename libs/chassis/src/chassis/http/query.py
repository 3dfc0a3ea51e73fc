"""A query: a request to read one workspace."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

import psycopg
from anyio import to_thread
from fastapi import Depends, Request, Response

from chassis.http.asking import (
    Credentials,
    Served,
    WaitFor,
    authenticated,
    entity_tag,
    place,
    refuse_unread,
    wait_for_named,
)
from chassis.http.page import Page, Sorting
from chassis.identity import Actor, Directory
from chassis.kernel import Invalid, Sealed, State
from chassis.projection import RecordedEvent
from chassis.service import Access, Reader, Service
from chassis.unlocked import cached_property

S = TypeVar("S", bound=State)


@dataclass
class Query:
    """A request to read one workspace. The database is first asked when the route asks."""

    service: Service
    actor: Actor
    request: Request
    response: Response
    _open: ExitStack = field(default_factory=ExitStack)
    _accesses: list[Access] = field(default_factory=list[Access])

    @property
    def workspace(self) -> str:
        """The workspace of the actor: nothing in a request can name another."""
        return self.actor.workspace

    @cached_property
    def reader(self) -> Reader:
        """The one read-only transaction of this request."""
        return self._open.enter_context(self.service.reader(self.workspace))

    @property
    def now(self) -> datetime:
        """The moment of this reading (UTC)."""
        return self.reader.now

    @cached_property
    def directory(self) -> Directory:
        """The people of this workspace as this service knows them."""
        return self.reader.directory()

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Read copied facts or views; `%(workspace)s` is always given."""
        return self.reader.rows(sql, params)

    def row(self, sql: str, params: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Read one row, or None."""
        return self.reader.row(sql, params)

    def state(self, cls: type[S], identifier: str) -> tuple[S | None, int]:
        """Return the state of a stream and its version, which is its ETag."""
        return self.reader.state(cls, identifier)

    def states(self, cls: type[S], identifiers: Collection[str]) -> dict[str, S]:
        """Return the states of many streams by id, asking once; what nothing was recorded on is left out."""
        return self.reader.states(cls, identifiers)

    def history(self, cls: type[State], identifier: str) -> list[RecordedEvent]:
        """Return what the record holds of a stream, oldest first."""
        return self.reader.history(cls, identifier)

    def open(self, sealed: Sealed | None) -> str | None:
        """Decrypt a personal text; None when it is absent, erased or withdrawn."""
        return self.reader.open(sealed)

    def opened(self, sealed: Sequence[Sealed | None]) -> list[str | None]:
        """Decrypt personal texts together, each in its place."""
        texts = iter(self.reader.open_many([one for one in sealed if one is not None]))
        return [None if one is None else next(texts) for one in sealed]

    def etag(self, version: int) -> None:
        """Answer with this version as the ETag, for the If-Match of a change."""
        self.response.headers["ETag"] = entity_tag(version)

    def record_access(self, person: str, what: str, subject: str) -> None:
        """Note that a personal document of `person` was read: `what` kind it is, `subject` its id, and in which capacity.

        Reading what is about oneself is not noted. It is written before the answer is sent, or nothing is sent.
        """
        if person == self.actor.person:
            return
        self._accesses.append(Access(self.actor.person, self._capacity(person), what, person, subject))

    def page(
        self,
        sql: str,
        params: dict[str, Any] | None = None,
        *,
        sort: Sequence[str],
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[dict[str, Any]]:
        """Return a page of a statement's rows (without `order by`), and set the Link header to the next.

        `sort` names columns of the rows, the last ones making a row unique, `-` before a name for downwards.
        """
        sorting = Sorting(tuple(sort))
        after = None if cursor is None else sorting.read(cursor)
        statement, places = sorting.statement(sql, after, limit)
        try:
            found = self.rows(statement, {**(params or {}), **places})
        except (psycopg.DataError, psycopg.ProgrammingError, UnicodeEncodeError):
            if after is None:
                raise
            raise Invalid("cursor", None, "use the next_cursor of the page before, with the same sorting") from None
        if len(found) <= limit:
            return Page(items=found)
        following = sorting.cursor(found[limit - 1])
        there = self.request.url.include_query_params(cursor=following)
        self.response.headers["Link"] = f'<{there.path}?{there.query}>; rel="next"'
        return Page(items=found[:limit], next_cursor=following)

    def close(self, *, answered: bool) -> None:
        """Give the connection back, then write who read what: never two connections at once."""
        self._open.close()
        if answered:
            for access in self._accesses:
                self.service.access(self.workspace, access)

    def _capacity(self, person: str) -> str:
        relations = self.directory.relation(self.actor.person, person)
        return ", ".join([*sorted(relations), *sorted(self.actor.roles)]) or "other"

    @property
    def used(self) -> bool:
        """Whether there is anything to close or to write."""
        return "reader" in self.__dict__ or bool(self._accesses)


async def query(
    request: Request, response: Response, credentials: Credentials, wait_for: WaitFor = None
) -> AsyncGenerator[Query]:
    """Give a route its query: authenticated, after what it was told to wait for."""
    served: Served = request.app.state.served
    actor = await authenticated(served, credentials)
    refuse_unread(request)
    await wait_for_named(served, actor, request)
    async with place(served, request):
        asked = Query(served.service, actor, request, response)
        answered = False
        try:
            yield asked
            answered = True
        finally:
            if asked.used:
                await to_thread.run_sync(lambda: asked.close(answered=answered), limiter=served.closing)


Queried = Annotated[Query, Depends(query, scope="function")]
"""Closed before the answer is sent: an access that cannot be written is an answer that is not given."""
