"""The one statement that writes a unit of work: its text for every shape of unit, and how rows become its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

FEW: Final = 4
"""Up to so many rows are written as values, one parameter each: a third cheaper than arrays, but one text per number."""

MANY: Final = 0
"""How a shape says that rows travel as arrays."""

EVENT_COLUMNS: Final = {
    "event_id": "uuid",
    "stream": "text",
    "version": "bigint",
    "topic": "text",
    "state": "bytea",
    "actor": "text",
    "on_behalf_of": "text",
    "command_id": "text",
    "cause": "uuid",
    "correlation_id": "text",
    "traceparent": "text",
    "middle": "bytea",
    "command_key": "text",
}
ANEW: Final = """on conflict (workspace, cause) do update set topic = excluded.topic, sequence = excluded.sequence,
  times = e.times + 1, lost = false"""
"""What led to something, was lost and came back stands anew, at its new place."""

PUBLISHED_COLUMNS: Final = {
    "topic": "text",
    "n": "bigint",
    "previous": "bigint",
    "event_id": "uuid",
    "type": "text",
    "subject": "text",
    "actor": "text",
    "cause": "uuid",
    "correlation_id": "text",
    "traceparent": "text",
    "data": "bytea",
}


class Shape(NamedTuple):
    """What the text depends on: rows of events and of published ones (`FEW` at most, or `MANY`), topics, a position."""

    events: int
    published: int
    topics: int
    moves: bool


def shape(events: int, published: int, topics: int, moves: bool) -> Shape:
    """Return the shape of a unit with so many events, published ones and topics they are published on."""
    if events > FEW or published > FEW:
        return Shape(MANY, MANY, topics, moves)
    return Shape(events, published, topics, moves)


def rows(prefix: str, columns: Iterable[str], values: Sequence[Sequence[Any]], few: bool) -> dict[str, Any]:
    """Return rows as the parameters that `_table` asks for: one per cell, or one array per column."""
    if few:
        names = tuple(columns)
        return {
            f"{prefix}_{name}_{n}": cell
            for n, row in enumerate(values, 1)
            for name, cell in zip(names, row, strict=True)
        }
    return {f"{prefix}_{name}": list(cells) for name, cells in zip(columns, zip(*values, strict=True), strict=True)}


@lru_cache
def append_statement(schema: str, of: Shape) -> str:
    """Return the statement that writes a unit of work.

    Each write hangs by data on the one before: position → head → events → published. A position that somebody moved
    leaves nothing written; a repeated command key raises and undoes all.
    """
    publishes = of.topics > 0
    sent = "(select count(*) from sent)" if publishes else "0"
    return (
        "with here as materialized (select set_config('ladder.workspace', %(workspace)s, true))"
        + (_position(schema) + _effects(schema) if of.moves else "")
        + _head(schema, "moved" if of.moves else "here", of.topics)
        + _events(schema, of.events)
        + (_published(schema, of.published) if publishes else "")
        + " select epoch, base + %(count)s as sequence, published,"
        + f" (select count(*) from stored) as stored, {sent} as sent from head"
    )


@lru_cache
def note_effect_statement(schema: str) -> str:
    """Return the statement that notes one heard event that led to something, of workspace, cause, topic and place."""
    return f"insert into {schema}.effects as e (workspace, cause, topic, sequence) values (%s, %s, %s, %s) {ANEW}"


@lru_cache
def move_statement(schema: str) -> str:
    """Return the statement of a run that decided nothing: only the position moves, by compare-and-set."""
    return (
        "with here as materialized (select set_config('ladder.workspace', %(workspace)s, true))"
        + _position(schema)
        + " select 1 from moved"
    )


def _position(schema: str) -> str:
    return f""", moved as (
  insert into {schema}.positions as p (workspace, topic, epoch, sequence, base)
  select %(workspace)s, %(heard_topic)s, %(heard_epoch)s, %(heard_to)s, %(heard_base)s from here
  on conflict (workspace, topic, epoch) do update set sequence = excluded.sequence
  where p.sequence = %(heard_read)s and p.sequence < excluded.sequence returning 1)"""


def _effects(schema: str) -> str:
    """Note which heard events led to something."""
    return f""", noted as (
  insert into {schema}.effects as e (workspace, cause, topic, sequence)
  select %(workspace)s, n.cause, %(heard_topic)s, n.sequence
  from moved, unnest(%(effects)s::uuid[], %(effect_places)s::bigint[]) n(cause, sequence)
  {ANEW})"""


def _head(schema: str, source: str, topics: int) -> str:
    """Take the next numbers from the head row; `before` keeps what was published last before this append."""
    grown = f"published = h.published || {_last('h.sequence', topics)}, " if topics else ""
    return f""", head as (
  insert into {schema}.head as h (workspace, epoch, sequence, at, published, before)
  select %(workspace)s, %(mint)s, %(count)s, coalesce(%(clock)s::timestamptz, clock_timestamp()),
  {_last("0", topics)}, '{{}}' from {source}
  on conflict (workspace) do update set sequence = h.sequence + excluded.sequence,
  at = greatest(h.at, coalesce(%(clock)s::timestamptz, clock_timestamp())), {grown}before = h.published
  returning epoch, sequence - %(count)s as base, at, before, published), minted as (
  insert into {schema}.epochs (workspace, epoch, base, minted_at)
  select %(workspace)s, epoch, 0, at from head where base = 0 on conflict do nothing)"""


def _last(start: str, topics: int) -> str:
    """Return, per topic, the sequence of the last event that is published on it here."""
    numbers = range(1, topics + 1)
    pairs = (f"%(last_topic_{n})s::text, {start} + %(last_offset_{n})s::bigint" for n in numbers)
    return f"jsonb_build_object({', '.join(pairs)})"


def _events(schema: str, count: int) -> str:
    leaf = """sha256(%(opening)s || int4send(octet_length(head.epoch)) || convert_to(head.epoch, 'UTF8')
  || int4send(8) || int8send(head.base + u.n) || u.middle || int4send(8)
  || int8send((extract(epoch from head.at) * 1000000)::bigint) || int4send(octet_length(u.state)) || u.state)"""
    return f""", stored as (
  insert into {schema}.events (workspace, epoch, sequence, event_id, stream, version, topic, state, actor, on_behalf_of,
  command_id, cause, correlation_id, traceparent, recorded_at, leaf, command_key, digest, answer)
  select %(workspace)s, head.epoch, head.base + u.n, u.event_id, u.stream, u.version, u.topic, u.state,
  u.actor, u.on_behalf_of, u.command_id, u.cause, u.correlation_id, u.traceparent, head.at, {leaf}, u.command_key,
  case when u.n = 1 then %(digest)s::bytea end, case when u.n = 1 then %(answer)s::jsonb end
  from head, {_table("u", EVENT_COLUMNS, count)} returning 1)"""


def _published(schema: str, count: int) -> str:
    return f""", sent as (
  insert into {schema}.published (workspace, topic, epoch, sequence, previous, event_id, type, subject, after, actor,
  cause, correlation_id, traceparent, recorded_at, data)
  select %(workspace)s, p.topic, head.epoch, head.base + p.n,
  coalesce(head.base + p.previous, (head.before ->> p.topic)::bigint, 0), p.event_id, p.type, p.subject, %(after)s,
  p.actor, p.cause, p.correlation_id, p.traceparent, head.at, p.data
  from head, {_table("p", PUBLISHED_COLUMNS, count, numbered=False)} returning 1)"""


def _table(prefix: str, columns: dict[str, str], count: int, *, numbered: bool = True) -> str:
    """Return parameters as a table named `prefix`; column `n` numbers its rows from 1 where they are to be numbered."""
    names = ", ".join((*columns, "n") if numbered else columns)
    if count == MANY:
        arrays = ", ".join(f"%({prefix}_{name})s::{kind}[]" for name, kind in columns.items())
        return f"unnest({arrays}){' with ordinality' if numbered else ''} {prefix}({names})"
    lines = (", ".join(_cells(prefix, columns, n, numbered=numbered)) for n in range(1, count + 1))
    return f"(values {', '.join(f'({line})' for line in lines)}) {prefix}({names})"


def _cells(prefix: str, columns: dict[str, str], n: int, *, numbered: bool) -> Iterable[str]:
    yield from (f"%({prefix}_{name}_{n})s::{kind}" for name, kind in columns.items())
    if numbered:
        yield f"{n}::bigint"
